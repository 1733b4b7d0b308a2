// Owns the tests of a preemption as the API server sees it.
import { afterEach, beforeEach, expect, test } from "vitest";
import { createFakeApi, type FakeApi } from "../client/fake-api.fixture.ts";
import type { Informers } from "../client/client.ts";
import { createInformers } from "../client/informer.ts";
import { createClient } from "../client/kube-client.ts";
import type { PodSpec } from "../model/generated/types.ts";
import { node as nodeKind } from "../model/kinds/node.ts";
import { pod as podKind } from "../model/kinds/pod.ts";
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
  informers = createInformers({ transport: api.transport, clock, random: seededRandom(1), log: silentLog });
  running = startScheduler({
    client: createClient(api.transport),
    informers,
    clock,
    random: seededRandom(2),
    log: silentLog,
    recorder: {
      event: (about, _type, reason, message) => events.push(`${about.metadata.name} ${reason}: ${message}`),
      flush: () => Promise.resolve(),
    },
    signal: stopping.signal,
  });
  api.put(nodeKind, {
    apiVersion: "v1",
    kind: "Node",
    metadata: { name: "a" },
    status: { allocatable: { cpu: "2", memory: "4Gi", pods: "10" } },
  });
});
afterEach(async () => {
  stopping.abort();
  informers.stop();
  await running;
});

const addPod = (name: string, priority: number, more: Partial<PodSpec> = {}) =>
  api.put(podKind, {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "default", finalizers: ["test/kubelet"] },
    spec: {
      priority,
      containers: [{ name: "main", resources: { requests: { cpu: "1500m" } } }],
      ...more,
    },
  });
const seen = (name: string) => api.get(podKind, `default/${name}`);

test("the victim is ended gracefully, its room kept from others, and the pod bound when it is free", async () => {
  addPod("low", 1);
  await clock.advanceAsync(10);
  expect(seen("low")?.spec?.nodeName).toBe("a");
  const high = addPod("high", 100);
  await clock.advanceAsync(10);
  expect(seen("low")?.metadata.deletionTimestamp).toBeDefined();
  expect(seen("low")?.status?.conditions?.find(({ type }) => type === "DisruptionTarget")).toMatchObject({
    status: "True",
    reason: "PreemptionByScheduler",
  });
  expect(seen("high")?.status?.nominatedNodeName).toBe("a");
  expect(events).toContain(`low Preempted: Preempted by pod ${high.metadata.uid} on node a`);
  const deletion = api.requests.find(({ method }) => method === "DELETE");
  expect(deletion?.body).toMatchObject({ preconditions: { uid: seen("low")?.metadata.uid } });
  expect(deletion?.body).not.toHaveProperty("gracePeriodSeconds");
  // Its owner makes it anew the moment it is gone, and is first to ask.
  api.remove(podKind, "default/low");
  addPod("low-again", 1);
  await clock.advanceAsync(20_000);
  expect(seen("high")?.spec?.nodeName).toBe("a");
  expect(seen("low-again")?.spec?.nodeName).toBeUndefined();
  expect(seen("low-again")?.metadata.deletionTimestamp).toBeUndefined();
  expect(events.filter((event) => event.includes(" Preempted"))).toHaveLength(1);
});

test("a pod whose policy is Never waits like any other", async () => {
  addPod("low", 1);
  await clock.advanceAsync(10);
  addPod("high", 100, { preemptionPolicy: "Never" });
  await clock.advanceAsync(60_000);
  expect(seen("low")?.metadata.deletionTimestamp).toBeUndefined();
  expect(seen("high")?.spec?.nodeName).toBeUndefined();
});

test("room kept for a pod that is deleted meanwhile is given to those who wait", async () => {
  addPod("low", 1);
  await clock.advanceAsync(10);
  addPod("high", 100);
  await clock.advanceAsync(10);
  api.remove(podKind, "default/high");
  api.remove(podKind, "default/low");
  addPod("other", 1);
  await clock.advanceAsync(20_000);
  expect(seen("other")?.spec?.nodeName).toBe("a");
});
