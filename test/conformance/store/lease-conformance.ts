// Owns what leases must do.
import { beforeEach, describe, expect, it } from "vitest";
import type { Store } from "../../../src/store/store.ts";
import { revisionOf } from "./store-model.ts";
import { brief, committed, keysOf, page, put, remove, type Subject } from "./subject.ts";
import { watching } from "./watching.ts";

export function leaseConformance(current: () => Subject): void {
  let subject: Subject;
  let store: Store;
  beforeEach(() => {
    subject = current();
    store = subject.store;
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
      // On etcd time is real: what is still there has seconds left, however slow the machine.
      await subject.pass(6_000);
      expect(await store.keepAlive(lease)).toBe("alive");
      await subject.pass(6_000);
      expect(seen.changes()).toEqual([]);
      await subject.pass(5_000);
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
      await subject.pass(6_000);
      await subject.restart();
      await subject.pass(6_000);
      expect(await subject.store.get("/l/a")).toMatchObject({ lease });
      const seen = watching(subject.store, "/l/", subject.store.revision());
      await subject.pass(5_000);
      expect((await seen.until(1)).map(brief)).toEqual(["-/l/a"]);
      await seen.stop();
      await subject.restart();
      expect(await subject.store.keepAlive(lease)).toBe("absent");
      expect(await subject.store.grant(10_000)).not.toBe(lease);
    });
  });
}
