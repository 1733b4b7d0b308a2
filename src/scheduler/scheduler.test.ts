// Owns the tests of the scheduler over an API server in memory.
import { afterEach, beforeEach, expect, test } from "vitest";
import { createFakeApi, type FakeApi } from "../client/fake-api.fixture.ts";
import type { Informers } from "../client/client.ts";
import { createInformers } from "../client/informer.ts";
import { createClient } from "../client/kube-client.ts";
import type { Node, Pod, PodSpec } from "../model/generated/types.ts";
import { node as nodeKind } from "../model/kinds/node.ts";
import { pod as podKind } from "../model/kinds/pod.ts";
import type { Draft } from "../model/meta.ts";
import { silentLog } from "../world/log.ts";
import { seededRandom } from "../world/random.ts";
import { VirtualClock } from "../world/virtual-clock.ts";
import { startScheduler } from "./scheduler.ts";

let clock: VirtualClock;
let api: FakeApi;
let events: string[];
let informers: Informers;
let stopping: AbortController;
let running: Promise<void>;

beforeEach(() => {
  clock = new VirtualClock();
  api = createFakeApi(clock);
  events = [];
  stopping = new AbortController();
  informers = createInformers({
    transport: api.transport,
    clock,
    random: seededRandom(1),
    log: silentLog,
  });
  running = startScheduler({
    client: createClient(api.transport),
    informers,
    clock,
    random: seededRandom(2),
    log: silentLog,
    recorder: {
      event: (_about, _type, reason, message) => events.push(`${reason}: ${message}`),
      flush: () => Promise.resolve(),
    },
    signal: stopping.signal,
  });
});
afterEach(async () => {
  stopping.abort();
  informers.stop();
  await running;
});

const addNode = (name: string, more: Partial<Node> = {}, allocatable: Record<string, string> = {}) =>
  api.put(nodeKind, {
    apiVersion: "v1",
    kind: "Node",
    metadata: { name, labels: { zone: name } },
    status: { allocatable: { cpu: "2", memory: "4Gi", pods: "10", ...allocatable } },
    ...more,
  } satisfies Draft<Node>);

const addPod = (name: string, spec: Partial<PodSpec> = {}, cpu?: string) =>
  api.put(podKind, {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "default" },
    spec: {
      containers: [{ name: "main", ...(cpu === undefined ? {} : { resources: { requests: { cpu } } }) }],
      ...spec,
    },
  } satisfies Draft<Pod>);

const onlyOn = (node: string): Partial<PodSpec> => ({
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchFields: [{ key: "metadata.name", operator: "In", values: [node] }] }],
      },
    },
  },
});

const nodeOf = (name: string) => api.get(podKind, `default/${name}`)?.spec?.nodeName;
const told = (name: string) =>
  api.get(podKind, `default/${name}`)?.status?.conditions?.find(({ type }) => type === "PodScheduled");

test("D.3: a daemon pod is bound to the node its affinity names, cordoned as it may be", async () => {
  addNode("a", { spec: { unschedulable: true } });
  addNode("b");
  addPod("agent", {
    ...onlyOn("a"),
    tolerations: [{ key: "node.kubernetes.io/unschedulable", operator: "Exists", effect: "NoSchedule" }],
  });
  await clock.advanceAsync(1);
  expect(nodeOf("agent")).toBe("a");
  expect(events).toEqual(["Scheduled: Successfully assigned default/agent to a"]);
});

test("a pod that names another scheduler, waits at a gate or is leaving is left alone", async () => {
  addNode("a");
  addPod("other", { schedulerName: "mine" });
  addPod("gated", { schedulingGates: [{ name: "wait" }] });
  addPod("plain");
  await clock.advanceAsync(1);
  expect([nodeOf("other"), nodeOf("gated"), nodeOf("plain")]).toEqual([undefined, undefined, "a"]);
});

test("two pods that come at once don't take the same room", async () => {
  addNode("a");
  addNode("b");
  for (const name of ["one", "two", "three"]) addPod(name, {}, "1500m");
  await clock.advanceAsync(1);
  const nodes = ["one", "two", "three"].map(nodeOf);
  expect(nodes.filter((node) => node !== undefined).sort()).toEqual(["a", "b"]);
  expect(told("three")?.message).toBe("0/2 nodes are available: 2 Insufficient cpu.");
});

test("a pod that fits nowhere is told why in upstream's words, once, and is not tried in a loop", async () => {
  addNode("a", { spec: { taints: [{ key: "role", value: "db", effect: "NoSchedule" }] } });
  addNode("b");
  addNode("c");
  addPod("agent", onlyOn("b"), "3");
  addPod("wide", { nodeSelector: { zone: "c" } }, "3");
  await clock.advanceAsync(120_000);
  expect(told("agent")).toMatchObject({
    status: "False",
    reason: "Unschedulable",
    message:
      "0/3 nodes are available: 1 Insufficient cpu, 2 node(s) didn't match Pod's node affinity/selector.",
  });
  expect(told("wide")?.message).toBe(
    "0/3 nodes are available: 1 Insufficient cpu, 1 node(s) didn't match Pod's node affinity/selector, 1 node(s) had untolerated taint {role: db}.",
  );
  expect(events.filter((event) => event.startsWith("FailedScheduling"))).toHaveLength(2);
  expect(api.requests.filter(({ method }) => method === "PATCH")).toHaveLength(2);
});

test("a waiting pod is bound when its node comes, grows, or another pod leaves it", async () => {
  addPod("late", onlyOn("late"));
  addNode("small", {}, { cpu: "1" });
  addPod("big", onlyOn("small"), "2");
  addPod("first", onlyOn("small"), "900m");
  addPod("second", onlyOn("small"), "900m");
  await clock.advanceAsync(2000);
  expect([nodeOf("late"), nodeOf("big"), nodeOf("first"), nodeOf("second")]).toEqual([
    undefined,
    undefined,
    "small",
    undefined,
  ]);
  addNode("late");
  api.remove(podKind, "default/first");
  await clock.advanceAsync(10_000);
  expect([nodeOf("late"), nodeOf("second")]).toEqual(["late", "small"]);
  addNode("small", {}, { cpu: "4" });
  await clock.advanceAsync(10_000);
  expect(nodeOf("big")).toBe("small");
});

test("pods of higher priority go first", async () => {
  addNode("a", {}, { cpu: "1" });
  await clock.advanceAsync(1);
  stopping.abort();
  await running;
  addPod("low", { priority: 1 }, "1");
  addPod("high", { priority: 1000 }, "1");
  stopping = new AbortController();
  running = startScheduler({
    client: createClient(api.transport),
    informers,
    clock,
    random: seededRandom(2),
    log: silentLog,
    recorder: { event: () => undefined, flush: () => Promise.resolve() },
    signal: stopping.signal,
  });
  await clock.advanceAsync(1);
  expect([nodeOf("low"), nodeOf("high")]).toEqual([undefined, "a"]);
});

test("a refused binding gives the room back and is tried again after a while", async () => {
  addNode("a", {}, { pods: "1" });
  let refused = 0;
  api.intercept = ({ method, path }) => {
    if (method !== "POST" || !path.endsWith("/binding") || refused > 0) return undefined;
    refused += 1;
    return { status: 500, body: { kind: "Status", status: "Failure", code: 500, message: "not now" } };
  };
  addPod("agent");
  await clock.advanceAsync(500);
  expect([refused, nodeOf("agent")]).toEqual([1, undefined]);
  await clock.advanceAsync(1000);
  expect(nodeOf("agent")).toBe("a");
});
