// Owns tests of a container's life, cell by cell: what each state makes of each signal.
import { describe, expect, it } from "vitest";
import { stepContainer } from "./step-container.ts";
import type { ContainerContext, ContainerSignal, ContainerState, Exit } from "./step-container-types.ts";

const now = 1_000_000;
const exit = (exitCode: number, id = "c1"): Exit => ({
  id,
  exitCode,
  reason: "Error",
  startedAt: now - 5000,
  finishedAt: now,
});
const memory = { attempts: 1, failures: 0 };
const live = { ...memory, id: "c1", startedAt: now - 5000, started: true, ready: true };
const ending = { ...live, deadline: now + 10_000 };

const states = {
  idle: { is: "idle", attempts: 0, failures: 0 },
  pulling: { ...memory, is: "pulling" },
  creating: { ...memory, is: "creating" },
  "creating, doomed": { ...memory, is: "creating", doomed: now + 10_000 },
  starting: { ...memory, is: "starting", id: "c1" },
  "starting, doomed": { ...memory, is: "starting", id: "c1", doomed: now + 10_000 },
  "starting, ended already": { ...memory, is: "starting", id: "c1", early: exit(1) },
  running: { ...live, is: "running", hook: "done", probes: {} },
  "running its hook": { ...live, started: false, ready: false, is: "running", hook: "running", probes: {} },
  "pre-stopping": { ...ending, is: "pre-stopping", next: "end" },
  "stopping for good": { ...ending, is: "stopping", next: "end" },
  "stopping for a restart": { ...ending, is: "stopping", next: "policy" },
  waiting: { ...memory, is: "waiting", reason: "CrashLoopBackOff", message: "", until: now, last: exit(1) },
  "waiting, too early": {
    ...memory,
    is: "waiting",
    reason: "CrashLoopBackOff",
    message: "",
    until: now + 1,
    last: exit(1),
  },
  ended: { ...memory, is: "ended", exit: exit(0) },
} as const satisfies Record<string, ContainerState>;

const signals = {
  begin: { is: "begin" },
  "image-ready": { is: "image-ready", imageRef: "i" },
  created: { is: "created", id: "c1" },
  started: { is: "started", id: "c1", at: now },
  "pull failed": { is: "failed", step: "pull", reason: "ErrImagePull", message: "no" },
  "create failed": { is: "failed", step: "create", reason: "CreateContainerError", message: "no" },
  "start failed": { is: "failed", step: "start", reason: "RunContainerError", message: "no" },
  "exited 1": { is: "exited", exit: exit(1) },
  "exited, another": { is: "exited", exit: exit(1, "c0") },
  probed: { is: "probed", id: "c1", probe: "liveness", success: false, message: "" },
  "postStart done": { is: "hooked", id: "c1", hook: "postStart" },
  "postStart failed": { is: "hooked", id: "c1", hook: "postStart", error: "no" },
  "preStop done": { is: "hooked", id: "c1", hook: "preStop" },
  due: { is: "due" },
  "stop for good": { is: "stop", deadline: now + 5000, next: "end", message: "Stopping" },
  "stop for a restart": { is: "stop", deadline: now + 5000, next: "again", message: "Changed" },
} as const satisfies Record<string, ContainerSignal>;

const context: ContainerContext = {
  spec: { name: "main", image: "i" },
  policy: "Always",
  graceSeconds: 30,
  pod: {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "a", namespace: "default", uid: "u", resourceVersion: "", creationTimestamp: "" },
  },
  now,
};

/** State and orders, in short; "same" where nothing happens. */
function outcome(
  state: ContainerState,
  signal: ContainerSignal,
  more: Partial<ContainerContext> = {},
): string {
  const [next, ...orders] = stepContainer(state, signal, { ...context, ...more });
  const told = orders
    .filter((order) => order.do !== "event")
    .map((order) => ("grace" in order ? `${order.do} ${order.grace}` : order.do));
  return next === state && orders.length === 0 ? "same" : [next.is, ...told].join(", ");
}

type Row = Partial<Record<keyof typeof signals, string>>;
const table: Record<keyof typeof states, Row> = {
  idle: { begin: "pulling, pull-image" },
  pulling: {
    "image-ready": "creating, create-container",
    "pull failed": "waiting",
    "stop for good": "idle",
    "stop for a restart": "idle",
  },
  creating: { created: "starting, start-container", "create failed": "waiting", "stop for good": "creating" },
  "creating, doomed": {
    created: "idle, remove-container",
    "create failed": "idle",
    "stop for good": "creating",
  },
  starting: {
    started: "running",
    "start failed": "pulling, pull-image",
    "exited 1": "starting",
    "stop for good": "starting",
  },
  "starting, doomed": {
    started: "stopping, stop-container 10000",
    "start failed": "ended",
    "exited 1": "starting",
    "stop for good": "starting",
  },
  "starting, ended already": {
    started: "pulling, pull-image",
    "start failed": "pulling, pull-image",
    "exited 1": "starting",
    "stop for good": "starting",
  },
  running: {
    "exited 1": "pulling, pull-image",
    "stop for good": "stopping, stop-container 5000",
    "stop for a restart": "stopping, stop-container 5000",
  },
  "running its hook": {
    "exited 1": "pulling, pull-image",
    "postStart done": "running",
    "postStart failed": "stopping, stop-container 30000",
    "stop for good": "stopping, stop-container 5000",
    "stop for a restart": "stopping, stop-container 5000",
  },
  "pre-stopping": {
    "exited 1": "ended",
    "preStop done": "stopping, stop-container 10000",
    "stop for good": "pre-stopping",
    "stop for a restart": "pre-stopping",
  },
  "stopping for good": {
    "exited 1": "ended",
    "stop for good": "stopping, stop-container 5000",
    "stop for a restart": "stopping, stop-container 5000",
  },
  "stopping for a restart": {
    "exited 1": "pulling, pull-image",
    "stop for good": "stopping, stop-container 5000",
    "stop for a restart": "stopping, stop-container 5000",
  },
  waiting: { due: "pulling, pull-image", "stop for good": "ended" },
  "waiting, too early": { "stop for good": "ended" },
  ended: {},
};

const cells = Object.entries(states).flatMap(([stateName, state]) =>
  Object.entries(signals).map(([signalName, signal]) => {
    const row: Record<string, string> = table[stateName as keyof typeof states];
    return { stateName, signalName, state, signal, expected: row[signalName] ?? "same" };
  }),
);

describe("each cell", () => {
  it.each(cells)("$stateName meets $signalName: $expected", ({ state, signal, expected }) => {
    expect(outcome(state, signal)).toBe(expected);
  });
});

describe("restart policy", () => {
  it.each([
    ["Always", 0, "pulling, pull-image"],
    ["Always", 1, "pulling, pull-image"],
    ["OnFailure", 0, "ended"],
    ["OnFailure", 1, "pulling, pull-image"],
    ["Never", 0, "ended"],
    ["Never", 1, "ended"],
  ] as const)("%s after exit %i: %s", (policy, code, expected) => {
    expect(outcome(states.running, { is: "exited", exit: exit(code) }, { policy })).toBe(expected);
  });
});

describe("back-off (S.4)", () => {
  it("is none at first, then 10 s doubling to 5 min, and starts over after 10 min of health", () => {
    let state: ContainerState = states.running;
    let at = now;
    const waits: number[] = [];
    const crashAfter = (health: number) => {
      at += health;
      const id = `c${at}`;
      const running: ContainerState = {
        ...state,
        is: "running",
        id,
        startedAt: at,
        started: true,
        ready: true,
        hook: "done",
        probes: {},
      };
      [state] = stepContainer(
        running,
        { is: "exited", exit: { id, exitCode: 1, reason: "Error", finishedAt: at } },
        { ...context, now: at },
      );
      const until: number = state.is === "waiting" ? state.until : at;
      waits.push((until - at) / 1000);
      at = until;
      if (state.is === "waiting") [state] = stepContainer(state, { is: "due" }, { ...context, now: at });
      expect(state.is).toBe("pulling");
    };
    for (let round = 0; round < 8; round++) crashAfter(1);
    crashAfter(600_001);
    crashAfter(1);
    expect(waits).toEqual(
      [0, 10, 20, 40, 80, 160, 300, 300, 0, 10].map((wait, round) =>
        round === 0 || round === 8 ? wait : expect.closeTo(wait, 1),
      ),
    );
  });
});

describe("hooks", () => {
  const spec = { name: "main", lifecycle: { postStart: { exec: {} }, preStop: { exec: {} } } };

  it("postStart comes before the container counts as started", () => {
    const [running, ...orders] = stepContainer(states.starting, signals.started, { ...context, spec });
    expect([running, orders.map((order) => order.do)]).toMatchObject([
      { is: "running", started: false, ready: false },
      ["event", "run-hook"],
    ]);
  });

  it("preStop is left out where there is no grace", () => {
    expect(outcome(states.running, { ...signals["stop for good"], deadline: now }, { spec })).toBe(
      "stopping, stop-container 0",
    );
    expect(outcome(states.running, signals["stop for good"], { spec })).toBe("pre-stopping, run-hook");
  });

  it("preStop that used up the grace leaves two seconds", () => {
    expect(outcome(states["pre-stopping"], signals["preStop done"], { now: now + 9500 })).toBe(
      "stopping, stop-container 2000",
    );
    expect(outcome(states["pre-stopping"], signals.due, { now: now + 10_000 })).toBe(
      "stopping, stop-container 2000",
    );
  });
});
