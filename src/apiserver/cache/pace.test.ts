// Owns the proof that few watchers are told at once, that many get what gathers in one go, and that none waits for long.
import { describe, expect, it } from "vitest";
import type { Pod } from "../../model/generated/types.ts";
import { settle, VirtualClock } from "../../world/virtual-clock.ts";
import { ObjectChange } from "./emission.ts";
import { Held } from "./held.ts";
import { Pace } from "./pace.ts";
import { Watcher } from "./watcher.ts";

function change(revision: number): ObjectChange {
  const key = `/registry/pods/default/p${revision}`;
  const metadata = {
    name: `p${revision}`,
    uid: "",
    creationTimestamp: "",
    resourceVersion: String(revision),
  };
  const made: Pod = { apiVersion: "v1", kind: "Pod", metadata, spec: { containers: [] } };
  return new ObjectChange(key, revision, undefined, new Held(key, revision, made));
}

/** Watchers, and the bursts that each was told in: the versions in them. */
function watching(count: number) {
  const clock = new VirtualClock();
  const pace = new Pace(clock);
  const bursts = Array.from({ length: count }, (): string[] => []);
  const watchers = bursts.map(
    () =>
      new Watcher({
        matches: () => true,
        after: 0,
        initial: [][Symbol.iterator](),
        bookmark: undefined,
        backlogMax: 100,
        pace,
      }),
  );
  const ended = watchers.map(async (watcher, at) => {
    for await (const burst of watcher.batches())
      bursts[at]?.push(burst.map(({ event }) => event.object.metadata?.resourceVersion).join(" "));
  });
  const tell = async (...revisions: number[]) => {
    for (const revision of revisions) {
      const told = change(revision);
      pace.told(watchers.filter((watcher) => watcher.offer(told)).length);
    }
    await settle();
  };
  const end = async () => {
    for (const watcher of watchers) watcher.end();
    await Promise.all(ended);
  };
  return { clock, bursts, tell, end, watchers };
}

describe("few watchers", () => {
  it("are told at once, however often, and no timer is set for them", async () => {
    const { clock, bursts, tell, end } = watching(49);
    await settle();
    for (const revision of [1, 2, 3]) {
      await tell(revision);
      expect(bursts.every((each) => each.at(-1) === String(revision))).toBe(true);
    }
    expect(clock.nextDue()).toBeUndefined();
    await end();
  });
});

describe("many watchers", () => {
  it("are told the first at once, and then all that came meanwhile in one go and in order", async () => {
    const { clock, bursts, tell, end } = watching(1000);
    await settle();
    await tell(1, 2);
    await tell(3);
    await tell(4, 5);
    expect(bursts.every((each) => each.join() === "1 2")).toBe(true);
    await clock.advanceAsync(10);
    await tell(6);
    await clock.advanceAsync(10);
    await clock.advanceAsync(10);
    await tell(7);
    expect(bursts.every((each) => each.join() === "1 2,3 4 5,6,7")).toBe(true);
    await end();
  });

  it("never wait longer than ten milliseconds, nor after all is told", async () => {
    const { clock, bursts, tell, end } = watching(2000);
    await settle();
    await tell(1);
    await tell(2);
    await clock.advanceAsync(10);
    expect(bursts.every((each) => each.length === 2)).toBe(true);
    await clock.advanceAsync(10);
    expect(clock.nextDue()).toBeUndefined();
    await end();
  });

  it("may end while they wait", async () => {
    const { clock, bursts, tell, end } = watching(100);
    await settle();
    await tell(1);
    await tell(2);
    await end();
    await clock.advanceAsync(10);
    expect(bursts.every((each) => each.join() === "1")).toBe(true);
  });
});
