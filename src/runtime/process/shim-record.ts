// Owns what a container's shim writes down: the one truth about its process that outlives us.
import type { Instant } from "../../lib/units.ts";
import type { ProcessIdentity } from "../../world/processes.ts";

/** What could not be done before the command began. */
export type ShimRefusal = {
  readonly what: "folder" | "not-found" | "not-executable" | "exec" | "setup";
  readonly detail: string;
};

export interface ShimRecord {
  readonly shim?: { readonly boot: string; readonly identity: ProcessIdentity };
  /** The container's first process, once it is there. */
  readonly first?: ProcessIdentity;
  /** The name of its terminal, where it has one. */
  readonly terminal?: string;
  /** Everything is prepared and the command is being executed. */
  readonly ready: boolean;
  readonly refused?: ShimRefusal;
  readonly exitCode?: number;
  /** The kernel ended it for want of memory; written by the runtime. */
  readonly outOfMemory?: boolean;
  /** When it ended, where the runtime has written more after that. */
  readonly finishedAt?: Instant;
}

function identityIn(stat: string): ProcessIdentity | undefined {
  const pid = Number.parseInt(stat, 10);
  const started = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]);
  return Number.isInteger(pid) && Number.isInteger(started) ? { pid, started } : undefined;
}

const refusals: Readonly<Record<string, ShimRefusal["what"]>> = {
  folder: "folder",
  "not-found": "not-found",
  "not-executable": "not-executable",
  exec: "exec",
  setup: "setup",
};

function lineOf(line: string): Partial<ShimRecord> {
  const [word = "", ...rest] = line.split(" ");
  const argument = rest.join(" ");
  if (word === "shim") {
    const identity = identityIn(rest.slice(1).join(" "));
    return identity === undefined ? {} : { shim: { boot: rest[0] ?? "", identity } };
  }
  if (word === "first") {
    const first = identityIn(argument);
    return first === undefined ? {} : { first };
  }
  if (word === "tty" && /^\/dev\/pts\/\d+$/.test(argument)) return { terminal: argument };
  if (word === "ready") return { ready: true };
  if (word === "refused")
    return { refused: { what: refusals[rest[0] ?? ""] ?? "setup", detail: rest.slice(1).join(" ") } };
  if (word === "exited" && /^\d+$/.test(argument)) return { exitCode: Number(argument) };
  if (word === "oom") return { outOfMemory: true };
  if (word === "at" && /^\d+$/.test(argument)) return { finishedAt: Number(argument) };
  return {};
}

/** Reads the record; a last line that is not whole yet is left out. */
export function parseShimRecord(text: string): ShimRecord {
  const lines = text.split("\n").slice(0, -1).map(lineOf);
  return lines.reduce<ShimRecord>(
    (record, line) => ({ ...line, ...record, ready: record.ready || line.ready === true }),
    {
      ready: false,
    },
  );
}
