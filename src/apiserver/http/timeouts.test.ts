// Owns the proof that each is ended when its own time is over, however they begin and end, and that no timer is left.
import fc from "fast-check";
import { expect, it } from "vitest";
import { VirtualClock } from "../../world/virtual-clock.ts";
import { Timeouts } from "./timeouts.ts";

const patience = 2500;

it("ends each at its own time, and none that was done before", () => {
  const step = fc.record({ wait: fc.integer({ min: 0, max: 2000 }), done: fc.integer({ min: 0, max: 5 }) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const clock = new VirtualClock(0);
      const timeouts = new Timeouts(clock, patience);
      const begun: { at: number; done: () => void; endedAt?: number; doneAt?: number }[] = [];
      for (const { wait, done } of steps) {
        const one: (typeof begun)[number] = { at: clock.now(), done: () => undefined };
        one.done = timeouts.begin(() => (one.endedAt = clock.now()));
        begun.push(one);
        clock.advance(wait);
        const finished = begun.at(-1 - done);
        if (finished === undefined || finished.endedAt !== undefined) continue;
        finished.done();
        finished.doneAt ??= clock.now();
      }
      clock.advance(patience);
      for (const { at, endedAt, doneAt } of begun)
        expect(endedAt).toBe(doneAt === undefined ? at + patience : undefined);
      clock.advance(1000);
      expect(clock.nextDue()).toBeUndefined();
    }),
  );
});
