// Owns the proof of what is read from a pod: readiness, class of service, its summary, and what of it may change.
import { describe, expect, test } from "vitest";
import { podBody, podWith, shown, stored } from "../kinds/kinds.fixture.ts";
import { pod } from "../kinds/pod.ts";
import type { PodSpec } from "../generated/types.ts";
import { controllerOf } from "../owner.ts";
import { addDefaultTolerations, addPriority } from "./admission.ts";
import { summarizePod } from "./pod-summary.ts";
import { podQos } from "./qos.ts";
import { isPodAvailable, isPodReady, readySince } from "./readiness.ts";
import { validatePodUpdate } from "./validate-pod-update.ts";

const ready = (status: string): object => ({
  conditions: [{ type: "Ready", status, lastTransitionTime: "2026-01-01T00:00:10Z" }],
});
const second = (count: number): number => Date.UTC(2026, 0, 1, 0, 0, count);

describe("readiness", () => {
  test.each<[string, object, { after: number; at: number }, boolean]>([
    ["not ready", ready("False"), { after: 0, at: 100 }, false],
    ["no condition yet", {}, { after: 0, at: 100 }, false],
    ["ready is enough without minReadySeconds", ready("True"), { after: 0, at: 0 }, true],
    ["D.11: not for long enough", ready("True"), { after: 5, at: 14 }, false],
    ["D.11: just long enough", ready("True"), { after: 5, at: 15 }, true],
  ])("%s", (_name, status, { after, at }, expected) => {
    expect(isPodAvailable(podWith({ status }), after, second(at))).toBe(expected);
  });

  test("since when", () => {
    expect(readySince(podWith({ status: ready("True") }))).toBe(second(10));
    expect(readySince(podWith({ status: ready("False") }))).toBeUndefined();
    expect(isPodReady(podWith({}))).toBe(false);
  });
});

test("the controller is the owner that says so", () => {
  const owner = { apiVersion: "v1", kind: "Node", name: "n", uid: "1" };
  expect(
    controllerOf({ metadata: { ownerReferences: [owner, { ...owner, uid: "2", controller: true }] } })?.uid,
  ).toBe("2");
  expect(controllerOf({ metadata: { ownerReferences: [owner] } })).toBeUndefined();
});

const cpuAndMemory = { cpu: "1", memory: "1Gi" };
test.each<[string, object[], string]>([
  ["asks for nothing", [{}], "BestEffort"],
  ["other resources do not count", [{ requests: { "ephemeral-storage": "1Gi" } }], "BestEffort"],
  ["limits alone", [{ limits: cpuAndMemory }], "Guaranteed"],
  [
    "equal in other words",
    [{ limits: cpuAndMemory, requests: { cpu: "1000m", memory: "1024Mi" } }],
    "Guaranteed",
  ],
  ["only cpu", [{ limits: { cpu: "1" } }], "Burstable"],
  ["less than the limit", [{ limits: cpuAndMemory, requests: { cpu: "500m" } }], "Burstable"],
  ["one of two", [{ limits: cpuAndMemory }, {}], "Burstable"],
])("class of service: %s", (_name, resources, expected) => {
  const containers = resources.map((demand, index) => ({ name: `c${index}`, resources: demand }));
  expect(podQos(podWith({ spec: { containers } }))).toBe(expected);
});

describe("status in one word", () => {
  const running = { state: { running: {} }, ready: true };
  const waiting = (reason: string) => ({ state: { waiting: { reason } }, ready: false });
  const ended = (more: object) => ({ state: { terminated: more }, ready: false });
  const containers = (...statuses: object[]) => ({
    containerStatuses: statuses.map((status, index) => ({ name: `c${index}`, restartCount: 0, ...status })),
  });
  const inits = (...statuses: object[]) => ({
    initContainerStatuses: statuses.map((status, index) => ({
      name: `i${index}`,
      restartCount: 0,
      ...status,
    })),
  });
  const initSpec = { initContainers: [{ name: "i0" }, { name: "i1" }] };
  const sidecarSpec = { initContainers: [{ name: "i0", restartPolicy: "Always" }] };

  test.each<[string, { metadata?: object; spec?: object; status?: object }, string]>([
    ["Pending", { status: { phase: "Pending" } }, "Pending 0/1"],
    ["Running", { status: { phase: "Running", ...containers(running) } }, "Running 1/1"],
    [
      "ContainerCreating",
      { status: { phase: "Pending", ...containers(waiting("ContainerCreating")) } },
      "ContainerCreating 0/1",
    ],
    [
      "K: CrashLoopBackOff",
      { status: { phase: "Running", ...containers(waiting("CrashLoopBackOff")) } },
      "CrashLoopBackOff 0/1",
    ],
    [
      "Completed",
      { status: { phase: "Succeeded", ...containers(ended({ exitCode: 0, reason: "Completed" })) } },
      "Completed 0/1",
    ],
    [
      "Error",
      { status: { phase: "Failed", ...containers(ended({ exitCode: 1, reason: "Error" })) } },
      "Error 0/1",
    ],
    [
      "exit code without a reason",
      { status: { phase: "Failed", ...containers(ended({ exitCode: 3 })) } },
      "ExitCode:3 0/1",
    ],
    [
      "signal without a reason",
      { status: { phase: "Failed", ...containers(ended({ exitCode: 137, signal: 9 })) } },
      "Signal:9 0/1",
    ],
    ["evicted", { status: { phase: "Failed", reason: "Evicted" } }, "Evicted 0/1"],
    [
      "one done, one runs, pod ready",
      {
        status: {
          phase: "Running",
          ...ready("True"),
          ...containers(ended({ exitCode: 0, reason: "Completed" }), running),
        },
      },
      "Running 1/1",
    ],
    [
      "one done, one runs, pod not ready",
      {
        status: {
          phase: "Running",
          ...ready("False"),
          ...containers(ended({ exitCode: 0, reason: "Completed" }), running),
        },
      },
      "NotReady 1/1",
    ],
    [
      "first init",
      { spec: initSpec, status: { phase: "Pending", ...inits(running, waiting("PodInitializing")) } },
      "Init:0/2 0/1",
    ],
    [
      "second init",
      {
        spec: initSpec,
        status: { phase: "Pending", ...inits(ended({ exitCode: 0 }), waiting("PodInitializing")) },
      },
      "Init:1/2 0/1",
    ],
    [
      "init waits for its image",
      { spec: initSpec, status: { phase: "Pending", ...inits(waiting("ErrImagePull")) } },
      "Init:ErrImagePull 0/1",
    ],
    [
      "init failed",
      { spec: initSpec, status: { phase: "Pending", ...inits(ended({ exitCode: 2 })) } },
      "Init:ExitCode:2 0/1",
    ],
    [
      "init failed with a reason",
      { spec: initSpec, status: { phase: "Pending", ...inits(ended({ exitCode: 2, reason: "Error" })) } },
      "Init:Error 0/1",
    ],
    [
      "a sidecar counts",
      {
        spec: sidecarSpec,
        status: { phase: "Running", ...inits({ ...running, started: true }), ...containers(running) },
      },
      "Running 2/2",
    ],
    [
      "a sidecar that has not started",
      {
        spec: sidecarSpec,
        status: { phase: "Pending", ...inits({ ...running, ready: false, started: false }) },
      },
      "Init:0/1 0/2",
    ],
    [
      "Terminating",
      {
        metadata: { deletionTimestamp: "2026-01-01T00:00:00Z" },
        status: { phase: "Running", ...containers(running) },
      },
      "Terminating 1/1",
    ],
    [
      "deleted, but over already",
      {
        metadata: { deletionTimestamp: "2026-01-01T00:00:00Z" },
        status: { phase: "Succeeded", ...containers(ended({ exitCode: 0, reason: "Completed" })) },
      },
      "Completed 0/1",
    ],
    [
      "its node is lost",
      {
        metadata: { deletionTimestamp: "2026-01-01T00:00:00Z" },
        status: { phase: "Running", reason: "NodeLost" },
      },
      "Unknown 0/1",
    ],
    [
      "gated",
      {
        status: {
          phase: "Pending",
          conditions: [{ type: "PodScheduled", status: "False", reason: "SchedulingGated" }],
        },
      },
      "SchedulingGated 0/1",
    ],
  ])("%s", (_name, given, expected) => {
    const summary = summarizePod(podWith(given));
    expect(`${summary.status} ${summary.ready}/${summary.total}`).toBe(expected);
  });

  test("restarts of ordinary init containers are forgotten once the pod runs, those of sidecars are not", () => {
    const last = (finishedAt: string) => ({ lastState: { terminated: { exitCode: 1, finishedAt } } });
    const spec = { initContainers: [{ name: "i0" }, { name: "i1", restartPolicy: "Always" }] };
    const status = {
      phase: "Running",
      ...inits(
        { ...ended({ exitCode: 0 }), restartCount: 7, ...last("2026-01-01T09:00:00Z") },
        { ...running, started: true, restartCount: 2, ...last("2026-01-01T02:00:00Z") },
      ),
      ...containers({ ...running, restartCount: 1, ...last("2026-01-01T01:00:00Z") }),
    };
    expect(summarizePod(podWith({ spec, status }))).toMatchObject({
      restarts: 3,
      restartedAt: Date.UTC(2026, 0, 1, 2),
    });
  });
});

describe("what may change", () => {
  const old = stored(
    pod,
    podBody({
      nodeName: "n1",
      activeDeadlineSeconds: 100,
      tolerations: [{ key: "a", operator: "Exists", effect: "NoExecute", tolerationSeconds: 5 }],
    }),
  );
  const changed = (more: (spec: PodSpec) => object) => {
    const spec = old.spec ?? { containers: [] };
    return { ...old, spec: { ...spec, ...more(spec) } };
  };
  const immutable =
    "spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)\n";

  test.each<[string, (spec: PodSpec) => object, string[]]>([
    ["nothing", () => ({}), []],
    ["an image", (spec) => ({ containers: spec.containers.map((one) => ({ ...one, image: "x:2" })) }), []],
    ["a shorter deadline", () => ({ activeDeadlineSeconds: 50 }), []],
    [
      "a longer deadline",
      () => ({ activeDeadlineSeconds: 150 }),
      ["spec.activeDeadlineSeconds: Invalid value: 150: must be less than or equal to previous value"],
    ],
    [
      "no deadline any more",
      () => ({ activeDeadlineSeconds: undefined }),
      [
        "spec.activeDeadlineSeconds: Invalid value: null: must not update from a positive integer to nil value",
      ],
    ],
    [
      "more tolerations, and their seconds",
      (spec) => ({
        tolerations: [
          { ...spec.tolerations?.[0], tolerationSeconds: 9 },
          { key: "b", operator: "Exists" },
        ],
      }),
      [],
    ],
    [
      "fewer tolerations",
      () => ({ tolerations: [] }),
      ["spec.tolerations: Forbidden: existing toleration can not be modified except its tolerationSeconds"],
    ],
    [
      "the node, which only a binding sets",
      () => ({ nodeName: "n2" }),
      [`${immutable}  spec.nodeName: "n1" -> "n2"`],
    ],
    [
      "several fields, each named",
      (spec) => ({
        hostname: "h",
        containers: spec.containers.map((one) => ({ ...one, image: "x:2", command: ["sh"] })),
      }),
      [`${immutable}  spec.containers[0].command: unset -> ["sh"]\n  spec.hostname: unset -> "h"`],
    ],
    [
      "more containers",
      (spec) => ({ containers: [...spec.containers, { name: "d", image: "i:1" }] }),
      ["spec.containers: Forbidden: pod updates may not add or remove containers"],
    ],
    [
      "new gates",
      () => ({ schedulingGates: [{ name: "g" }] }),
      [
        "spec.schedulingGates[0].name: Forbidden: only deletion is allowed, but found new scheduling gate 'g'",
      ],
    ],
  ])("%s", (_name, more, expected) => {
    expect(shown(validatePodUpdate(changed(more), old))).toEqual(expected);
  });

  test("a negative grace may be mended", () => {
    const before = changed(() => ({ terminationGracePeriodSeconds: -1 }));
    const after = changed(() => ({ terminationGracePeriodSeconds: 1 }));
    expect(validatePodUpdate(after, before)).toEqual([]);
    expect(
      validatePodUpdate(
        changed(() => ({ terminationGracePeriodSeconds: 2 })),
        before,
      ),
    ).toHaveLength(1);
  });

  test.each([
    ["Never", 1, 1],
    ["OnFailure", 1, 0],
    ["OnFailure", 0, 1],
    ["Always", 0, 0],
  ])(
    "under %s a container that ended with %d may come back: %d faults",
    (restartPolicy, exitCode, faults) => {
      const status = (state: object) => ({ containerStatuses: [{ name: "c", restartCount: 0, state }] });
      const before = podWith({ spec: { restartPolicy }, status: status({ terminated: { exitCode } }) });
      const after = podWith({ spec: { restartPolicy }, status: status({ running: {} }) });
      expect(validatePodUpdate(after, before)).toHaveLength(faults);
    },
  );
});

describe("admission", () => {
  const added = (tolerations: object[]) => {
    const draft = podWith({ spec: { tolerations } });
    addDefaultTolerations(draft);
    return (draft.spec?.tolerations ?? []).slice(tolerations.length).map(({ key }) => key);
  };
  const notReady = "node.kubernetes.io/not-ready";
  const unreachable = "node.kubernetes.io/unreachable";

  test.each<[string, object[], string[]]>([
    ["K.5: ordinary pods stay for 300 s", [], [notReady, unreachable]],
    [
      "K.5: daemon pods stay for ever",
      [notReady, unreachable].map((key) => ({ key, operator: "Exists" })),
      [],
    ],
    ["one of them is said", [{ key: notReady, operator: "Exists", effect: "NoExecute" }], [unreachable]],
    [
      "another effect does not count",
      [{ key: notReady, operator: "Exists", effect: "NoSchedule" }],
      [notReady, unreachable],
    ],
    ["everything is tolerated", [{ operator: "Exists" }], []],
  ])("%s", (_name, tolerations, expected) => {
    expect(added(tolerations)).toEqual(expected);
  });

  test.each([
    ["no class", {}, 0],
    ["a class of the system", { priorityClassName: "system-node-critical" }, 2_000_001_000],
    ["a class of one's own", { priorityClassName: "mine" }, 7],
    ["the number, if it is the right one", { priorityClassName: "mine", priority: 7 }, 7],
  ])("priority: %s", (_name, spec, expected) => {
    const draft = podWith({ spec });
    expect(addPriority(draft, (name) => (name === "mine" ? { value: 7 } : undefined))).toBeUndefined();
    expect(draft.spec).toMatchObject({ priority: expected, preemptionPolicy: "PreemptLowerPriority" });
  });

  test("a class that is not there, and a number that is not the class's", () => {
    expect(addPriority(podWith({ spec: { priorityClassName: "x" } }), () => undefined)).toBe(
      "no PriorityClass with name x was found",
    );
    expect(addPriority(podWith({ spec: { priority: 5 } }), () => undefined)).toContain(
      "the integer value of priority (5) must not be provided in pod spec",
    );
  });
});
