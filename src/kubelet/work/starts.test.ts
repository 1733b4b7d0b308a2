// Owns the proof of who may start when: a few at a time, the most important first, and nobody is waited for without end.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Pod } from "../../model/generated/types.ts";
import { settle, VirtualClock } from "../../world/virtual-clock.ts";
import { Starts, type Turn } from "./starts.ts";

const podOf = (name: string, priority?: number, source = "api"): Pod => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: {
    name,
    uid: name,
    creationTimestamp: "2026-01-01T00:00:00Z",
    resourceVersion: "1",
    ...(source === "api" ? {} : { annotations: { "kubernetes.io/config.source": source } }),
  },
  spec: { containers: [], ...(priority === undefined ? {} : { priority }) },
});

function rig() {
  const clock = new VirtualClock();
  const starts = new Starts(clock);
  const begun: string[] = [];
  const take = (pod: Pod): Turn => {
    const turn = starts.take(pod);
    void turn.come.then(() => begun.push(pod.metadata.name));
    return turn;
  };
  const many = (count: number): Turn[] => Array.from({ length: count }, (_, at) => take(podOf(`p${at}`)));
  return { clock, starts, begun, take, many };
}

describe("starts", () => {
  it("go ten at a time: the next begins when one has started", async () => {
    const { begun, many } = rig();
    const turns = many(25);
    await settle();
    expect(begun.length).toBe(10);
    turns[3]?.leave();
    turns[3]?.leave();
    await settle();
    expect(begun.slice(10)).toEqual(["p10"]);
    for (const turn of turns.slice(0, 10)) turn.leave();
    await settle();
    expect(begun.length).toBe(20);
  });

  it("the node's own pods go first, then the more important, then who came first", async () => {
    const { begun, take, many } = rig();
    const turns = many(10);
    for (const pod of [podOf("low"), podOf("high", 7), podOf("as-high", 7), podOf("own", 0, "file")])
      take(pod);
    for (const turn of turns) {
      await settle();
      turn.leave();
    }
    await settle();
    expect(begun.slice(10)).toEqual(["own", "high", "as-high", "low"]);
  });

  it("one that takes a second holds nobody up any longer", async () => {
    const { clock, begun, many } = rig();
    const turns = many(20);
    await clock.advanceAsync(999);
    expect(begun.length).toBe(10);
    await clock.advanceAsync(1);
    expect(begun.length).toBe(20);
    // Its start was given up waiting for: it makes no further room when it comes.
    turns[0]?.leave();
    expect(begun.length).toBe(20);
  });

  it("a pod that ends while it waits is let through, and takes nobody's place", async () => {
    const { begun, many } = rig();
    const turns = many(12);
    turns[11]?.leave();
    await settle();
    expect(begun.slice(10)).toEqual(["p11"]);
  });

  it("nobody begins once they are stopped", async () => {
    const { clock, starts, begun, many } = rig();
    const turns = many(12);
    await settle();
    starts.stop();
    for (const turn of turns) turn.leave();
    await clock.advanceAsync(10_000);
    expect(begun.length).toBe(10);
  });

  it("whatever comes and goes when, few start together and everyone begins", async () => {
    const moves = fc.array(
      fc.oneof(
        fc.record({ do: fc.constant("take" as const), priority: fc.nat(3) }),
        fc.record({ do: fc.constant("leave" as const), at: fc.nat(60) }),
        fc.record({ do: fc.constant("wait" as const), time: fc.nat(700) }),
      ),
      { maxLength: 80 },
    );
    await fc.assert(
      fc.asyncProperty(moves, async (all) => {
        const { clock, begun, take } = rig();
        const turns: Turn[] = [];
        const since = new Map<string, number>();
        const left = new Set<string>();
        for (const move of all) {
          if (move.do === "take") turns.push(take(podOf(`p${turns.length}`, move.priority)));
          else if (move.do === "wait") await clock.advanceAsync(move.time);
          else {
            turns[move.at]?.leave();
            if (turns[move.at] !== undefined) left.add(`p${move.at}`);
          }
          await settle();
          for (const name of begun) if (!since.has(name)) since.set(name, clock.now());
          const busy = begun.filter((name) => !left.has(name) && clock.now() - (since.get(name) ?? 0) < 1000);
          expect(busy.length).toBeLessThanOrEqual(10);
        }
        await clock.advanceAsync(60_000);
        expect(new Set(begun).size).toBe(turns.length);
      }),
      { numRuns: 60 },
    );
  });
});
