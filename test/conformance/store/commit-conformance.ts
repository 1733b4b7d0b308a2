// Owns what commits and lists must do.
import { beforeEach, describe, expect, it } from "vitest";
import type { Entry, Store } from "../../../src/store/store.ts";
import { bytes, committed, entry, keysOf, page, put, remove, text, type Subject } from "./subject.ts";

export function commitConformance(current: () => Subject): void {
  let subject: Subject;
  let store: Store;
  beforeEach(() => {
    subject = current();
    store = subject.store;
  });

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
}
