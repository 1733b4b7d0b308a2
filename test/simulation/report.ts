// Owns what a person is told of a simulation that failed, and of the one command that replays it.
import type { Outcome, SimulationOptions } from "./simulate.ts";
import { faultClasses } from "./faults.ts";

const linesMax = 30;

export function replayCommand(
  { seed, nodes, duration, faults }: SimulationOptions,
  only?: readonly number[],
): string {
  const classes =
    faults.length === faultClasses.length ? "all" : faults.length === 0 ? "none" : faults.join(",");
  const kept = only === undefined ? "" : ` --only ${only.length === 0 ? "none" : only.join(",")}`;
  return `npm run simulate -- --seed ${seed} --nodes ${nodes} --hours ${duration / 3_600_000} --faults ${classes}${kept}`;
}

/** Several lines: the statement, what was done, the last that touched what it is about, and how to see it again. */
export function reportOf(options: SimulationOptions, outcome: Outcome): string {
  const { violation, deeds, lines, steps } = outcome;
  if (violation === undefined) return `seed ${options.seed}: ${steps} steps, all statements hold`;
  const about = violation.about.filter((name) => name !== "");
  const touching = lines.filter((line) => about.some((name) => line.includes(name))).slice(-linesMax);
  const done = lines.filter((line) => / (?:deed|healed|killed) ?/.test(line)).slice(-linesMax);
  return [
    `seed ${options.seed}, step ${steps}, ${outcome.elapsed / 1000} s: broken ${violation.statement}: ${violation.words}`,
    "",
    "What was done, by milliseconds:",
    ...done.map((line) => `  ${line}`),
    "",
    `The last that touched ${about.join(", ")}:`,
    ...touching.map((line) => `  ${line}`),
    "",
    "Replay it with:",
    `  ${replayCommand(options, options.only && deeds.map(({ id }) => id))}`,
  ].join("\n");
}
