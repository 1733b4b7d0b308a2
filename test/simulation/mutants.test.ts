// Owns the proof that the simulator bites: each planted fault is found, and for what it is.
import { expect, it } from "vitest";
import { minutes } from "../../src/lib/units.ts";
import { mutants } from "./mutants.ts";
import { faultClasses } from "./faults.ts";
import { simulate, type Outcome, type SimulationOptions } from "./simulate.ts";

/** Each is to be found within so many; most are by the first few. */
const seedsMax = 200;
const sound = new Map<string, Promise<Outcome>>();

function soundRun(options: SimulationOptions): Promise<Outcome> {
  const key = `${options.seed} ${options.faults.join(" ")}`;
  const known = sound.get(key) ?? simulate(options);
  sound.set(key, known);
  return known;
}

it.each(mutants)(
  "finds $name",
  async ({ make, breaks, faults = faultClasses }) => {
    for (let seed = 1; seed <= seedsMax; seed++) {
      const options = { seed, nodes: 3, duration: minutes(4), faults };
      const outcome = await simulate({ ...options, mutation: make() });
      if (outcome.violation === undefined) continue;
      expect(breaks, outcome.violation.words).toContain(outcome.violation.statement);
      // It is the planted fault that was found, and not another.
      expect((await soundRun(options)).violation).toBeUndefined();
      return;
    }
    expect.fail(`${seedsMax} seeds found nothing`);
  },
  600_000,
);
