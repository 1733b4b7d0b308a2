// Owns the proof that the memory store settles without real time: a simulated cluster depends on it.
import { expect, it } from "vitest";
import { VirtualClock } from "../world/virtual-clock.ts";
import { createMemoryStore } from "./memory-store.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

it("commits, reads and tells watchers", async () => {
  const store = createMemoryStore({ clock: new VirtualClock() });
  const stop = new AbortController();
  const news = store.watch("/a", 0, stop.signal)[Symbol.asyncIterator]();
  const first = news.next();
  expect(await store.commit([], [{ do: "put", key: "/a/1", value: bytes("x") }])).toEqual({
    is: "committed",
    revision: 1,
  });
  const entry = { key: "/a/1", value: bytes("x"), created: 1, modified: 1 };
  expect((await first).value).toEqual([{ is: "put", entry }]);
  expect(await store.get("/a/1")).toEqual(entry);
  const end = news.next();
  stop.abort();
  expect((await end).done).toBe(true);
  await store.close();
});

it("forgets history beyond its bound without being told to, and nothing that still stands", async () => {
  const store = createMemoryStore({ clock: new VirtualClock(), historyMax: 100 });
  await store.commit([], [{ do: "put", key: "/old", value: bytes("first") }]);
  for (let count = 0; count < 1000; count++) {
    await store.commit([], [{ do: "put", key: `/a/${count % 7}`, value: bytes(String(count)) }]);
    const { is } = (await store.list("/", { at: Math.max(0, store.revision() - 100) })) as { is: string };
    expect(is).toBe("page");
  }
  expect(await store.get("/old", store.revision() - 150)).toMatchObject({ is: "compacted" });
  expect(await store.get("/old")).toMatchObject({ value: bytes("first"), modified: 1 });
  expect(await store.list("/a/")).toMatchObject({ entries: { length: 7 }, revision: 1001 });
  await store.close();
});
