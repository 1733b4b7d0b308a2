// Owns the port to the log: what happened, in a line a person can search, never what to do next.
import type { Clock } from "./clock.ts";

export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A log whose lines carry these fields too. */
  with(fields: LogFields): Log;
}

const levels = ["debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof levels)[number];

/** Writes `time level message key=value …` lines at the level given and above. */
export function lineLog(
  clock: Clock,
  write: (line: string) => void,
  lowest: LogLevel,
  fixed: LogFields = {},
): Log {
  const lineAt = (level: LogLevel) => (message: string, fields?: LogFields) => {
    if (levels.indexOf(level) < levels.indexOf(lowest)) return;
    const pairs = Object.entries({ ...fixed, ...fields })
      .filter(([, value]) => value !== undefined)
      .map(
        ([key, value]) =>
          ` ${key}=${/^[^\s"=]+$/.test(String(value)) ? value : JSON.stringify(String(value))}`,
      );
    write(`${new Date(clock.now()).toISOString()} ${level} ${message}${pairs.join("")}\n`);
  };
  return {
    debug: lineAt("debug"),
    info: lineAt("info"),
    warn: lineAt("warn"),
    error: lineAt("error"),
    with: (fields) => lineLog(clock, write, lowest, { ...fixed, ...fields }),
  };
}

/** Says nothing; for tests and hollow nodes. */
export const silentLog: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  with: () => silentLog,
};

/** The words of anything thrown. */
export const wordsOf = (thrown: unknown): string =>
  thrown instanceof Error ? thrown.message : String(thrown);
