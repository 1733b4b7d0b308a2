// Owns the proof that the simulator bites: each planted fault is found, and for what it is.
import { expect, it } from "vitest";
import { minutes } from "../../src/lib/units.ts";
import { mutants } from "./mutants.ts";
import { faultClasses } from "./faults.ts";
import { simulate, type Outcome } from "./simulate.ts";

/** Each is to be found within so many; most are by the first few. */
const seedsMax = 200;
const setting = { nodes: 3, duration: minutes(4), faults: faultClasses } as const;
const sound = new Map<number, Promise<Outcome>>();

function soundRun(seed: number): Promise<Outcome> {
  const known = sound.get(seed) ?? simulate({ ...setting, seed });
  sound.set(seed, known);
  return known;
}

it.each(mutants)(
  "finds $name",
  async ({ make, breaks }) => {
    for (let seed = 1; seed <= seedsMax; seed++) {
      const outcome = await simulate({ ...setting, seed, mutation: make() });
      if (outcome.violation === undefined) continue;
      expect(breaks, outcome.violation.words).toContain(outcome.violation.statement);
      // It is the planted fault that was found, and not another.
      expect((await soundRun(seed)).violation).toBeUndefined();
      return;
    }
    expect.fail(`${seedsMax} seeds found nothing`);
  },
  600_000,
);
