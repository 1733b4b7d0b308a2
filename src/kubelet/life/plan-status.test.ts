// Owns tests of what the API is told of a pod (K.2).
import { describe, expect, it } from "vitest";
import type { Pod, PodSpec, PodStatus } from "../../model/generated/types.ts";
import { planStatus } from "./plan-status.ts";
import type { ContainerState, Exit } from "./step-container-types.ts";
import type { PodState } from "./step-pod-types.ts";

const now = Date.UTC(2026, 0, 1);
const at = "2026-01-01T00:00:00Z";
const facts = { hostIp: "10.0.0.1", runtimeName: "fake" };
const podOf = (spec: Partial<PodSpec> = {}): Pod => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "a", namespace: "default", uid: "u", resourceVersion: "1", creationTimestamp: at },
  spec: { containers: [{ name: "main", image: "i" }], restartPolicy: "Always", ...spec },
});
const memory = { attempts: 1, failures: 0 };
const exit = (exitCode: number): Exit => ({
  id: "c1",
  exitCode,
  reason: exitCode === 0 ? "Completed" : "Error",
  startedAt: now,
  finishedAt: now,
});
const idle: ContainerState = { is: "idle", attempts: 0, failures: 0 };
const running: ContainerState = {
  ...memory,
  is: "running",
  id: "c1",
  startedAt: now,
  started: true,
  ready: true,
  hook: "done",
  probes: {},
};
const unready: ContainerState = { ...running, ready: false };
const ended = (code: number): ContainerState => ({ ...memory, is: "ended", exit: exit(code) });
const crashing: ContainerState = {
  ...memory,
  is: "waiting",
  reason: "CrashLoopBackOff",
  message: "",
  until: now,
  last: exit(1),
};
const sandbox = { id: "s", ips: ["10.1.0.5"] };

type Stage = { is: "running" | "ended" | "preparing"; verdict?: PodState["verdict"] };
function stateOf(
  containers: Record<string, ContainerState>,
  spec: Partial<PodSpec> = {},
  stage: Stage = { is: "running" },
): PodState {
  const { is, verdict } = stage;
  const base = { pod: podOf(spec), containers, startTime: now, sandboxes: 1, setbacks: 0, verdict };
  return is === "running" ? { ...base, is, sandbox } : { ...base, is };
}
const plan = (state: PodState, before?: PodStatus, time = now) => planStatus(state, before, facts, time);
const init = { initContainers: [{ name: "init" }] };
const side = { initContainers: [{ name: "init", restartPolicy: "Always" }] };

describe("phase", () => {
  it.each<[string, PodState, string]>([
    ["nothing made yet", stateOf({ main: idle }, {}, { is: "preparing" }), "Pending"],
    ["main not begun", stateOf({ main: idle }), "Pending"],
    ["init running", stateOf({ init: running, main: idle }, init), "Pending"],
    ["init failed and tried again", stateOf({ init: crashing, main: idle }, init), "Pending"],
    ["running", stateOf({ main: running }), "Running"],
    ["crashing", stateOf({ main: crashing }), "Running"],
    [
      "one of two not begun",
      stateOf({ main: running, b: idle }, { containers: [{ name: "main" }, { name: "b" }] }),
      "Pending",
    ],
    ["sidecar still running after main", stateOf({ init: running, main: ended(0) }, side), "Running"],
    ["all done", stateOf({ main: ended(0) }, {}, { is: "ended" }), "Succeeded"],
    [
      "all done, one badly",
      stateOf(
        { main: ended(0), b: ended(1) },
        { containers: [{ name: "main" }, { name: "b" }] },
        { is: "ended" },
      ),
      "Failed",
    ],
    ["init failed for good", stateOf({ init: ended(1), main: idle }, init, { is: "ended" }), "Failed"],
    [
      "evicted while it ran",
      stateOf({ main: running }, {}, { is: "running", verdict: { reason: "Evicted", message: "m" } }),
      "Running",
    ],
    [
      "evicted",
      stateOf({ main: ended(0) }, {}, { is: "ended", verdict: { reason: "Evicted", message: "m" } }),
      "Failed",
    ],
  ])("%s: %s", (_name, state, phase) => {
    expect(plan(state).phase).toBe(phase);
  });
});

describe("conditions", () => {
  const statusOf = (state: PodState) =>
    Object.fromEntries(
      (plan(state).conditions ?? []).map(({ type, status, reason }) => [type, [status, reason]]),
    );

  it("of a pod that initializes name what is not there yet", () => {
    expect(statusOf(stateOf({ init: running, main: idle }, init))).toEqual({
      PodReadyToStartContainers: ["True", undefined],
      Initialized: ["False", "ContainersNotInitialized"],
      Ready: ["False", "ContainersNotReady"],
      ContainersReady: ["False", "ContainersNotReady"],
      PodScheduled: ["True", undefined],
    });
  });

  it("of a pod with unready containers list them", () => {
    const ready = plan(stateOf({ main: unready })).conditions?.find(({ type }) => type === "Ready");
    expect(ready).toMatchObject({ status: "False", message: "containers with unready status: [main]" });
  });

  it("of a pod that is done say so", () => {
    expect(statusOf(stateOf({ main: ended(0) }, {}, { is: "ended" }))).toMatchObject({
      Initialized: ["True", "PodCompleted"],
      Ready: ["False", "PodCompleted"],
    });
  });

  it("wait for readiness gates", () => {
    const state = stateOf({ main: running }, { readinessGates: [{ conditionType: "lb" }] });
    const readyWith = (status: string) =>
      plan(state, { conditions: [{ type: "lb", status }] }).conditions?.find(({ type }) => type === "Ready")
        ?.status;
    expect([readyWith("False"), readyWith("True")]).toEqual(["False", "True"]);
  });

  it("keep others' conditions, and the time of the last change while nothing changes", () => {
    const first = plan(stateOf({ main: running }), {
      conditions: [{ type: "DisruptionTarget", status: "True" }],
    });
    const later = now + 60_000;
    const second = plan(stateOf({ main: running }), first, later);
    expect(second).toEqual(first);
    const third = plan(stateOf({ main: unready }), second, later);
    const timeOf = (type: string) =>
      third.conditions?.find((condition) => condition.type === type)?.lastTransitionTime;
    expect([timeOf("Initialized"), timeOf("Ready")]).toEqual([at, "2026-01-01T00:01:00Z"]);
  });
});

describe("containers", () => {
  it("are told with state, last state, restart count and ID", () => {
    const state = stateOf({ main: { ...running, attempts: 3, last: exit(137), imageRef: "sha" } });
    expect(plan(state).containerStatuses).toEqual([
      {
        name: "main",
        image: "i",
        imageID: "sha",
        containerID: "fake://c1",
        ready: true,
        started: true,
        restartCount: 2,
        state: { running: { startedAt: at } },
        lastState: {
          terminated: {
            exitCode: 137,
            reason: "Error",
            startedAt: at,
            finishedAt: at,
            containerID: "fake://c1",
          },
        },
      },
    ]);
  });

  it.each([
    [{}, "ContainerCreating"],
    [init, "PodInitializing"],
  ])("that have not begun wait for %j: %s", (spec, reason) => {
    const state = stateOf({ init: running, main: idle }, spec);
    expect(plan(state).containerStatuses?.[0]?.state).toEqual({ waiting: { reason } });
  });

  it("are not told of a pod that was refused", () => {
    const status = plan(
      stateOf({ main: idle }, {}, { is: "ended", verdict: { reason: "OutOfcpu", message: "m" } }),
    );
    expect(status).toMatchObject({ phase: "Failed", reason: "OutOfcpu", message: "m" });
    expect(status.containerStatuses).toBeUndefined();
  });
});

describe("addresses", () => {
  it("are the sandbox's, or the host's where it has none of its own", () => {
    const state = stateOf({ main: running });
    expect(plan(state)).toMatchObject({
      podIP: "10.1.0.5",
      podIPs: [{ ip: "10.1.0.5" }],
      hostIP: "10.0.0.1",
    });
    const onHost: PodState = state.is === "running" ? { ...state, sandbox: { id: "s", ips: [] } } : state;
    expect(plan(onHost).podIP).toBe("10.0.0.1");
  });
});

it.each<[string, Record<string, unknown>, string]>([
  ["nothing", {}, "BestEffort"],
  ["a request", { requests: { cpu: "1" } }, "Burstable"],
  ["limits of both", { limits: { cpu: "1", memory: "1Gi" } }, "Guaranteed"],
  [
    "a request below its limit",
    { limits: { cpu: "1", memory: "1Gi" }, requests: { cpu: "500m" } },
    "Burstable",
  ],
  ["a limit of one only", { limits: { cpu: "1" } }, "Burstable"],
])("a pod with %s is %s", (_name, resources, expected) => {
  const pod = podOf({ containers: [{ name: "main", resources }] });
  const state: PodState = { is: "preparing", pod, containers: {}, startTime: now, sandboxes: 0, setbacks: 0 };
  expect(planStatus(state, undefined, facts, now).qosClass).toBe(expected);
});
