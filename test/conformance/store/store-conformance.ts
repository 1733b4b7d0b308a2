// Owns what every store must do, whatever is beneath: each implementation runs this suite, a real etcd included.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Millis } from "../../../src/lib/units.ts";
import {
  CompactedError,
  type Change,
  type Entry,
  type Page,
  type Store,
  type Write,
} from "../../../src/store/store.ts";
import { revisionOf } from "./store-model.ts";
import { storeProperties } from "./store-properties.ts";
import { watching } from "./watching.ts";

/** One fresh, empty store and the means to treat it roughly. */
export interface Subject {
  store: Store;
  /** Closes the store and opens it anew on the same content; absent where nothing lasts. */
  readonly restart?: () => Promise<void>;
  /** Lets so much of the store's time pass. */
  readonly pass: (time: Millis) => Promise<void>;
  readonly dispose: () => Promise<void>;
}

export const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));
export const put = (key: string, text: string, lease?: number): Write =>
  lease === undefined
    ? { do: "put", key, value: bytes(text) }
    : { do: "put", key, value: bytes(text), lease };
export const remove = (key: string): Write => ({ do: "delete", key });

async function committed(store: Store, ...writes: Write[]): Promise<number> {
  const answer = await store.commit([], writes);
  if (answer.is !== "committed") throw new Error(`conflict on ${answer.key}`);
  return answer.revision;
}

async function entry(store: Store, key: string, at?: number): Promise<Entry> {
  const found = await store.get(key, at);
  if (found === "absent" || "is" in found) throw new Error(`${key} is ${JSON.stringify(found)}`);
  return found;
}

async function page(store: Store, ...asked: Parameters<Store["list"]>): Promise<Page> {
  const found = await store.list(...asked);
  if (found.is !== "page") throw new Error("compacted");
  return found;
}

const keysOf = (found: Page): string[] => found.entries.map(({ key }) => key);
const text = (value: Uint8Array): string => Buffer.from(value).toString();
const brief = (change: Change): string =>
  change.is === "put" ? `${change.entry.key}=${text(change.entry.value)}` : `-${change.key}`;

export function storeConformance(name: string, open: () => Promise<Subject>): void {
  describe(`${name} store`, () => {
    let subject: Subject;
    let store: Store;
    beforeEach(async () => {
      subject = await open();
      store = subject.store;
    });
    afterEach(() => subject.dispose());

    describe("commit", () => {
      it("gives every write of one commit the same, next revision", async () => {
        const start = store.revision();
        const first = await committed(store, put("/a", "1"), put("/b", "2"));
        expect(first).toBe(start + 1);
        expect(store.revision()).toBe(first);
        expect(await store.get("/a")).toEqual({
          key: "/a",
          value: bytes("1"),
          created: first,
          modified: first,
        });
        const second = await committed(store, put("/b", "3"));
        expect(await store.get("/b")).toEqual({
          key: "/b",
          value: bytes("3"),
          created: first,
          modified: second,
        });
      });

      it("counts creation anew after a deletion", async () => {
        await committed(store, put("/a", "1"));
        await committed(store, remove("/a"));
        expect(await store.get("/a")).toBe("absent");
        const again = await committed(store, put("/a", "2"));
        expect((await entry(store, "/a")).created).toBe(again);
      });

      it("takes no revision for what changes nothing", async () => {
        const before = await committed(store, put("/a", "1"));
        expect(await store.commit([], [remove("/none")])).toEqual({ is: "committed", revision: before });
        expect(await store.commit([], [])).toEqual({ is: "committed", revision: before });
      });

      it("names the first guard that fails, and writes nothing", async () => {
        const at = await committed(store, put("/a", "1"));
        const answer = await store.commit(
          [
            { key: "/a", is: "at", modified: at },
            { key: "/a", is: "absent" },
            { key: "/b", is: "at", modified: 1 },
          ],
          [put("/b", "2")],
        );
        expect(answer).toEqual({ is: "conflict", key: "/a", actual: await store.get("/a") });
        expect(await store.commit([{ key: "/b", is: "at", modified: at }], [])).toEqual({
          is: "conflict",
          key: "/b",
          actual: "absent",
        });
        expect(await store.get("/b")).toBe("absent");
      });

      it("lets one of many concurrent rivals win", async () => {
        const answers = await Promise.all(
          Array.from({ length: 20 }, (_, rival) =>
            store.commit([{ key: "/lock", is: "absent" }], [put("/lock", `rival ${rival}`)]),
          ),
        );
        expect(answers.filter(({ is }) => is === "committed")).toHaveLength(1);
        const held = await entry(store, "/lock");
        for (const answer of answers) if (answer.is === "conflict") expect(answer.actual).toEqual(held);
      });

      it("loses no increment among concurrent writers", async () => {
        await committed(store, put("/count", "0"));
        const increment = async (): Promise<void> => {
          for (;;) {
            const now = await entry(store, "/count");
            const guard = { key: "/count", is: "at", modified: now.modified } as const;
            const answer = await store.commit([guard], [put("/count", String(Number(text(now.value)) + 1))]);
            if (answer.is === "committed") return;
          }
        };
        await Promise.all(Array.from({ length: 16 }, increment));
        expect(text((await entry(store, "/count")).value)).toBe("16");
      });

      it.each([
        { name: "a key twice", writes: [put("/a", "1"), remove("/a")] },
        { name: "an absent lease", writes: [put("/a", "1", 123_456)] },
        { name: "an empty key", writes: [put("", "1")] },
        { name: "a key that is no text", writes: [put("/\ud800", "1")] },
      ])("refuses $name and writes nothing", async ({ writes }) => {
        const before = store.revision();
        await expect(store.commit([], writes)).rejects.toThrow(/cannot write key/);
        expect(store.revision()).toBe(before);
        expect(await store.get("/a")).toBe("absent");
      });

      it("keeps values of every size", async () => {
        for (const size of [0, 1, 1024, 4096, 1_500_000]) {
          const value = Uint8Array.from({ length: size }, (_, at) => at % 251);
          await store.commit([], [{ do: "put", key: `/size/${size}`, value }]);
          expect(Buffer.compare((await entry(store, `/size/${size}`)).value, value)).toBe(0);
        }
        await subject.restart?.();
        const large = await entry(subject.store, "/size/1500000");
        expect(large.value.every((byte, at) => byte === at % 251)).toBe(true);
      });
    });

    describe("list", () => {
      it("orders keys by their UTF-8 bytes", async () => {
        const keys = ["/k/A", "/k/a", "/k/a/b", "/k/\u00e9", "/k/\uffee", "/k/\u{1f600}"];
        for (const key of keys.toReversed()) await committed(store, put(key, "x"));
        expect(keysOf(await page(store, "/k/"))).toEqual(keys);
        expect(keys.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))).toEqual(keys);
      });

      it("keeps to the prefix", async () => {
        await committed(
          store,
          put("/pods/a", "1"),
          put("/pods/b", "2"),
          put("/podsets/c", "3"),
          put("/poc", "4"),
        );
        expect(keysOf(await page(store, "/pods/"))).toEqual(["/pods/a", "/pods/b"]);
        expect(keysOf(await page(store, "/pods"))).toEqual(["/pods/a", "/pods/b", "/podsets/c"]);
        expect(keysOf(await page(store, "/none"))).toEqual([]);
      });

      it("pages through one revision while the world changes", async () => {
        const keys = Array.from({ length: 25 }, (_, at) => `/p/${String(at).padStart(2, "0")}`);
        const at = await committed(store, ...keys.map((key) => put(key, "old")));
        const seen: Entry[] = [];
        let after: string | undefined;
        for (;;) {
          const found = await page(store, "/p/", {
            limit: 10,
            at,
            ...(after === undefined ? {} : { after }),
          });
          expect(found.revision).toBe(at);
          if (found.remaining !== undefined)
            expect(found.remaining).toBe(keys.length - seen.length - found.entries.length);
          seen.push(...found.entries);
          await committed(
            store,
            remove(`/p/${24 - seen.length / 10}`),
            put("/p/11", "new"),
            put("/p/zz", "new"),
          );
          if (!found.more) break;
          after = found.entries.at(-1)?.key;
        }
        expect(seen.map(({ key }) => key)).toEqual(keys);
        expect(new Set(seen.map(({ value }) => text(value)))).toEqual(new Set(["old"]));
      });

      it("has no more after a page that ends exactly", async () => {
        await committed(store, put("/p/1", "1"), put("/p/2", "2"));
        expect((await page(store, "/p/", { limit: 2 })).more).toBe(false);
        expect((await page(store, "/p/", { limit: 1 })).more).toBe(true);
        expect(keysOf(await page(store, "/p/", { after: "/a" }))).toEqual(["/p/1", "/p/2"]);
        expect(keysOf(await page(store, "/p/", { after: "/p/2" }))).toEqual([]);
      });
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
        await expect(news.next()).rejects.toThrow(CompactedError);
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

    describe("leases", () => {
      it("delete their keys when they run out, in one commit", async () => {
        const lease = await store.grant(10_000);
        const at = await committed(
          store,
          put("/l/a", "1", lease),
          put("/l/b", "2", lease),
          put("/l/free", "3"),
        );
        expect(await store.get("/l/a")).toMatchObject({ lease });
        const seen = watching(store, "/l/", at);
        await subject.pass(9_000);
        expect(await store.keepAlive(lease)).toBe("alive");
        await subject.pass(9_000);
        expect(seen.changes()).toEqual([]);
        await subject.pass(2_000);
        const changes = await seen.until(2);
        expect(changes.map(brief).toSorted()).toEqual(["-/l/a", "-/l/b"]);
        expect(new Set(changes.map(revisionOf)).size).toBe(1);
        expect(await store.keepAlive(lease)).toBe("absent");
        expect(keysOf(await page(store, "/l/"))).toEqual(["/l/free"]);
        await seen.stop();
      });

      it("let go of keys written without them, and hold those written with them", async () => {
        const [one, two] = [await store.grant(10_000), await store.grant(60_000)];
        await committed(store, put("/l/a", "1", one), put("/l/b", "1", one), put("/l/c", "1", one));
        await committed(store, put("/l/a", "2"), put("/l/b", "2", two), remove("/l/c"));
        await committed(store, put("/l/c", "2"));
        await store.revoke(one);
        expect(keysOf(await page(store, "/l/"))).toEqual(["/l/a", "/l/b", "/l/c"]);
        await store.revoke(two);
        await store.revoke(two);
        expect(keysOf(await page(store, "/l/"))).toEqual(["/l/a", "/l/c"]);
      });

      it("run out each at its time", async () => {
        const leases = [await store.grant(30_000), await store.grant(10_000), await store.grant(20_000)];
        for (const [at, lease] of leases.entries()) await committed(store, put(`/l/${at}`, "1", lease));
        const seen = watching(store, "/l/", store.revision());
        for (const [round, gone] of ["-/l/1", "-/l/2", "-/l/0"].entries()) {
          await subject.pass(10_000);
          expect((await seen.until(round + 1)).map(brief)[round]).toBe(gone);
        }
        await seen.stop();
      });

      it("survive a restart with a full time to live", async () => {
        if (subject.restart === undefined) return;
        const lease = await store.grant(10_000);
        await committed(store, put("/l/a", "1", lease));
        await subject.pass(9_000);
        await subject.restart();
        await subject.pass(9_000);
        expect(await subject.store.get("/l/a")).toMatchObject({ lease });
        const seen = watching(subject.store, "/l/", subject.store.revision());
        await subject.pass(2_000);
        expect((await seen.until(1)).map(brief)).toEqual(["-/l/a"]);
        await seen.stop();
        await subject.restart();
        expect(await subject.store.keepAlive(lease)).toBe("absent");
        expect(await subject.store.grant(10_000)).not.toBe(lease);
      });
    });

    storeProperties(open);
  });
}
