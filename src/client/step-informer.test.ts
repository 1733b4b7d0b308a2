// Owns the tests of the informer's states.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { KubeObject } from "../model/meta.ts";
import {
  backOff,
  backOffMax,
  startInformer,
  stepInformer,
  type InformerOrder,
  type InformerSignal,
  type InformerState,
} from "./step-informer.ts";

type State = InformerState<KubeObject>;
type Signal = InformerSignal<KubeObject>;

const object = (name: string, resourceVersion: string): KubeObject => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, uid: name, resourceVersion, creationTimestamp: "" },
});
const [a, b] = [object("a", "5"), object("b", "7")];
const at = { now: 100_000, chance: 0.5 };

const listing = (failures = 0, ...pages: KubeObject[][]): State => ({ is: "listing", pages, failures });
const watching = (from: string, since = 0, failures = 0): State => ({
  is: "watching",
  from,
  since,
  failures,
});
const backingOff = (failures: number, from?: string): State => ({
  is: "backing-off",
  failures,
  ...(from === undefined ? {} : { from }),
});
const wait = (failures: number): InformerOrder<KubeObject> => ({ do: "wait", for: backOff(failures, 0.5) });
const list: InformerOrder<KubeObject> = { do: "list", whole: false };
const modified = { type: "MODIFIED", object: b } as const;
const bookmark = { type: "BOOKMARK", object: object("", "9") } as const;

const rows: [string, State, Signal, readonly [State, ...InformerOrder<KubeObject>[]]][] = [
  [
    "a page of several",
    listing(),
    { is: "listed-page", items: [a], resourceVersion: "7", continue: "c" },
    [listing(0, [a]), { ...list, continue: "c" }],
  ],
  [
    "the last page",
    listing(1, [a]),
    { is: "listed-page", items: [b], resourceVersion: "7" },
    [watching("7", at.now, 1), { do: "replace", items: [a, b] }, { do: "watch", from: "7" }],
  ],
  ["a list that failed", listing(2, [a]), { is: "list-failed" }, [backingOff(3), wait(3)]],
  ["a list that expired half way", listing(0, [a]), { is: "gone" }, [listing(), { do: "list", whole: true }]],
  ["a list that expired at once", listing(), { is: "gone" }, [backingOff(1), wait(1)]],
  [
    "events and a bookmark",
    watching("5", 1, 3),
    { is: "events", events: [modified, bookmark] },
    [watching("9", 1, 0), { do: "tell", events: [modified] }],
  ],
  ["a bookmark alone", watching("5"), { is: "events", events: [bookmark] }, [watching("9")]],
  [
    "a watch that ended in its time",
    watching("5"),
    { is: "watch-ended" },
    [watching("5", at.now), { do: "watch", from: "5" }],
  ],
  ["a watch that ended at once", watching("5", at.now), { is: "watch-ended" }, [backingOff(1, "5"), wait(1)]],
  ["a watch that failed", watching("5", 0, 1), { is: "watch-failed" }, [backingOff(2, "5"), wait(2)]],
  ["gone", watching("5"), { is: "gone" }, [listing(1), list]],
  ["gone again and again", watching("5", 0, 1), { is: "gone" }, [backingOff(2), wait(2)]],
  ["time to list", backingOff(2), { is: "timer-due" }, [listing(2), list]],
  [
    "time to watch",
    backingOff(2, "5"),
    { is: "timer-due" },
    [watching("5", at.now, 2), { do: "watch", from: "5" }],
  ],
  ["a signal of something left behind", backingOff(2), { is: "watch-ended" }, [backingOff(2)]],
];

describe("stepInformer", () => {
  test.each(rows)("%s", (_, state, signal, expected) => {
    expect(stepInformer(state, signal, at)).toEqual(expected);
  });

  test("starts by listing", () => {
    expect(startInformer()).toEqual([listing(), list]);
  });
});

test("back-off grows to its limit and never to nothing", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5000 }),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      (failures, chance) => {
        const delay = backOff(failures, chance);
        expect(delay).toBeGreaterThanOrEqual(250);
        expect(delay).toBeLessThanOrEqual(backOffMax);
        if (failures > 8) expect(delay).toBeGreaterThanOrEqual(backOffMax / 2);
      },
    ),
  );
});

const signal: fc.Arbitrary<Signal> = fc.oneof(
  fc.record({
    is: fc.constant("listed-page" as const),
    items: fc.constant([a]),
    resourceVersion: fc.constant("5"),
  }),
  fc.constantFrom<Signal>(
    { is: "listed-page", items: [a], resourceVersion: "5", continue: "c" },
    { is: "events", events: [modified] },
    { is: "list-failed" },
    { is: "watch-ended" },
    { is: "watch-failed" },
    { is: "gone" },
    { is: "timer-due" },
  ),
);

test("whatever comes, the state always has exactly the one thing under way that will end it", () => {
  const underWay = { listing: "list", watching: "watch", "backing-off": "wait" } as const;
  fc.assert(
    fc.property(fc.array(signal, { maxLength: 50 }), (signals) => {
      let [state, ...orders] = startInformer<KubeObject>();
      let running: string | undefined = orders.at(-1)?.do;
      signals.forEach((signal, step) => {
        [state, ...orders] = stepInformer(state, signal, { now: step * 700, chance: 0 });
        const started = orders
          .map((order) => order.do)
          .filter((what) => what !== "replace" && what !== "tell");
        expect(started.length).toBeLessThanOrEqual(1);
        running = started[0] ?? running;
        expect(running).toBe(underWay[state.is]);
      });
    }),
  );
});
