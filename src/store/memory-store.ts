// Owns the store that forgets everything with its process: for the simulator and for tests.
import type { Clock } from "../world/clock.ts";
import { silentLog } from "../world/log.ts";
import type { Journal } from "./journal.ts";
import type { Store } from "./store.ts";
import { VersionedStore } from "./versioned-store.ts";

/** Versions keep their values: a second map of a hundred thousand of them is what collecting garbage would take longest over. */
const journal: Journal = {
  write: () => Promise.resolve(),
  breathe: () => Promise.resolve(),
  close: () => Promise.resolve(),
};

/** Behaves in everything like the embedded store, except that "durable" lasts as long as the process. */
export function createMemoryStore(options: { readonly clock: Clock; readonly historyMax?: number }): Store {
  const recovered = { versions: [], oldest: 0, leases: [], lastLease: 0 };
  return new VersionedStore({ ...options, journal, recovered, log: silentLog });
}
