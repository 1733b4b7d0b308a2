// Owns the proof that many timers fire in order, whatever is cancelled meanwhile.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TimerHeap } from "./timer-heap.ts";

describe("timers", () => {
  it("come out by due time, then by setting, without the cancelled ones", () => {
    const timer = fc.record({ due: fc.nat(50), cancelled: fc.boolean() });
    fc.assert(
      fc.property(fc.array(timer, { maxLength: 300 }), (timers) => {
        const heap = new TimerHeap();
        const fired: number[] = [];
        const cancels = timers.map(({ due }, at) => heap.add(due, () => fired.push(at)));
        for (const [at, { cancelled }] of timers.entries()) if (cancelled) cancels[at]?.();
        for (let act = heap.take(); act !== undefined; act = heap.take()) act();
        const expected = timers
          .map(({ due, cancelled }, at) => ({ due, cancelled, at }))
          .filter(({ cancelled }) => !cancelled)
          .sort((one, other) => one.due - other.due || one.at - other.at)
          .map(({ at }) => at);
        expect(fired).toEqual(expected);
      }),
    );
  });

  it("cancel once, and not after they were taken", () => {
    const heap = new TimerHeap();
    const cancel = heap.add(1, () => undefined);
    heap.add(2, () => undefined);
    heap.take();
    cancel();
    cancel();
    expect(heap.first()?.due).toBe(2);
  });
});
