// Owns how long the crash tests go on, and the seed that their random moments come from.
import { seededRandom, type Random } from "../../src/world/random.ts";

/** So many times the usual: `EVERYNODE_CRASH_ROUNDS=10` for a long run by hand. */
const factor = Number(process.env["EVERYNODE_CRASH_ROUNDS"] ?? 1);

export const roundsOf = (usual: number): number => Math.max(1, Math.round(usual * factor));

/** Another one for each run unless `EVERYNODE_SEED` says which; printed, so that a failure's moments can be had again. */
export const seed = Number(process.env["EVERYNODE_SEED"] ?? Date.now() % 1_000_000);

export function seededMoments(test: string): Random {
  console.info(`${test}: EVERYNODE_SEED=${seed} EVERYNODE_CRASH_ROUNDS=${factor}`);
  return seededRandom(seed);
}
