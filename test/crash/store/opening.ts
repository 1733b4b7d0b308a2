// Owns how the crash tests of the store open it.
import { type Opened, openEmbeddedStore } from "../../../src/store/embedded/embedded-store.ts";
import type { Store } from "../../../src/store/store.ts";
import { silentLog } from "../../../src/world/log.ts";
import { realClock } from "../../../src/world/real-clock.ts";

export const open = (folder: string): Promise<Opened> =>
  openEmbeddedStore({ folder, clock: realClock, log: silentLog });

/** Throws where it does not open. */
export async function openStore(folder: string): Promise<Store> {
  const opened = await open(folder);
  if (opened.is !== "open") throw new Error(opened.message);
  return opened.store;
}
