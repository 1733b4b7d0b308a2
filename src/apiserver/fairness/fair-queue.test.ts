// Owns the proof that seats are never over-filled and that each flow has its turn.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FairQueue, type Waiting } from "./fair-queue.ts";

const options = { seats: 2, waitingMax: 3, waitingAllMax: 5 };

describe("seats of a level", () => {
  it("are given at once while there are any, then in turn", () => {
    const queue = new FairQueue(options);
    const order: string[] = [];
    const come = (flow: string, name: string) => queue.enter(flow, () => order.push(name));
    expect([come("noisy", "n1"), come("noisy", "n2")]).toEqual(["seated", "seated"]);
    for (const name of ["n3", "n4", "n5"]) come("noisy", name);
    come("quiet", "q1");
    expect(queue.queued).toBe(4);
    for (let left = 0; left < 4; left += 1) queue.release();
    // The quiet one waits for one request of the noisy one, and not for all.
    expect(order).toEqual(["n3", "q1", "n4", "n5"]);
    expect([queue.seated, queue.queued]).toEqual([2, 0]);
    queue.release();
    queue.release();
    expect(queue.seated).toBe(0);
  });

  it("refuse whom a flow, or the level, has no place to wait for", () => {
    const queue = new FairQueue(options);
    const come = (flow: string) => queue.enter(flow, () => undefined);
    for (let one = 0; one < 5; one += 1) come("noisy");
    expect(come("noisy")).toBe("full");
    expect(come("quiet")).not.toBe("full");
    expect(come("quiet")).not.toBe("full");
    expect(come("third")).toBe("full");
  });

  it("pass over those who left", () => {
    const queue = new FairQueue({ ...options, seats: 1 });
    const order: string[] = [];
    const come = (flow: string, name: string) => queue.enter(flow, () => order.push(name));
    come("a", "a1");
    const leaving = come("a", "a2");
    come("b", "b1");
    if (typeof leaving === "string") throw new Error("it should wait");
    leaving.leave();
    leaving.leave();
    queue.release();
    expect(order).toEqual(["b1"]);
    queue.release();
    expect([queue.seated, queue.queued]).toEqual([0, 0]);
  });

  it("hold whatever comes and goes: never too many, never one idle while another waits, each flow in turn", () => {
    const act = fc.oneof(
      {
        weight: 4,
        arbitrary: fc.record({ do: fc.constant("enter" as const), flow: fc.constantFrom("a", "b", "c") }),
      },
      { weight: 3, arbitrary: fc.record({ do: fc.constant("release" as const) }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant("leave" as const), which: fc.nat(20) }) },
    );
    fc.assert(
      fc.property(fc.array(act, { maxLength: 80 }), (acts) => {
        const queue = new FairQueue(options);
        let sitting = 0;
        const waiting = new Map<number, { flow: string; place: Waiting; passedBy: Map<string, number> }>();
        for (const [id, one] of acts.entries()) {
          if (one.do === "enter") {
            const { flow } = one;
            const entered = queue.enter(flow, () => {
              sitting += 1;
              waiting.delete(id);
              for (const other of waiting.values())
                other.passedBy.set(flow, (other.passedBy.get(flow) ?? 0) + 1);
            });
            if (entered === "seated") sitting += 1;
            else if (entered !== "full") waiting.set(id, { flow, place: entered, passedBy: new Map() });
          } else if (one.do === "release" && sitting > 0) {
            sitting -= 1;
            queue.release();
          } else if (one.do === "leave") {
            const [key, found] = [...waiting][one.which] ?? [];
            if (key === undefined) continue;
            found?.place.leave();
            waiting.delete(key);
          }
          expect(queue.seated).toBe(sitting);
          expect(sitting).toBeLessThanOrEqual(options.seats);
          expect(queue.queued).toBe(waiting.size);
          if (waiting.size > 0) expect(sitting).toBe(options.seats);
          // Of any other flow, at most so many go first as of its own stood before it, and one.
          for (const { flow, passedBy } of waiting.values())
            for (const [other, times] of passedBy)
              if (other !== flow) expect(times).toBeLessThanOrEqual(options.waitingMax);
        }
      }),
    );
  });
});
