// Owns the tests of the work queue.
import { describe, expect, test } from "vitest";
import { settle, VirtualClock } from "../world/virtual-clock.ts";
import { createWorkQueue } from "./work-queue.ts";

/** Work that ends when it is told to. */
function controlled() {
  const started: string[] = [];
  const ends = new Map<string, (failed?: boolean) => void>();
  const work = (key: string) =>
    new Promise<void>((resolve, reject) => {
      started.push(key);
      ends.set(key, (failed) => (failed === true ? reject(new Error("no")) : resolve()));
    });
  return { started, work, end: (key: string, failed?: boolean) => ends.get(key)?.(failed) };
}

const setUp = (workers: number) => {
  const clock = new VirtualClock();
  const queue = createWorkQueue({ clock });
  const work = controlled();
  const abort = new AbortController();
  const done = queue.run(workers, work.work, abort.signal);
  return { clock, queue, ...work, abort, done };
};

describe("a work queue", () => {
  test("hands out each waiting key once, in order, with so many at a time", async () => {
    const { queue, started, end } = setUp(2);
    for (const key of ["a", "b", "c", "c", "b"]) queue.add(key);
    expect(started).toEqual(["a", "b"]);
    expect(queue.length).toBe(2);
    end("a");
    await settle();
    expect(started).toEqual(["a", "b", "c"]);
  });

  test("a key added while it is worked on is worked on again, afterwards", async () => {
    const { queue, started, end } = setUp(4);
    queue.add("a");
    queue.add("a");
    queue.add("a");
    expect(started).toEqual(["a"]);
    end("a");
    await settle();
    expect(started).toEqual(["a", "a"]);
    end("a");
    await settle();
    expect(started).toEqual(["a", "a"]);
  });

  test("failures double the delay until they are forgotten", async () => {
    const { clock, queue, started, end } = setUp(1);
    queue.add("a");
    for (const delay of [5, 10, 20, 40]) {
      const before = started.length;
      end("a", true);
      await settle();
      clock.advance(delay - 1);
      expect(started).toHaveLength(before);
      clock.advance(1);
      expect(started).toHaveLength(before + 1);
    }
    queue.forget("a");
    end("a", true);
    await settle();
    clock.advance(5);
    expect(started).toHaveLength(6);
  });

  test("the delay stops growing at its limit", () => {
    const clock = new VirtualClock();
    const queue = createWorkQueue({ clock, backoffMax: 100 });
    for (let at = 0; at < 70; at++) {
      queue.addLimited("a");
      clock.advance(100);
    }
    expect(queue.length).toBe(1);
    expect(clock.nextDue()).toBeUndefined();
  });

  test("of several delays for a key the earliest counts, and counts once", () => {
    const { clock, queue, started } = setUp(1);
    queue.addAfter("a", 50);
    queue.addAfter("a", 20);
    queue.addAfter("a", 90);
    clock.advance(20);
    expect(started).toEqual(["a"]);
    expect(clock.nextDue()).toBeUndefined();
  });

  test("ends when the signal aborts and the work in hand is done", async () => {
    const { clock, queue, started, end, abort, done } = setUp(1);
    queue.add("a");
    queue.add("b");
    queue.addAfter("c", 10);
    let ended = false;
    void done.then(() => (ended = true));
    abort.abort();
    await settle();
    expect(ended).toBe(false);
    end("a");
    await done;
    clock.advance(10);
    expect(started).toEqual(["a"]);
  });
});
