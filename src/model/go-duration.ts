// Owns lengths of time as Go writes them: `20s`, `1h30m`, `1.5s`, `100ms`.
import type { Millis } from "../lib/units.ts";

const unitMillis: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/** Undefined where the text is no duration. */
export function parseGoDuration(text: string): Millis | undefined {
  const found = /^([-+]?)((?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|ms|s|m|h))+$/.exec(text);
  if (found === null) return text === "0" ? 0 : undefined;
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)/g))
    total += Number(amount) * (unitMillis[unit ?? ""] ?? 0);
  return found[1] === "-" ? -total : total;
}
