// Owns the tests of the node controllers on an API server: silence, taints, eviction, removal (K.5, D.2, D.18).
import { beforeEach, describe, expect, test } from "vitest";
import { minutes, seconds } from "../../lib/units.ts";
import type { Lease, Node, Taint, Toleration } from "../../model/generated/types.ts";
import { lease as leaseKind } from "../../model/kinds/lease.ts";
import { node as nodeKind } from "../../model/kinds/node.ts";
import { pod as podKind } from "../../model/kinds/pod.ts";
import { formatMicroTime, formatTime } from "../../model/time.ts";
import { createRig, running, type Rig } from "../rig.fixture.ts";
import { startNodeLifecycleController } from "./node-lifecycle-controller.ts";
import { startPodCollectionController } from "./pod-collection-controller.ts";
import { startTaintEvictionController } from "./taint-eviction-controller.ts";

let rig: Rig;
beforeEach(() => {
  rig = createRig();
});

const renew = (name: string, skew = 0): Lease =>
  rig.api.put<Lease>(leaseKind, {
    apiVersion: "coordination.k8s.io/v1",
    kind: "Lease",
    metadata: { name, namespace: "kube-node-lease" },
    spec: { holderIdentity: name, renewTime: formatMicroTime(rig.clock.now() + skew) },
  });

/** The kubelet posts its status. */
const post = (name: string, status: "True" | "False" = "True", spec?: Node["spec"]): Node =>
  rig.putNode(name, {
    ...(spec === undefined ? {} : { spec }),
    status: { conditions: [{ type: "Ready", status, lastHeartbeatTime: formatTime(rig.clock.now()) }] },
  });

const readyOf = (name: string) =>
  rig.api.get<Node>(nodeKind, name)?.status?.conditions?.find(({ type }) => type === "Ready")?.status;
const taintsOf = (name: string) =>
  (rig.api.get<Node>(nodeKind, name)?.spec?.taints ?? []).map(({ key, effect }) => `${key}:${effect}`);
const pods = () =>
  rig.api
    .all(podKind)
    .flatMap(({ metadata }) => (metadata.deletionTimestamp === undefined ? [metadata.name] : []));

async function live(name: string, time: number, skew = 0): Promise<void> {
  for (let passed = 0; passed < time; passed += seconds(10)) {
    renew(name, skew);
    await rig.pass(seconds(10));
  }
}

const unreachable = ["node.kubernetes.io/unreachable:NoSchedule", "node.kubernetes.io/unreachable:NoExecute"];

describe("node lifecycle", () => {
  test("K.5: 40 s after the last sign a node is Unknown and tainted, and clean again when it is back", async () => {
    post("n1");
    renew("n1");
    await running(rig, rig.ports(), startNodeLifecycleController);
    await rig.pass(seconds(39));
    expect([readyOf("n1"), taintsOf("n1")]).toEqual(["True", []]);
    await rig.pass(seconds(1));
    expect([readyOf("n1"), taintsOf("n1")]).toEqual(["Unknown", unreachable]);
    expect(rig.reasons()).toEqual(["NodeNotReady"]);
    post("n1", "True", rig.api.get<Node>(nodeKind, "n1")?.spec);
    await rig.pass(0);
    expect([readyOf("n1"), taintsOf("n1")]).toEqual(["True", []]);
  });

  test("K.4: leases alone keep a node alive, however wrong its clock", async () => {
    post("n1");
    await running(rig, rig.ports(), startNodeLifecycleController);
    await live("n1", minutes(10), minutes(-60));
    expect([readyOf("n1"), taintsOf("n1")]).toEqual(["True", []]);
    await rig.pass(seconds(40));
    expect(readyOf("n1")).toBe("Unknown");
  });

  test("a restarted controller gives every node its grace anew", async () => {
    post("n1");
    renew("n1");
    const first = await running(rig, rig.ports(), startNodeLifecycleController);
    await rig.pass(seconds(30));
    await first.stop();
    await rig.pass(minutes(5));
    await running(rig, rig.ports(), startNodeLifecycleController);
    await rig.pass(seconds(39));
    expect(readyOf("n1")).toBe("True");
    await rig.pass(seconds(1));
    expect(readyOf("n1")).toBe("Unknown");
  });

  test("a node that speaks up while it is being given up is not overwritten", async () => {
    post("n1");
    await running(rig, rig.ports(), startNodeLifecycleController);
    rig.api.intercept = (request) => {
      if (request.method !== "PATCH") return undefined;
      rig.api.intercept = undefined;
      post("n1");
      return undefined;
    };
    await rig.pass(seconds(79));
    expect([readyOf("n1"), taintsOf("n1"), rig.reasons()]).toEqual(["True", [], []]);
    await rig.pass(seconds(1));
    expect([readyOf("n1"), taintsOf("n1")]).toEqual(["Unknown", unreachable]);
  });

  test("a cordon set while the node is being tainted stays, and is a taint too", async () => {
    post("n1", "False");
    const unschedulable = true;
    rig.api.intercept = (request) => {
      if (request.method !== "PATCH") return undefined;
      rig.api.intercept = undefined;
      post("n1", "False", { unschedulable, taints: [{ key: "own", effect: "NoSchedule" }] });
      return undefined;
    };
    await running(rig, rig.ports(), startNodeLifecycleController);
    await rig.pass(0);
    expect(taintsOf("n1")).toEqual([
      "own:NoSchedule",
      "node.kubernetes.io/not-ready:NoSchedule",
      "node.kubernetes.io/not-ready:NoExecute",
      "node.kubernetes.io/unschedulable:NoSchedule",
    ]);
  });

  test("a cordon is a taint, which goes with it", async () => {
    post("n1", "True", { unschedulable: true });
    await running(rig, rig.ports(), startNodeLifecycleController);
    expect(taintsOf("n1")).toEqual(["node.kubernetes.io/unschedulable:NoSchedule"]);
    const taints = rig.api.get<Node>(nodeKind, "n1")?.spec?.taints;
    post("n1", "True", { taints });
    await rig.pass(0);
    expect(taintsOf("n1")).toEqual([]);
  });

  test("pods on a silent node are not ready; pods elsewhere stay", async () => {
    const status = { conditions: [{ type: "Ready", status: "True" }] };
    post("n1");
    post("n2");
    rig.putPod("a", "n1", { status });
    rig.putPod("b", "n2", { status });
    await running(rig, rig.ports(), startNodeLifecycleController);
    await live("n2", seconds(40));
    const readiness = rig.api.all(podKind).map((pod) => pod.status?.conditions?.[0]?.status);
    expect(readiness).toEqual(["False", "True"]);
  });

  test("a kubelet that posts its pods ready before its node is heard of is not argued with in a hot loop", async () => {
    const ready = { conditions: [{ type: "Ready", status: "True" }] };
    post("n1");
    rig.putPod("a", "n1", { status: ready });
    await running(rig, rig.ports(), startNodeLifecycleController);
    await rig.pass(seconds(40));
    const before = rig.api.requests.length;
    const readyNow = () => rig.api.all(podKind)[0]?.status?.conditions?.[0]?.status;
    for (let passed = 0; passed < seconds(10); passed += 20) {
      if (readyNow() === "False") rig.putPod("a", "n1", { status: ready });
      await rig.pass(20);
    }
    const patches = rig.api.requests
      .slice(before)
      .filter(({ method, path }) => method === "PATCH" && path.includes("/pods/"));
    expect(patches.length).toBeGreaterThan(0);
    expect(patches.length).toBeLessThanOrEqual(2);
  });

  test("a fleet at rest costs no request", async () => {
    for (let at = 0; at < 50; at++) post(`n${at}`);
    await running(rig, rig.ports(), startNodeLifecycleController);
    const before = rig.api.requests.length;
    for (let round = 0; round < 12; round++) {
      for (let at = 0; at < 50; at++) renew(`n${at}`);
      await rig.pass(seconds(10));
    }
    expect(rig.api.requests.length - before).toBe(0);
  });
});

describe("taint eviction", () => {
  const noExecute = (key: string, timeAdded?: string): Taint => ({
    key,
    effect: "NoExecute",
    ...(timeAdded === undefined ? {} : { timeAdded }),
  });
  const tolerating = (tolerationSeconds?: number): { spec: { tolerations: Toleration[] } } => ({
    spec: {
      tolerations: [
        {
          key: "node.kubernetes.io/unreachable",
          operator: "Exists",
          effect: "NoExecute",
          ...(tolerationSeconds === undefined ? {} : { tolerationSeconds }),
        },
      ],
    },
  });

  test("D.2: an untolerated NoExecute taint drives pods out, NoSchedule does not", async () => {
    post("n1", "True", { taints: [{ key: "x", effect: "NoSchedule" }] });
    rig.putPod("a", "n1");
    rig.putPod("elsewhere", "n2");
    await running(rig, rig.ports(), startTaintEvictionController);
    expect(pods()).toEqual(["a", "elsewhere"]);
    post("n1", "True", { taints: [noExecute("x")] });
    await rig.pass(0);
    expect(pods()).toEqual(["elsewhere"]);
    expect(rig.reasons()).toEqual(["TaintManagerEviction"]);
  });

  test("K.5: ordinary pods leave a silent node after their 300 s, daemon pods stay", async () => {
    post("n1");
    rig.putPod("daemon", "n1", tolerating());
    rig.putPod("web", "n1", tolerating(300));
    const ports = rig.ports();
    await running(rig, ports, startNodeLifecycleController);
    await running(rig, ports, startTaintEvictionController);
    await rig.pass(seconds(40 + 299));
    expect(pods()).toEqual(["daemon", "web"]);
    await rig.pass(seconds(1));
    expect(pods()).toEqual(["daemon"]);
    await rig.pass(minutes(60));
    expect(pods()).toEqual(["daemon"]);
  });

  test("a node back in time keeps its pods", async () => {
    post("n1");
    rig.putPod("web", "n1", tolerating(300));
    const ports = rig.ports();
    await running(rig, ports, startNodeLifecycleController);
    await running(rig, ports, startTaintEvictionController);
    await rig.pass(seconds(200));
    expect(taintsOf("n1")).toEqual(unreachable);
    post("n1", "True", rig.api.get<Node>(nodeKind, "n1")?.spec);
    await live("n1", minutes(20));
    expect(pods()).toEqual(["web"]);
  });

  test("time before the controller started does not count", async () => {
    post("n1", "True", { taints: [noExecute("node.kubernetes.io/unreachable", "2025-01-01T00:00:00Z")] });
    rig.putPod("web", "n1", tolerating(300));
    await running(rig, rig.ports(), startTaintEvictionController);
    await rig.pass(seconds(299));
    expect(pods()).toEqual(["web"]);
    await rig.pass(seconds(1));
    expect(pods()).toEqual([]);
  });

  test("a pod that lands later on a tainted node is looked at too", async () => {
    post("n1", "True", { taints: [noExecute("x")] });
    await running(rig, rig.ports(), startTaintEvictionController);
    rig.putPod("late", "n1");
    await rig.pass(0);
    expect(pods()).toEqual([]);
  });
});

describe("pod collection", () => {
  test("D.18: pods of a vanished node go for good, the rest stay", async () => {
    post("n1");
    post("n2");
    rig.putPod("a", "n1");
    rig.putPod("b", "n2");
    rig.putPod("waiting", undefined);
    await running(rig, rig.ports(), startPodCollectionController);
    rig.api.remove(nodeKind, "n1");
    await rig.pass(seconds(1));
    expect(rig.api.all(podKind)).toHaveLength(3);
    await rig.pass(seconds(1));
    expect(rig.api.all(podKind).map(({ metadata }) => metadata.name)).toEqual(["b", "waiting"]);
  });

  test("a node that is back within the quarantine keeps its pods", async () => {
    post("n1");
    rig.putPod("a", "n1");
    await running(rig, rig.ports(), startPodCollectionController);
    rig.api.remove(nodeKind, "n1");
    await rig.pass(seconds(1));
    post("n1");
    await rig.pass(seconds(60));
    expect(pods()).toEqual(["a"]);
  });

  test("a node missing from the copy alone keeps its pods", async () => {
    post("n1");
    rig.putPod("a", "n1");
    const ports = rig.ports();
    const removed = ports.informers.of(nodeKind);
    await running(rig, ports, startPodCollectionController);
    rig.api.intercept = (request) => (request.query?.["watch"] === "true" ? "drop" : undefined);
    rig.api.remove(nodeKind, "n1");
    await rig.pass(0);
    expect(removed.size).toBe(0);
    rig.api.cutWatches("fail");
    post("n1");
    await rig.pass(seconds(10));
    expect(pods()).toEqual(["a"]);
  });

  test("pods of a node that was never there, found at the start", async () => {
    rig.putPod("a", "ghost");
    await running(rig, rig.ports(), startPodCollectionController);
    await rig.pass(seconds(2));
    expect(rig.api.all(podKind)).toEqual([]);
  });

  test("a vanished node's lease goes once nobody renews it", async () => {
    post("n1");
    renew("n1");
    await running(rig, rig.ports(), startPodCollectionController);
    rig.api.remove(nodeKind, "n1");
    await live("n1", minutes(2));
    expect(rig.api.all(leaseKind)).toHaveLength(1);
    await rig.pass(seconds(45));
    expect(rig.api.all(leaseKind)).toEqual([]);
  });
});
