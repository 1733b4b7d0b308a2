// Owns the store that forgets everything with its process: for the simulator and for tests.
import type { Clock } from "../world/clock.ts";
import { silentLog } from "../world/log.ts";
import type { Batch, Journal } from "./journal.ts";
import type { Store } from "./store.ts";
import type { Version } from "./version-index.ts";
import { VersionedStore } from "./versioned-store.ts";

class MemoryJournal implements Journal {
  private readonly values = new Map<Version, Uint8Array>();

  write(batch: Batch): Promise<void> {
    for (const version of batch.made)
      if (version.entry !== undefined) this.values.set(version, version.entry.value);
    for (const version of batch.forgotten) this.values.delete(version);
    return Promise.resolve();
  }

  value(version: Version): Uint8Array | undefined {
    return this.values.get(version);
  }

  breathe(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.values.clear();
    return Promise.resolve();
  }
}

/** Behaves in everything like the embedded store, except that "durable" lasts as long as the process. */
export function createMemoryStore(options: { readonly clock: Clock }): Store {
  const recovered = { versions: [], oldest: 0, leases: [], lastLease: 0 };
  return new VersionedStore({
    journal: new MemoryJournal(),
    recovered,
    clock: options.clock,
    log: silentLog,
  });
}
