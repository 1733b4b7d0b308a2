// Owns the conformance of watches that were begun before a restart and go on after it: what the store keeps, the server tells again (V.2).
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { openEmbeddedStore } from "../../../src/store/embedded/embedded-store.ts";
import { createMemoryStore } from "../../../src/store/memory-store.ts";
import type { Store } from "../../../src/store/store.ts";
import { silentLog } from "../../../src/world/log.ts";
import { realClock } from "../../../src/world/real-clock.ts";
import { VirtualClock } from "../../../src/world/virtual-clock.ts";
import { brief, configMapNamed, configMaps, tryPipeline } from "./harness.ts";

interface Restarted {
  readonly store: Store;
  /** The same content, as after a restart of the process. */
  again(): Promise<Store>;
  end(): Promise<void>;
}

async function inMemory(): Promise<Restarted> {
  const store = createMemoryStore({ clock: new VirtualClock(0) });
  return { store, again: async () => store, end: () => store.close() };
}

async function onDisk(): Promise<Restarted> {
  const folder = mkdtempSync(join(tmpdir(), "everynode-resume-"));
  const open = async (): Promise<Store> => {
    const opened = await openEmbeddedStore({ folder, clock: realClock, log: silentLog });
    if (opened.is !== "open") throw new Error(opened.message);
    return opened.store;
  };
  let store = await open();
  return {
    store,
    async again() {
      await store.close();
      store = await open();
      return store;
    },
    async end() {
      await store.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const merge = { contentType: "application/merge-patch+json" };

it.each([
  ["in memory", inMemory],
  ["on disk", onDisk],
])("a watch goes on after a restart: %s", async (_name, start) => {
  const place = await start();
  const first = await tryPipeline({ store: place.store });
  const { metadata } = await first.must(
    "POST",
    configMaps,
    configMapNamed("a", {}, { labels: { app: "x" } }),
  );
  await first.must("POST", configMaps, configMapNamed("b", {}, { labels: { app: "x" } }));
  await first.must("PATCH", `${configMaps}/a`, { metadata: { labels: { app: "y" } } }, merge);
  await first.must("DELETE", `${configMaps}/b`);
  await first.stop();

  const second = await tryPipeline({ store: await place.again() });
  const from = { resourceVersion: metadata.resourceVersion };
  const all = second.watch(configMaps, from);
  expect((await all.take(3)).map(brief)).toEqual(["ADDED b", "MODIFIED a", "DELETED b"]);
  const some = second.watch(configMaps, { ...from, labelSelector: "app=x" });
  expect((await some.take(3)).map(brief)).toEqual(["ADDED b", "DELETED a", "DELETED b"]);
  await second.must("POST", configMaps, configMapNamed("c"));
  expect((await all.take(1)).map(brief)).toEqual(["ADDED c"]);
  all.stop();
  some.stop();
  await second.stop();
  await place.end();
});

it("of what the store has forgotten it is told so", async () => {
  const place = await inMemory();
  const first = await tryPipeline({ store: place.store });
  const { metadata } = await first.must("POST", configMaps, configMapNamed("a"));
  await first.must("POST", configMaps, configMapNamed("b"));
  await first.stop();
  await place.store.compact(place.store.revision());

  const second = await tryPipeline({ store: await place.again() });
  const watch = second.watch(configMaps, { resourceVersion: metadata.resourceVersion });
  expect((await watch.take(1)).map(brief)).toEqual(["ERROR 410 Expired"]);
  await second.stop();
  await place.end();
});
