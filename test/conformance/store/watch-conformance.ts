// Owns what watches and compaction must do.
import { beforeEach, describe, expect, it } from "vitest";
import { CompactedError, type Store } from "../../../src/store/store.ts";
import { revisionOf } from "./store-model.ts";
import { brief, bytes, committed, entry, page, put, remove, text, type Subject } from "./subject.ts";
import { watching } from "./watching.ts";

export function watchConformance(current: () => Subject): void {
  let store: Store;
  beforeEach(() => {
    store = current().store;
  });

  describe("watch", () => {
    it("tells the past, then the present, each change once", async () => {
      const start = store.revision();
      await committed(store, put("/w/a", "1"), put("/other", "x"));
      await committed(store, put("/w/a", "2"), put("/w/b", "1"));
      const seen = watching(store, "/w/", start);
      await seen.until(3);
      await committed(store, remove("/w/a"));
      await committed(store, put("/other", "y"));
      await committed(store, put("/w/c", "1"));
      const changes = await seen.until(5);
      expect(changes.map(brief)).toEqual(["/w/a=1", "/w/a=2", "/w/b=1", "-/w/a", "/w/c=1"]);
      expect(changes[1]).toMatchObject({ previous: { value: bytes("1"), modified: start + 1 } });
      expect(changes[3]).toEqual({
        is: "deleted",
        key: "/w/a",
        revision: start + 3,
        previous: { key: "/w/a", value: bytes("2"), created: start + 1, modified: start + 2 },
      });
      expect(await seen.stop()).toBe("ended");
    });

    it("leaves out what stood before where nobody asks for it", async () => {
      const start = store.revision();
      await committed(store, put("/w/a", "1"));
      await committed(store, put("/w/a", "2"));
      await committed(store, remove("/w/a"));
      const stop = new AbortController();
      const told: unknown[] = [];
      for await (const changes of store.watch("/w/", start, stop.signal, "changes-only")) {
        told.push(...changes.map((change) => ("previous" in change ? "previous" : brief(change))));
        if (told.length === 3) stop.abort();
      }
      expect(told).toEqual(["/w/a=1", "/w/a=2", "-/w/a"]);
    });

    it("never splits a commit over two arrays", async () => {
      const start = store.revision();
      const seen = watching(store, "/w/", start);
      for (let round = 0; round < 30; round++)
        await committed(store, ...Array.from({ length: 40 }, (_, at) => put(`/w/${at}`, `${round}`)));
      await seen.until(1200);
      await seen.stop();
      const late = watching(store, "/w/", start);
      await late.until(1200);
      await late.stop();
      for (const { arrays } of [seen, late]) {
        const firsts = arrays.map((array) => array[0]).filter((first) => first !== undefined);
        expect(new Set(firsts.map(revisionOf)).size).toBe(arrays.length);
        expect(arrays.every((array) => array.length % 40 === 0)).toBe(true);
      }
    });

    it("waits for a revision still to come", async () => {
      const start = store.revision();
      const seen = watching(store, "/w/", start + 2);
      for (const value of ["1", "2", "3"]) await committed(store, put("/w/a", value));
      expect((await seen.until(1)).map(brief)).toEqual(["/w/a=3"]);
      await seen.stop();
    });

    it("shows what is told already to readers", async () => {
      const stop = new AbortController();
      const news = store.watch("/w/", store.revision(), stop.signal)[Symbol.asyncIterator]();
      const next = news.next();
      const commit = store.commit([], [put("/w/a", "1")]);
      const told = await next;
      if (told.done === true) throw new Error("ended");
      const change = told.value[0];
      if (change?.is !== "put") throw new Error("no put");
      expect(store.revision()).toBeGreaterThanOrEqual(change.entry.modified);
      expect(await store.get("/w/a")).toEqual(change.entry);
      await commit;
      stop.abort();
    });

    it("goes on from the history where its consumer is slow", async () => {
      const start = store.revision();
      const stop = new AbortController();
      const news = store.watch("/w/", start, stop.signal)[Symbol.asyncIterator]();
      await committed(store, put("/w/a", "0"));
      let told = await news.next();
      for (let round = 1; round < 3000; round += 50)
        await Promise.all(
          Array.from({ length: 50 }, (_, at) => committed(store, put("/w/a", `${round + at}`))),
        );
      const revisions: number[] = [];
      while (told.done !== true) {
        revisions.push(...told.value.map(revisionOf));
        if (revisions.length === 3001) break;
        told = await news.next();
      }
      expect(revisions).toEqual(Array.from({ length: 3001 }, (_, at) => start + 1 + at));
      stop.abort();
    });

    it("ends when the store closes and when the signal aborts", async () => {
      const ending = watching(store, "/", store.revision());
      const aborted = new AbortController();
      aborted.abort();
      const never: unknown[] = [];
      for await (const changes of store.watch("/", 0, aborted.signal)) never.push(changes);
      expect(never).toEqual([]);
      await store.close();
      expect(await ending.end).toBe("ended");
      await expect(store.get("/a")).rejects.toThrow(/closed/);
      await expect(store.commit([], [put("/a", "1")])).rejects.toThrow(/closed/);
    });
  });

  describe("compact", () => {
    it("keeps what is visible at the revision and forgets what was before", async () => {
      const first = await committed(store, put("/a", "1"), put("/b", "1"), put("/gone", "1"));
      await committed(store, put("/a", "2"), remove("/gone"));
      const third = await committed(store, put("/a", "3"));
      await store.compact(third);
      expect(await store.get("/a", first)).toEqual({ is: "compacted", oldest: third });
      expect(await store.list("/", { at: third - 1 })).toEqual({ is: "compacted", oldest: third });
      expect(
        (await page(store, "/", { at: third })).entries.map(({ key, value }) => key + text(value)),
      ).toEqual(["/a3", "/b1"]);
      await committed(store, put("/a", "4"));
      expect(text((await entry(store, "/a", third)).value)).toBe("3");
    });

    it("refuses a watch from before and allows one from the revision on", async () => {
      const start = store.revision();
      for (const value of ["1", "2", "3"]) await committed(store, put("/a", value));
      const gone = await committed(store, remove("/a"));
      await store.compact(gone);
      const error = await watching(store, "/", start).end;
      expect(error).toBeInstanceOf(CompactedError);
      expect(error).toMatchObject({ oldest: gone });
      const seen = watching(store, "/", gone - 1);
      expect((await seen.until(1)).map(brief)).toEqual(["-/a"]);
      await seen.stop();
    });

    it("does not disturb a watcher that missed nothing", async () => {
      const quiet = watching(store, "/quiet/", store.revision());
      await committed(store, put("/quiet/a", "1"));
      await quiet.until(1);
      for (let round = 0; round < 10; round++)
        await store.compact(await committed(store, put("/busy", `${round}`)));
      await committed(store, put("/quiet/a", "2"));
      expect((await quiet.until(2)).map(brief)).toEqual(["/quiet/a=1", "/quiet/a=2"]);
      await quiet.stop();
    });

    it("tells a watcher that it overtook", async () => {
      const stop = new AbortController();
      const start = store.revision();
      await committed(store, put("/a", "1"));
      const news = store.watch("/", start, stop.signal)[Symbol.asyncIterator]();
      await news.next();
      for (let round = 0; round < 5; round++) await committed(store, put("/a", `${round}`));
      await store.compact(store.revision());
      // What was on its way when it was forgotten may still arrive, but then all of it.
      const next = await news.next().catch((thrown: unknown) => thrown);
      if (next instanceof Error) expect(next).toBeInstanceOf(CompactedError);
      else expect(next).toMatchObject({ value: [{ entry: { modified: start + 2, value: bytes("0") } }] });
      stop.abort();
    });

    it("is harmless when repeated or older, and refuses the future", async () => {
      const at = await committed(store, put("/a", "1"));
      await store.compact(at);
      await store.compact(at);
      await store.compact(1);
      expect(text((await entry(store, "/a", at)).value)).toBe("1");
      await expect(store.compact(at + 1)).rejects.toThrow(RangeError);
      await expect(store.get("/a", at + 1)).rejects.toThrow(RangeError);
    });
  });
}
