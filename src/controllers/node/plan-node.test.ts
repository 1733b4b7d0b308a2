// Owns the tests of the node plans: health, taints, eviction, readiness (K.5).
import { describe, expect, test } from "vitest";
import type { Node, NodeCondition, Pod, Taint, Toleration } from "../../model/generated/types.ts";
import { seconds } from "../../lib/units.ts";
import { formatTime } from "../../model/time.ts";
import { planEviction } from "./plan-eviction.ts";
import { planNodeHealth } from "./plan-node-health.ts";
import { planPodReadiness, transitionOf } from "./plan-pod-readiness.ts";
import { planTaints } from "./plan-taints.ts";

const metadata = {
  name: "n1",
  uid: "u1",
  resourceVersion: "1",
  creationTimestamp: "2026-01-01T00:00:00Z",
};
const nodeOf = (conditions: NodeCondition[] | undefined, spec: Node["spec"] = {}): Node => ({
  apiVersion: "v1",
  kind: "Node",
  metadata,
  spec,
  status: { conditions },
});
const ready = (status: string): NodeCondition => ({ type: "Ready", status, lastHeartbeatTime: "h" });
const now = Date.UTC(2026, 0, 1, 1);
const graces = { silence: seconds(40), startup: seconds(60) };

describe("planNodeHealth", () => {
  const rows: [string, NodeCondition[] | undefined, number, unknown][] = [
    ["heard within the grace", [ready("True")], 39, { is: "heard", lookAgain: now + seconds(1) }],
    ["not ready is heard of too", [ready("False")], 10, { is: "heard", lookAgain: now + seconds(30) }],
    ["a node without a status has longer", undefined, 40, { is: "heard", lookAgain: now + seconds(20) }],
  ];
  test.each(rows)("%s", (_, conditions, silentFor, expected) => {
    expect(planNodeHealth(nodeOf(conditions), now - seconds(silentFor), now, graces)).toEqual(expected);
  });

  test("K.5: after 40 s of silence what the kubelet posts is unknown, and what others post stays", () => {
    const network: NodeCondition = { type: "NetworkUnavailable", status: "False" };
    const conditions = [network, ready("True"), { type: "DiskPressure", status: "False" }];
    const health = planNodeHealth(nodeOf(conditions), now - seconds(40), now, graces);
    const unknown = { status: "Unknown", lastTransitionTime: formatTime(now) };
    const stopped = {
      ...unknown,
      reason: "NodeStatusUnknown",
      message: "Kubelet stopped posting node status.",
    };
    const never = {
      ...unknown,
      reason: "NodeStatusNeverUpdated",
      message: "Kubelet never posted node status.",
    };
    expect(health).toEqual({
      is: "silent",
      conditions: [
        network,
        { type: "Ready", lastHeartbeatTime: "h", ...stopped },
        { type: "DiskPressure", ...stopped },
        { type: "MemoryPressure", lastHeartbeatTime: metadata.creationTimestamp, ...never },
        { type: "PIDPressure", lastHeartbeatTime: metadata.creationTimestamp, ...never },
      ],
    });
    if (health.is === "silent")
      expect(planNodeHealth(nodeOf([...health.conditions]), 0, now, graces)).toEqual({ is: "known-silent" });
  });
});

describe("planTaints", () => {
  const timeAdded = formatTime(now);
  const key = (name: string) => `node.kubernetes.io/${name}`;
  const taint = (name: string, effect: string): Taint => ({ key: key(name), effect });
  const added = (name: string, effect: string): Taint => ({ ...taint(name, effect), timeAdded });
  const own: Taint = { key: "dedicated", effect: "NoSchedule", value: "db" };
  const unreachable = [taint("unreachable", "NoSchedule"), taint("unreachable", "NoExecute")];
  const rows: [string, NodeCondition[], Node["spec"], readonly Taint[] | "right"][] = [
    ["a ready node has none", [ready("True")], {}, "right"],
    ["others' taints are not ours", [ready("True")], { taints: [own] }, "right"],
    [
      "not ready",
      [ready("False")],
      { taints: [own] },
      [own, added("not-ready", "NoSchedule"), added("not-ready", "NoExecute")],
    ],
    [
      "unknown",
      [ready("Unknown")],
      {},
      [added("unreachable", "NoSchedule"), added("unreachable", "NoExecute")],
    ],
    ["set already: the time it was added stays", [ready("Unknown")], { taints: unreachable }, "right"],
    ["back again", [ready("True")], { taints: [...unreachable, own] }, [own]],
    [
      "from unknown to not ready",
      [ready("False")],
      { taints: unreachable },
      [added("not-ready", "NoSchedule"), added("not-ready", "NoExecute")],
    ],
    ["nothing known: left as it is", [], { taints: [taint("not-ready", "NoSchedule")] }, "right"],
    ["cordoned", [ready("True")], { unschedulable: true }, [added("unschedulable", "NoSchedule")]],
    ["uncordoned", [ready("True")], { taints: [taint("unschedulable", "NoSchedule")] }, []],
    [
      "pressure",
      [ready("True"), { type: "MemoryPressure", status: "True" }, { type: "PIDPressure", status: "Unknown" }],
      {},
      [added("memory-pressure", "NoSchedule")],
    ],
    [
      "another effect under our key is somebody else's",
      [ready("True")],
      { taints: [taint("not-ready", "PreferNoSchedule")] },
      "right",
    ],
  ];
  test.each(rows)("%s", (_, conditions, spec, expected) => {
    const node = nodeOf(conditions, spec);
    const planned = planTaints(node, now);
    expect(planned).toEqual(expected);
    if (planned !== "right")
      expect(planTaints({ ...node, spec: { ...spec, taints: [...planned] } }, now)).toBe("right");
  });
});

const podOf = (tolerations: Toleration[], more: Partial<Pod["metadata"]> = {}): Pod => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { ...metadata, ...more },
  spec: { containers: [], tolerations },
});

describe("planEviction", () => {
  const taint = (key: string): Taint => ({ key, effect: "NoExecute" });
  const since = (of: Taint) => (of.key === "a" ? 1000 : 5000);
  const tolerate = (key: string, tolerationSeconds?: number): Toleration => ({
    key,
    operator: "Exists",
    effect: "NoExecute",
    ...(tolerationSeconds === undefined ? {} : { tolerationSeconds }),
  });
  const rows: [string, Toleration[], string[], number | "stays"][] = [
    ["no taint", [], [], "stays"],
    ["not tolerated: at once", [], ["a"], 1000],
    ["tolerated for ever", [tolerate("a")], ["a"], "stays"],
    ["tolerated for a time", [tolerate("a", 300)], ["a"], 301_000],
    ["a negative time is none", [tolerate("a", -5)], ["a"], 1000],
    ["the first of several taints to run out", [tolerate("a", 300), tolerate("b", 100)], ["a", "b"], 105_000],
    ["one of two not tolerated", [tolerate("a")], ["a", "b"], 5000],
  ];
  test.each(rows)("%s", (_, tolerations, taints, expected) => {
    expect(planEviction(podOf(tolerations), taints.map(taint), since)).toEqual(
      expected === "stays" ? { is: "stays" } : { is: "leaves", at: expected },
    );
  });

  test("pods on their way out, and mirrors of static pods (S.9), are left alone", () => {
    const leaving = podOf([], { deletionTimestamp: "2026-01-01T00:00:00Z" });
    const mirror = podOf([], { annotations: { "kubernetes.io/config.mirror": "hash" } });
    for (const pod of [leaving, mirror])
      expect(planEviction(pod, [taint("a")], since)).toEqual({ is: "stays" });
  });
});

describe("planPodReadiness", () => {
  const pod = (status: string): Pod => ({
    ...podOf([]),
    status: {
      conditions: [
        { type: "Initialized", status: "True" },
        { type: "Ready", status },
      ],
    },
  });
  const pods = [pod("True"), pod("False"), podOf([])];
  const rows: [string, Node, string | undefined, number][] = [
    ["a ready node's pods stay", nodeOf([ready("True")]), undefined, 0],
    ["a node of which nothing is known", nodeOf([]), undefined, 0],
    ["not ready, pods not told yet", nodeOf([ready("False")]), undefined, 1],
    ["not ready, pods told", nodeOf([ready("False")]), transitionOf(nodeOf([ready("False")])), 0],
    [
      "unknown: nobody else will say it",
      nodeOf([ready("Unknown")]),
      transitionOf(nodeOf([ready("Unknown")])),
      1,
    ],
  ];
  test.each(rows)("%s", (_, node, told, expected) => {
    const unready = planPodReadiness(node, pods, told, now);
    expect(unready).toHaveLength(expected);
    for (const { conditions } of unready)
      expect(conditions).toEqual([
        { type: "Initialized", status: "True" },
        { type: "Ready", status: "False", lastTransitionTime: formatTime(now) },
      ]);
  });
});
