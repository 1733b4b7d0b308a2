// Owns the forgetting of old history: every five minutes, what was history five minutes before.
import { minutes } from "../../lib/units.ts";
import type { Revision, Store } from "../../store/store.ts";
import type { Clock } from "../../world/clock.ts";
import { wordsOf, type Log } from "../../world/log.ts";

const period = minutes(5);

/** The returned function ends it. */
export function startCompaction(store: Store, clock: Clock, log: Log): () => void {
  let last: Revision = store.revision();
  let cancel = (): void => undefined;
  const compact = (): void => {
    const before = last;
    last = store.revision();
    arm();
    if (before > 0)
      store
        .compact(before)
        .catch((thrown: unknown) =>
          log.warn("cannot compact the store", { before, because: wordsOf(thrown) }),
        );
  };
  const arm = (): void => {
    cancel = clock.after(period, compact);
  };
  arm();
  return () => cancel();
}
