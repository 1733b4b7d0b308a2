// Owns the embedded store's run of the conformance suite, each store in a folder of its own.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openEmbeddedStore } from "../../../src/store/embedded/embedded-store.ts";
import { silentLog } from "../../../src/world/log.ts";
import { VirtualClock } from "../../../src/world/virtual-clock.ts";
import { storeConformance } from "./store-conformance.ts";
import type { Subject } from "./subject.ts";

storeConformance("embedded", async () => {
  const folder = mkdtempSync(join(tmpdir(), "everynode-store-"));
  const clock = new VirtualClock();
  const open = async (): Promise<Subject["store"]> => {
    const opened = await openEmbeddedStore({ folder, clock, log: silentLog });
    if (opened.is !== "open") throw new Error(opened.message);
    return opened.store;
  };
  const subject: Subject = {
    store: await open(),
    restart: async () => {
      await subject.store.close();
      subject.store = await open();
    },
    pass: (time) => clock.advanceAsync(time),
    dispose: async () => {
      await subject.store.close();
      rmSync(folder, { recursive: true });
    },
  };
  return subject;
});
