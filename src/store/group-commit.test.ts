// Owns the proof that many writers share one write, and that a failed write is never taken for a good one.
import { expect, it } from "vitest";
import { silentLog } from "../world/log.ts";
import { VirtualClock } from "../world/virtual-clock.ts";
import type { Batch, Journal } from "./journal.ts";
import { NoSpaceError } from "./store.ts";
import { VersionedStore } from "./versioned-store.ts";

/** A medium whose writes end when the test says so. */
class HeldJournal implements Journal {
  readonly batches: Batch[] = [];
  private readonly endings: ((why?: Error) => void)[] = [];

  write(batch: Batch): Promise<void> {
    this.batches.push(batch);
    return new Promise((resolve, reject) => {
      this.endings.push((why) => (why === undefined ? resolve() : reject(why)));
    });
  }
  end(why?: Error): void {
    this.endings.shift()?.(why);
  }
  value(): undefined {
    return undefined;
  }
  async breathe(): Promise<void> {}
  async close(): Promise<void> {}
}

function held(): { journal: HeldJournal; store: VersionedStore; put: (key: string) => Promise<unknown> } {
  const journal = new HeldJournal();
  const recovered = { versions: [], oldest: 0, leases: [], lastLease: 0 };
  const store = new VersionedStore({ journal, recovered, clock: new VirtualClock(), log: silentLog });
  const put = (key: string): Promise<unknown> =>
    store.commit([{ key, is: "absent" }], [{ do: "put", key, value: new Uint8Array(3) }]);
  return { journal, store, put };
}

/** Lets everything run that waits for no medium. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it("writes together what came while it wrote, and shows nothing before it is durable", async () => {
  const { journal, store, put } = held();
  const news: number[] = [];
  const stop = new AbortController();
  const watch = (async () => {
    for await (const changes of store.watch("/", 0, stop.signal)) news.push(changes.length);
  })();
  const first = put("/a");
  await turn();
  const later = ["/b", "/c", "/d"].map(put);
  const rival = put("/b");
  await turn();
  expect(journal.batches.map(({ made }) => made.map(({ key }) => key))).toEqual([["/a"]]);
  expect([store.revision(), await store.get("/a"), news]).toEqual([0, "absent", []]);

  journal.end();
  expect(await first).toEqual({ is: "committed", revision: 1 });
  await turn();
  expect(journal.batches[1]?.made.map(({ key }) => key)).toEqual(["/b", "/c", "/d"]);
  expect([store.revision(), await store.get("/b"), news]).toEqual([1, "absent", [1]]);
  // The rival lost against a write that was not durable yet, so it hears of it only now.
  expect(await Promise.race([rival, turn()])).toBeUndefined();

  journal.end();
  expect(await Promise.all(later)).toHaveLength(3);
  expect(await rival).toMatchObject({ is: "conflict", key: "/b", actual: { modified: 2 } });
  await turn();
  expect(news).toEqual([1, 3]);
  stop.abort();
  await watch;
});

it("tells everyone of a failed write, and writes nothing after it", async () => {
  const { journal, store, put } = held();
  const first = put("/a");
  await turn();
  const second = put("/b");
  const conflict = put("/a");
  const answers = Promise.allSettled([first, second, conflict]);
  journal.end(new Error("the medium is gone"));
  for (const answer of await answers)
    expect(answer).toMatchObject({
      status: "rejected",
      reason: {
        message: expect.stringMatching(/^cannot write to the store: the medium is gone; /) as unknown,
      },
    });
  await expect(put("/c")).rejects.toThrow(/medium is gone/);
  await expect(store.grant(1000)).rejects.toThrow(/medium is gone/);
  expect(journal.batches).toHaveLength(1);
  expect([store.revision(), await store.get("/a")]).toEqual([0, "absent"]);
  await store.close();
});

it("takes back what a full medium refused, with what was decided upon it, and goes on when there is room", async () => {
  const { journal, store, put } = held();
  const kept = put("/kept");
  await turn();
  journal.end();
  await kept;
  const deleted = store.commit([], [{ do: "delete", key: "/kept" }]);
  await turn();
  const upon = put("/kept");
  const other = put("/other");
  const answers = Promise.allSettled([deleted, upon, other]);
  journal.end(new NoSpaceError("full"));
  for (const answer of await answers)
    expect(answer).toMatchObject({ status: "rejected", reason: { message: "full" } });
  expect([store.revision(), await store.get("/other")]).toEqual([1, "absent"]);
  expect(await store.get("/kept")).toMatchObject({ modified: 1 });
  expect(await put("/kept")).toMatchObject({ is: "conflict", actual: { modified: 1 } });

  const again = put("/other");
  await turn();
  journal.end();
  expect(await again).toEqual({ is: "committed", revision: 2 });
  expect(await store.list("/")).toMatchObject({
    entries: [{ key: "/kept" }, { key: "/other" }],
    revision: 2,
  });
  await store.close();
});

it("drops what a compaction forgot in its order, though the medium refuses once", async () => {
  const { journal, store, put } = held();
  const step = async (work: Promise<unknown>, why?: Error): Promise<void> => {
    const done = Promise.allSettled([work]);
    await turn();
    journal.end(why);
    await turn();
    journal.end();
    await done;
  };
  await step(put("/a"));
  await step(store.commit([], [{ do: "put", key: "/a", value: new Uint8Array(1) }]));
  await step(store.compact(2), new NoSpaceError("full"));
  await step(store.commit([], [{ do: "delete", key: "/a" }]));
  await step(put("/b"));
  await step(store.compact(4));
  // The oldest version goes first: a crash between two of them must not let it rise again.
  expect(journal.batches.flatMap(({ forgotten }) => forgotten.map(({ modified }) => modified))).toEqual([
    1, 2, 3,
  ]);
  await store.close();
});

it("lets a lease live on whose end a full medium refused", async () => {
  const { journal, store } = held();
  const granting = store.grant(60_000);
  await turn();
  journal.end();
  const lease = await granting;
  const writing = store.commit([], [{ do: "put", key: "/leased", value: new Uint8Array(1), lease }]);
  await turn();
  journal.end();
  await writing;
  const ending = store.revoke(lease);
  await turn();
  journal.end(new NoSpaceError("full"));
  await expect(ending).rejects.toThrow("full");
  expect(await store.keepAlive(lease)).toBe("alive");
  expect(await store.get("/leased")).toMatchObject({ lease });
  const again = store.revoke(lease);
  await turn();
  journal.end();
  await again;
  expect(await store.get("/leased")).toBe("absent");
  await store.close();
});
