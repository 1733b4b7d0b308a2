// Owns the run of the conformance suite on a real etcd, emptied before each test.
import { afterAll, beforeAll, describe } from "vitest";
import { openEtcdStore } from "../../../src/store/etcd/etcd-store.ts";
import type { Store } from "../../../src/store/store.ts";
import { silentLog } from "../../../src/world/log.ts";
import { realRandom } from "../../../src/world/random.ts";
import { realClock } from "../../../src/world/real-clock.ts";
import { freePort } from "../../ports.ts";
import { EtcdMember, etcdOrSkip } from "./etcd-server.ts";
import { storeConformance } from "./store-conformance.ts";
import type { Subject } from "./subject.ts";

/** Every key is deleted and all of its history forgotten. */
async function empty(store: Store): Promise<void> {
  for (;;) {
    const page = await store.list("", { limit: 100 });
    if (page.is !== "page") throw new Error("a list at the newest revision is compacted");
    if (page.entries.length === 0) break;
    await store.commit(
      [],
      page.entries.map(({ key }) => ({ do: "delete", key })),
    );
  }
  // At the revision where history begins nothing happened that a test could see.
  await store.commit([], [{ do: "put", key: "beginning", value: new Uint8Array() }]);
  const done = await store.commit([], [{ do: "delete", key: "beginning" }]);
  if (done.is === "committed") await store.compact(done.revision);
}

describe.skipIf(!etcdOrSkip())("on etcd", () => {
  let member: EtcdMember;
  beforeAll(async () => {
    member = new EtcdMember({ name: "one", clientPort: await freePort(), peerPort: await freePort() });
    await member.start();
  });
  afterAll(() => member.dispose());

  storeConformance(
    "etcd",
    async () => {
      const open = (): Promise<Store> =>
        openEtcdStore({ endpoints: [member.endpoint], clock: realClock, random: realRandom, log: silentLog });
      const store = await open();
      await empty(store);
      // Times are those since the first one, so that what a slow machine adds does not add up.
      let begun: number | undefined;
      let passed = 0;
      const subject: Subject = {
        store,
        takesInOrder: false,
        beginsWatchesAtOnce: false,
        restart: async () => {
          await subject.store.close();
          await member.kill();
          await member.start();
          subject.store = await open();
          begun = undefined;
        },
        pass: async (time) => {
          if (begun === undefined) [begun, passed] = [Date.now(), 0];
          passed += time;
          const left = begun + passed - Date.now();
          await new Promise((resolve) => setTimeout(resolve, left));
        },
        dispose: () => subject.store.close(),
      };
      return subject;
    },
    // Each restarts etcd several times.
    10,
  );
});
