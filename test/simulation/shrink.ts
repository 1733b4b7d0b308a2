// Owns the search for a smaller case: deeds are left out as long as the simulation still fails.
import { simulate, type Outcome, type SimulationOptions } from "./simulate.ts";

/** Options are made anew for each try, for a planted fault has a memory. Halves first, then ever smaller portions, down to single deeds. The statement broken may become another. */
export async function shrink(
  options: () => SimulationOptions,
  failed: Outcome,
  tell: (words: string) => void,
): Promise<Outcome> {
  let best = failed;
  for (
    let portion = Math.ceil(best.deeds.length / 2);
    portion >= 1;
    portion = portion > 1 ? Math.ceil(portion / 2) : 0
  ) {
    for (let from = 0; from < best.deeds.length;) {
      const kept = best.deeds.filter((_, at) => at < from || at >= from + portion);
      const outcome = await simulate({ ...options(), only: kept.map(({ id }) => id) });
      if (outcome.violation === undefined) from += portion;
      else {
        best = outcome;
        tell(`fails with ${kept.length} deeds: ${outcome.violation.statement}`);
      }
    }
  }
  return best;
}
