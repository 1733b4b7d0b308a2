// Owns the faults by name and class, and how each is drawn.
import type { Millis } from "../../src/lib/units.ts";
import type { Random } from "../../src/world/random.ts";
import type { Component, Deed, Flaw, SetShape, Victim } from "./deeds.ts";
import { fairWeather } from "./link.ts";
import { moods, type Mood } from "./node.ts";

export class Draw {
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
const staticPods = ["static-a", "static-b"];
const staticFiles = ["a.yaml", "b.yaml"];

export function shape(draw: Draw): SetShape {
  const surges = draw.int(0, 3) === 0;
  return {
    image: `agent:${draw.int(1, 4)}`,
    maxUnavailable: surges ? 0 : draw.one([1, 1, 2, "30%", "100%"]),
    maxSurge: surges ? draw.one([1, "50%"]) : 0,
    onDelete: draw.int(0, 9) === 0,
    minReadySeconds: draw.one([0, 0, 5, 15]),
    selective: draw.int(0, 3) === 0,
    tolerant: draw.int(0, 3) === 0,
    graceSeconds: draw.one([1, 5, 30]),
    alive: draw.int(0, 3) === 0,
  };
}

export interface Later {
  readonly after: Millis;
  readonly deed: Deed;
}
/** One deed, or several that belong together. */
type Making = (draw: Draw, nodes: readonly string[]) => Deed | readonly Later[];

const victim = (draw: Draw): Victim =>
  draw.one(["apiserver", "controllers", "controllers", "scheduler", "kubelet", "kubelet"]);
const anySet = (draw: Draw): string => draw.one(["agent", "agent", "logger"]);
const image = (draw: Draw): string => `agent:${draw.int(1, 6)}`;

const network = {
  weather: (draw: Draw): Deed => ({
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
  "cut-watches": (): Deed => ({ do: "cut-watches" }),
};

const conflicts = {
  "forced-conflicts": (draw: Draw): Deed => ({
    do: "weather",
    lasts: draw.time(60_000),
    weather: { ...fairWeather, rejected: draw.one([50, 300, 700]) },
  }),
};

const stale = {
  "stale-reads": (draw: Draw): Deed => ({
    do: "stale-reads",
    lag: draw.one([50, 500, 2000, 5000]),
    ofThousand: draw.one([0, 500, 1000]),
    lasts: draw.time(60_000),
  }),
};

const crash = {
  crash: (draw: Draw, nodes: readonly string[]): Deed => ({
    do: "crash",
    who: victim(draw),
    node: draw.one(nodes),
    down: draw.time(60_000),
  }),
  "crash-after-write": (draw: Draw, nodes: readonly string[]): Deed => ({
    do: "crash-after-write",
    who: draw.one<Component>(["controllers", "scheduler", "kubelet"]),
    node: draw.one(nodes),
    down: draw.time(10_000),
  }),
};

const disk = {
  "disk-full": (draw: Draw): Deed => ({ do: "disk-full", lasts: draw.time(60_000) }),
  "disk-slow": (draw: Draw): Deed => ({
    do: "disk-slow",
    syncMax: draw.one([50, 500, 3000]),
    lasts: draw.time(60_000),
  }),
  "torn-write": (draw: Draw): Deed => ({ do: "torn-write", down: draw.time(20_000) }),
};

const partition = {
  partition: (draw: Draw, nodes: readonly string[]): Deed => ({
    do: "partition",
    node: draw.one(nodes),
    lasts: draw.time(180_000),
  }),
};

const jump = (draw: Draw, nodes: readonly string[], by: Millis): Deed => ({
  do: "clock-jump",
  who: victim(draw),
  node: draw.one(nodes),
  by: draw.one([-1, 1]) * by,
});

const clock = {
  "clock-jump": (draw: Draw, nodes: readonly string[]): Deed => jump(draw, nodes, draw.time(120_000)),
  "clock-skew": (draw: Draw, nodes: readonly string[]): Deed => jump(draw, nodes, draw.int(1, 3000)),
};

const inMood =
  (mood: Mood): Making =>
  (draw, nodes) => ({ do: "mood", node: draw.one(nodes), mood, lasts: draw.time(120_000) });

const pods: Readonly<Record<string, Making>> = {
  ...Object.fromEntries(moods.map((mood) => [`pods-${mood}`, inMood(mood)])),
  "containers-die": (draw, nodes) => ({ do: "crash-containers", node: draw.one(nodes) }),
};

const nodesFaults: Readonly<Record<string, Making>> = {
  "node-joins": (draw, nodes) => ({ do: "join", node: draw.one(nodes), labels: { pool: draw.one(pools) } }),
  "node-leaves": (draw, nodes) => ({ do: "leave", node: draw.one(nodes) }),
  "node-reboots": (draw, nodes) => ({ do: "reboot", node: draw.one(nodes), down: draw.time(120_000) }),
  "node-relabelled": (draw, nodes) => ({
    do: "relabel",
    node: draw.one(nodes),
    pool: draw.one([...pools, null]),
  }),
  "node-tainted": (draw, nodes) => ({
    do: "taint",
    node: draw.one(nodes),
    effect: draw.one(["NoSchedule", "NoExecute", "none", "none"]),
  }),
  "node-cordoned": (draw, nodes) => ({ do: "cordon", node: draw.one(nodes), on: draw.int(0, 1) === 0 }),
};

const users: Readonly<Record<string, Making>> = {
  apply: (draw) => ({ do: "apply", set: anySet(draw), shape: shape(draw) }),
  "set-image": (draw) => ({ do: "set-image", set: anySet(draw), image: image(draw) }),
  "set-strategy": (draw) => ({ do: "set-strategy", set: anySet(draw), shape: shape(draw) }),
  undo: (draw) => ({ do: "undo", set: anySet(draw) }),
  "delete-set": (draw) => ({
    do: "delete-set",
    set: anySet(draw),
    propagation: draw.one(["Background", "Foreground"]),
  }),
  "delete-pod": (draw, nodes) => ({ do: "delete-pod", node: draw.one(nodes) }),
  nonsense: (draw) => ({ do: "nonsense", which: draw.int(0, 99) }),
};

/** A rollout begins, and before it can be done something comes in between. */
const rollouts: Readonly<Record<string, Making>> = {
  "edit-mid-rollout": (draw) => {
    const set = anySet(draw);
    return [
      { after: 0, deed: { do: "set-image", set, image: image(draw) } },
      {
        after: draw.int(50, 15_000),
        deed: draw.one<Deed>([
          { do: "set-image", set, image: image(draw) },
          { do: "undo", set },
          { do: "set-strategy", set, shape: shape(draw) },
        ]),
      },
    ];
  },
  "node-leaves-mid-rollout": (draw, nodes) => {
    const node = draw.one(nodes);
    const left = draw.int(50, 15_000);
    return [
      { after: 0, deed: { do: "set-image", set: anySet(draw), image: image(draw) } },
      { after: left, deed: { do: "leave", node } },
      {
        after: left + draw.int(50, 60_000),
        deed: { do: "join", node, labels: { pool: draw.one(pools) } },
      },
    ];
  },
};

const owners: Readonly<Record<string, Making>> = {
  /** Its pods stay; mostly the set comes again, or another that selects them. */
  orphan: (draw) => {
    const set = anySet(draw);
    const again = { do: "apply", set: draw.one([set, set, "broad"]), shape: shape(draw) } as const;
    return [
      { after: 0, deed: { do: "delete-set", set, propagation: "Orphan" } },
      ...(draw.int(0, 3) === 0 ? [] : [{ after: draw.int(10, 40_000), deed: again }]),
    ];
  },
  overlap: (draw) => [
    { after: 0, deed: { do: "apply", set: "broad", shape: shape(draw) } },
    {
      after: draw.int(5000, 60_000),
      deed: { do: "delete-set", set: "broad", propagation: draw.one(["Background", "Foreground", "Orphan"]) },
    },
  ],
  "label-pod": (draw, nodes) => ({
    do: "label-pod",
    node: draw.one(nodes),
    app: draw.one(["agent", "logger", "other", null]),
  }),
};

const put = (draw: Draw, node: string, file = draw.one(staticFiles)): Deed => ({
  do: "put-manifest",
  node,
  file,
  pod: draw.one([staticPods[staticFiles.indexOf(file)] ?? "static-a", ...staticPods]),
  image: `static:${draw.int(1, 4)}`,
  how: draw.one(["whole", "whole", "in-halves"]),
});

const statics: Readonly<Record<string, Making>> = {
  "manifest-put": (draw, nodes) => put(draw, draw.one(nodes)),
  "manifest-removed": (draw, nodes) => ({
    do: "remove-manifest",
    node: draw.one(nodes),
    file: draw.one([...staticFiles, "c.yaml", "a.yaml~", ".a.yaml.swp"]),
  }),
  "manifest-broken": (draw, nodes) => ({
    do: "break-manifest",
    node: draw.one(nodes),
    file: draw.one(staticFiles),
    flaw: draw.one<Flaw>(["yaml", "kind", "reference", "empty"]),
    lasts: draw.time(120_000),
  }),
  "manifest-copied": (draw, nodes) => ({
    do: "copy-manifest",
    node: draw.one(nodes),
    file: draw.one(staticFiles),
    to: draw.one(["c.yaml", "0.yaml", "a.yaml~", ".a.yaml.swp", "b.yaml.bak"]),
  }),
  "folder-lost": (draw, nodes) => ({
    do: "lose-folder",
    node: draw.one(nodes),
    state: draw.one(["gone", "unreadable", "unmounted"]),
    lasts: draw.time(120_000),
  }),
  "folder-deaf": (draw, nodes) => ({
    do: "deafen-folder",
    node: draw.one(nodes),
    lasts: draw.time(120_000),
  }),
  "mirror-deleted": (draw, nodes) => ({ do: "delete-mirror", node: draw.one(nodes) }),
  "mirror-edited": (draw, nodes) => ({
    do: "edit-mirror",
    node: draw.one(nodes),
    what: draw.one(["label", "image", "hash"]),
  }),
};

const makings = {
  network,
  crash,
  partition,
  clock,
  pods,
  nodes: nodesFaults,
  users,
  conflicts,
  stale,
  disk,
  rollouts,
  owners,
  statics,
} satisfies Readonly<Record<string, Readonly<Record<string, Making>>>>;

export type FaultClass = keyof typeof makings;
/** A class, or one of its faults by name. */
export type Fault = string;

// The keys are those that the object was written with.
export const faultClasses = Object.keys(makings) as readonly FaultClass[];
const byClass: Readonly<Record<string, Readonly<Record<string, Making>>>> = makings;

/** Every fault by its class. */
export const faultNames: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  faultClasses.map((name) => [name, Object.keys(makings[name])]),
);

const makingsOf = (fault: Fault): readonly Making[] =>
  Object.values(byClass[fault] ?? {}).concat(
    faultClasses.flatMap((name) => byClass[name]?.[fault] ?? []).filter(() => byClass[fault] === undefined),
  );

export const isFault = (name: string): boolean => makingsOf(name).length > 0;

export function drawFault(draw: Draw, faults: readonly Fault[], nodes: readonly string[]): readonly Later[] {
  const made = draw.one(makingsOf(draw.one(faults)))(draw, nodes);
  return "do" in made ? [{ after: 0, deed: made }] : made;
}

/** What is there from the beginning where the class is chosen. */
export function firstDeeds(draw: Draw, faults: readonly Fault[], nodes: readonly string[]): Deed[] {
  const wanted = faults.some((fault) => fault === "statics" || Object.keys(statics).includes(fault));
  return wanted
    ? nodes.map((node) => ({
        do: "put-manifest",
        node,
        file: "a.yaml",
        pod: "static-a",
        image: `static:${draw.int(1, 4)}`,
        how: "whole",
      }))
    : [];
}
