// Owns what happens in a simulation besides the cluster's own doing: drawn from the seed, listed before it begins.
import type { Millis } from "../../src/lib/units.ts";
import type { Random } from "../../src/world/random.ts";
import { seededRandom } from "../../src/world/random.ts";
import { fairWeather, type Weather } from "./link.ts";
import type { Mood } from "./node.ts";
import { seedOf } from "./process.ts";

export const faultClasses = ["network", "crash", "partition", "clock", "pods", "nodes", "users"] as const;
export type FaultClass = (typeof faultClasses)[number];

type Victim = "apiserver" | "controllers" | "scheduler" | "kubelet";

export interface SetShape {
  readonly image: string;
  readonly maxUnavailable: number | string;
  readonly maxSurge: number | string;
  readonly onDelete: boolean;
  readonly minReadySeconds: number;
  readonly selective: boolean;
  readonly tolerant: boolean;
  readonly graceSeconds: number;
}

/** `node` is drawn from all names; where there is no such node just then, nothing happens. */
export type Deed =
  | { readonly do: "weather"; readonly weather: Weather; readonly lasts: Millis }
  | { readonly do: "cut-watches" }
  | { readonly do: "crash"; readonly who: Victim; readonly node: string; readonly down: Millis }
  | {
      readonly do: "crash-after-write";
      readonly who: "controllers" | "scheduler" | "kubelet";
      readonly node: string;
      readonly down: Millis;
    }
  | { readonly do: "partition"; readonly node: string; readonly lasts: Millis }
  | { readonly do: "clock-jump"; readonly who: Victim; readonly node: string; readonly by: Millis }
  | { readonly do: "mood"; readonly node: string; readonly mood: Mood; readonly lasts: Millis }
  | { readonly do: "crash-containers"; readonly node: string }
  | { readonly do: "join"; readonly node: string; readonly labels: Readonly<Record<string, string>> }
  | { readonly do: "leave"; readonly node: string }
  | { readonly do: "relabel"; readonly node: string; readonly pool: string | null }
  | { readonly do: "taint"; readonly node: string; readonly effect: "NoSchedule" | "NoExecute" | "none" }
  | { readonly do: "cordon"; readonly node: string; readonly on: boolean }
  | { readonly do: "apply"; readonly set: string; readonly shape: SetShape }
  | { readonly do: "set-image"; readonly set: string; readonly image: string }
  | { readonly do: "set-strategy"; readonly set: string; readonly shape: SetShape }
  | { readonly do: "undo"; readonly set: string }
  | { readonly do: "delete-set"; readonly set: string; readonly propagation: "Background" | "Foreground" }
  | { readonly do: "delete-pod"; readonly node: string };

export interface Planned {
  /** Its place in the whole scenario: what `--only` names. */
  readonly id: number;
  readonly at: Millis;
  readonly deed: Deed;
}

export interface ScenarioOptions {
  readonly seed: number;
  readonly nodes: number;
  readonly duration: Millis;
  readonly faults: readonly FaultClass[];
}

export const nodeNames = (count: number): string[] =>
  Array.from({ length: count }, (_, at) => `node-${at + 1}`);
const setNames = ["agent", "logger"];
/** How often something happens, on average. */
const period: Millis = 12_000;
const settling: Millis = 20_000;

class Draw {
  private readonly random: Random;

  constructor(random: Random) {
    this.random = random;
  }

  int(from: number, to: number): number {
    return from + this.random.int(to - from + 1);
  }

  one<T>(of: readonly T[]): T {
    const drawn = of[this.random.int(of.length)];
    if (drawn === undefined) throw new Error("cannot draw from nothing");
    return drawn;
  }

  /** Mostly short, now and then very long. */
  time(most: Millis): Millis {
    return this.random.int(this.random.int(4) === 0 ? most : Math.ceil(most / 10)) + 1;
  }
}

export const pools = ["a", "b"];

function shape(draw: Draw): SetShape {
  const surges = draw.int(0, 3) === 0;
  return {
    image: `agent:${draw.int(1, 4)}`,
    maxUnavailable: surges ? 0 : draw.one([1, 1, 2, "30%", "100%"]),
    maxSurge: surges ? draw.one([1, "50%"]) : 0,
    onDelete: draw.int(0, 9) === 0,
    minReadySeconds: draw.one([0, 0, 5]),
    selective: draw.int(0, 3) === 0,
    tolerant: draw.int(0, 3) === 0,
    graceSeconds: draw.one([1, 5, 30]),
  };
}

type Making = (draw: Draw, nodes: readonly string[]) => Deed;

const victim = (draw: Draw): Victim =>
  draw.one(["apiserver", "controllers", "controllers", "scheduler", "kubelet", "kubelet"]);

const makings: Readonly<Record<FaultClass, readonly Making[]>> = {
  network: [
    (draw) => ({
      do: "weather",
      lasts: draw.time(60_000),
      weather: {
        ...fairWeather,
        latencyMax: draw.one([5, 50, 500, 3000]),
        lost: draw.one([0, 10, 100, 300]),
        conflicts: draw.one([0, 100]),
        errors: draw.one([0, 50]),
        watchCuts: draw.one([0, 20, 100]),
      },
    }),
    () => ({ do: "cut-watches" }),
  ],
  crash: [
    (draw, nodes) => ({ do: "crash", who: victim(draw), node: draw.one(nodes), down: draw.time(60_000) }),
    (draw, nodes) => ({
      do: "crash-after-write",
      who: draw.one(["controllers", "scheduler", "kubelet"]),
      node: draw.one(nodes),
      down: draw.time(10_000),
    }),
  ],
  partition: [(draw, nodes) => ({ do: "partition", node: draw.one(nodes), lasts: draw.time(180_000) })],
  clock: [
    (draw, nodes) => ({
      do: "clock-jump",
      who: victim(draw),
      node: draw.one(nodes),
      by: draw.one([-1, 1]) * draw.time(120_000),
    }),
  ],
  pods: [
    (draw, nodes) => ({
      do: "mood",
      node: draw.one(nodes),
      mood: draw.one(["crash", "hang-at-start", "refuse-start", "ignore-term", "fail-probe", "no-image"]),
      lasts: draw.time(120_000),
    }),
    (draw, nodes) => ({ do: "crash-containers", node: draw.one(nodes) }),
  ],
  nodes: [
    (draw, nodes) => ({ do: "join", node: draw.one(nodes), labels: { pool: draw.one(pools) } }),
    (draw, nodes) => ({ do: "leave", node: draw.one(nodes) }),
    (draw, nodes) => ({ do: "relabel", node: draw.one(nodes), pool: draw.one([...pools, null]) }),
    (draw, nodes) => ({
      do: "taint",
      node: draw.one(nodes),
      effect: draw.one(["NoSchedule", "NoExecute", "none", "none"]),
    }),
    (draw, nodes) => ({ do: "cordon", node: draw.one(nodes), on: draw.int(0, 1) === 0 }),
  ],
  users: [
    (draw) => ({ do: "apply", set: draw.one(setNames), shape: shape(draw) }),
    (draw) => ({ do: "set-image", set: draw.one(setNames), image: `agent:${draw.int(1, 6)}` }),
    (draw) => ({ do: "set-image", set: draw.one(setNames), image: `agent:${draw.int(1, 6)}` }),
    (draw) => ({ do: "set-strategy", set: draw.one(setNames), shape: shape(draw) }),
    (draw) => ({ do: "undo", set: draw.one(setNames) }),
    (draw) => ({
      do: "delete-set",
      set: draw.one(setNames),
      propagation: draw.one(["Background", "Foreground"]),
    }),
    (draw, nodes) => ({ do: "delete-pod", node: draw.one(nodes) }),
  ],
};

/** All that will be done to the cluster, in order. */
export function planScenario({ seed, nodes, duration, faults }: ScenarioOptions): Planned[] {
  const draw = new Draw(seededRandom(seedOf(seed, "scenario")));
  // Two more names than nodes: those that join later.
  const names = nodeNames(nodes + 2);
  const deeds: { at: Millis; deed: Deed }[] = [
    { at: settling, deed: { do: "apply", set: "agent", shape: { ...shape(draw), onDelete: false } } },
  ];
  const count = faults.length === 0 ? 0 : Math.ceil((duration - settling) / period);
  for (let made = 0; made < count; made++) {
    const making = draw.one(makings[draw.one(faults)]);
    deeds.push({ at: draw.int(settling, duration), deed: making(draw, names) });
  }
  return deeds.sort((one, other) => one.at - other.at).map((planned, id) => ({ id, ...planned }));
}
