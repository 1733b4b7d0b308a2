// Owns the conformance of reads, watches and creations while the store's changes come late, or others write in between (V.1, V.2).
import { afterEach, beforeEach, expect, it } from "vitest";
import { createMemoryStore } from "../../../src/store/memory-store.ts";
import type { Change, Store } from "../../../src/store/store.ts";
import { settle, VirtualClock } from "../../../src/world/virtual-clock.ts";
import { brief, configMapNamed, configMaps, tryPipeline, type Tried } from "./harness.ts";

/** A store whose watch is held back, and where others may write just before a commit. */
class LateStore {
  readonly under: Store;
  readonly store: Store;
  private gate: Promise<void> = Promise.resolve();
  private open = (): void => undefined;
  private before: (() => Promise<void>) | undefined;

  constructor(under: Store) {
    this.under = under;
    this.store = {
      revision: () => under.revision(),
      latest: () => under.latest(),
      get: (key, at) => under.get(key, at),
      list: (prefix, page) => under.list(prefix, page),
      commit: async (guards, writes) => {
        const act = this.before;
        this.before = undefined;
        await act?.();
        return under.commit(guards, writes);
      },
      watch: (prefix, after, signal, shows) => this.late(under.watch(prefix, after, signal, shows)),
      compact: (before) => under.compact(before),
      grant: (timeToLive) => under.grant(timeToLive),
      keepAlive: (lease) => under.keepAlive(lease),
      revoke: (lease) => under.revoke(lease),
      close: () => under.close(),
    };
  }

  hold(): void {
    this.gate = new Promise((resolve) => {
      this.open = resolve;
    });
  }
  release(): void {
    this.open();
  }
  /** Once, before the next commit. */
  beforeCommit(act: () => Promise<void>): void {
    this.before = act;
  }

  private async *late(changes: AsyncIterable<readonly Change[]>): AsyncGenerator<readonly Change[]> {
    for await (const batch of changes) {
      await this.gate;
      yield batch;
    }
  }
}

let late: LateStore;
let tried: Tried;
beforeEach(async () => {
  late = new LateStore(createMemoryStore({ clock: new VirtualClock() }));
  tried = await tryPipeline({ store: late.store });
});
afterEach(async () => {
  late.release();
  await tried.stop();
  await late.under.close();
});

it("a read waits for what was acknowledged before it", async () => {
  late.hold();
  const made = await tried.must("POST", configMaps, configMapNamed("a"));
  const answered: string[] = [];
  const get = tried.must("GET", `${configMaps}/a`).finally(() => answered.push("get"));
  const list = tried.must("GET", configMaps).finally(() => answered.push("list"));
  await settle();
  expect(answered).toEqual([]);
  late.release();
  expect(await get).toEqual(made);
  expect(await list).toMatchObject({ items: [made] });
});

it("a read at any version does not wait", async () => {
  late.hold();
  await tried.must("POST", configMaps, configMapNamed("a"));
  const query = { resourceVersion: "0" };
  expect(await tried.must("GET", configMaps, undefined, { query })).toMatchObject({ items: [] });
});

it("a watch from one's own write does not tell it again, though the server learns of it later", async () => {
  late.hold();
  const made = await tried.must("POST", configMaps, configMapNamed("a"));
  const watch = tried.watch(configMaps, { resourceVersion: made.metadata.resourceVersion });
  late.release();
  await tried.must("GET", configMaps);
  await tried.must("POST", configMaps, configMapNamed("b"));
  expect((await watch.take(1)).map(brief)).toEqual(["ADDED b"]);
  watch.stop();
});

it("a reader that cannot catch up is told so", async () => {
  late.hold();
  await tried.must("POST", configMaps, configMapNamed("a"));
  const asked = tried.ask("GET", configMaps);
  await tried.clock.advanceAsync(3_000);
  expect((await asked).body).toMatchObject({ code: 503, reason: "ServiceUnavailable" });
});

it("nothing is created in a namespace that begins to end meanwhile", async () => {
  const other = await tryPipeline({ store: late.under });
  await other.must("POST", "/api/v1/namespaces", { metadata: { name: "team" } });
  late.beforeCommit(async () => {
    await other.must("DELETE", "/api/v1/namespaces/team");
  });
  const made = await tried.ask("POST", "/api/v1/namespaces/team/configmaps", configMapNamed("a"));
  expect(made.body).toMatchObject({ code: 403, details: { causes: [{ reason: "NamespaceTerminating" }] } });
  await other.stop();
});

it("a creation outlives a change of its namespace that is no ending", async () => {
  const other = await tryPipeline({ store: late.under });
  late.beforeCommit(async () => {
    const patch = { metadata: { labels: { a: "b" } } };
    await other.must("PATCH", "/api/v1/namespaces/default", patch, {
      contentType: "application/merge-patch+json",
    });
  });
  expect((await tried.ask("POST", configMaps, configMapNamed("a"))).status).toBe(201);
  await other.stop();
});

it("a name drawn twice is drawn anew", async () => {
  const other = await tryPipeline({ store: late.under });
  // Both servers draw from the same seed, so that the other takes the name first.
  const body = { metadata: { generateName: "x-" } };
  const first = await other.must("POST", configMaps, body);
  const second = await tried.must("POST", configMaps, body);
  expect(second.metadata.name).toMatch(/^x-.{5}$/);
  expect(second.metadata.name).not.toBe(first.metadata.name);
  await other.stop();
});
