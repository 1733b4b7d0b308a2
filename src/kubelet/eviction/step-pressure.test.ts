// Owns the proof of when a node is short of something, and when it no longer is.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { evictionSettings, parseThreshold } from "../../model/kubelet-configuration/eviction-settings.ts";
import { noPressure, stepPressure, type PressureState, type Readings } from "./step-pressure.ts";

const settings = evictionSettings({
  evictionHard: { "memory.available": "100", "nodefs.available": "10%", "nodefs.inodesFree": "0%" },
  evictionSoft: { "memory.available": "200", "pid.available": "50" },
  evictionSoftGracePeriod: { "memory.available": 60_000, "pid.available": 60_000 },
  evictionMinimumReclaim: { "nodefs.available": "20" },
  evictionPressureTransitionPeriod: 300_000,
});

const reading = (memory: number, disk = 500, pids = 500): Readings => ({
  "memory.available": { available: memory, capacity: 1000 },
  "nodefs.available": { available: disk, capacity: 1000 },
  "pid.available": { available: pids, capacity: 1000 },
});

/** What follows from readings at these times, in seconds. */
function walk(...steps: readonly (readonly [number, Readings])[]): string[] {
  let state: PressureState = noPressure;
  return steps.map(([seconds, readings]) => {
    const step = stepPressure(state, readings, settings, seconds * 1000);
    state = step.state;
    const due = step.due.map(({ signal, isHard }) => `${signal} ${isHard ? "hard" : "soft"}`);
    return [...step.pressures, ...due].join(", ");
  });
}

describe("the pressure on a node", () => {
  const rows: readonly (readonly [string, readonly string[], readonly string[]])[] = [
    ["is none with enough of all", walk([0, reading(500)]), [""]],
    ["is not there at the very threshold", walk([0, reading(200)]), [""]],
    [
      "comes at once below a hard threshold, and evicts at once",
      walk([0, reading(99)]),
      ["MemoryPressure, memory.available hard"],
    ],
    [
      "below a soft one it comes at once, and evicts when the grace is over",
      walk([0, reading(150)], [59, reading(150)], [60, reading(150)]),
      ["MemoryPressure", "MemoryPressure", "MemoryPressure, memory.available soft"],
    ],
    [
      "a recovery in between starts the grace anew",
      walk([0, reading(150)], [50, reading(300)], [55, reading(150)], [70, reading(150)]),
      ["MemoryPressure", "MemoryPressure", "MemoryPressure", "MemoryPressure"],
    ],
    [
      "the condition lingers for the transition period, evictions don't",
      walk([0, reading(99)], [10, reading(500)], [299, reading(500)], [300, reading(500)]),
      ["MemoryPressure, memory.available hard", "MemoryPressure", "MemoryPressure", ""],
    ],
    [
      "evicts on until what is to be reclaimed beyond the threshold is",
      walk([0, reading(500, 99)], [10, reading(500, 119)], [20, reading(500, 120)]),
      ["DiskPressure, nodefs.available hard", "DiskPressure, nodefs.available hard", "DiskPressure"],
    ],
    [
      "memory comes before disk",
      walk([0, reading(50, 50)]),
      ["MemoryPressure, DiskPressure, memory.available hard, nodefs.available hard"],
    ],
    ["of processes has a condition of its own", walk([0, reading(500, 500, 40)]), ["PIDPressure"]],
    ["is not guessed where the machine doesn't tell", walk([0, {}]), [""]],
  ];
  it.each(rows)("%s", (_what, found, expected) => {
    expect(found).toEqual(expected);
  });

  it("nothing is evicted without its condition, nor for a soft threshold before its grace", () => {
    const steps = fc.array(fc.tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 0, max: 400 })));
    fc.assert(
      fc.property(steps, (steps) => {
        let state: PressureState = noPressure;
        let now = 0;
        let below: number | undefined;
        for (const [seconds, memory] of steps) {
          now += seconds * 1000;
          below = memory < 200 ? (below ?? now) : undefined;
          const step = stepPressure(state, reading(memory), settings, now);
          state = step.state;
          if (step.due.length > 0) expect(step.pressures).toContain("MemoryPressure");
          const soft = step.due.some(({ isHard }) => !isHard);
          expect(soft).toBe(below !== undefined && now - below >= 60_000);
        }
      }),
    );
  });
});

describe("a threshold", () => {
  it.each([
    ["100Mi", { is: "amount", amount: 104_857_600 }],
    ["10%", { is: "share", share: 0.1 }],
    ["7.5%", { is: "share", share: 0.075 }],
    ["101%", undefined],
    ["-1Mi", undefined],
    ["much", undefined],
  ])("%s", (text, amount) => {
    expect(parseThreshold(text)).toEqual(amount);
  });

  it("is upstream's where none is given, and only the one given otherwise, unless they are to be merged", () => {
    const signalsOf = (of: Parameters<typeof evictionSettings>[0]) =>
      evictionSettings(of).thresholds.map(({ signal }) => signal);
    expect(signalsOf({})).toEqual(["memory.available", "nodefs.available", "nodefs.inodesFree"]);
    const evictionHard = { "pid.available": "5%" };
    expect(signalsOf({ evictionHard })).toEqual(["pid.available"]);
    expect(signalsOf({ evictionHard, mergeDefaultEvictionSettings: true })).toHaveLength(4);
  });
});
