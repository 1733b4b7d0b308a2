// Owns the proof that a plan is made anew for what it can depend on, and for nothing else.
import { describe, expect, it } from "vitest";
import { makeNode, makePod, makeRevision, makeSet, noon } from "./cluster.fixture.ts";
import { nodeMatters, podMatters } from "./plan-interest.ts";

const set = makeSet();
const pod = makePod(set, "node-1", makeRevision(set), { readySince: noon });
const node = makeNode("node-1");
const ready = (status: string, lastTransitionTime: string, lastHeartbeatTime = "") => [
  { type: "MemoryPressure", status: "False" },
  { type: "Ready", status, lastTransitionTime, lastHeartbeatTime },
];
const since = "2026-01-01T00:00:00Z";

describe("podMatters", () => {
  const { metadata, spec, status } = pod;
  it.each([
    ["another version of the same", { ...pod, metadata: { ...metadata, resourceVersion: "9" } }, false],
    ["an annotation", { ...pod, metadata: { ...metadata, annotations: { a: "b" } } }, false],
    ["equal labels", { ...pod, metadata: { ...metadata, labels: { ...metadata.labels } } }, false],
    ["another pod of the name", { ...pod, metadata: { ...metadata, uid: "other" } }, true],
    ["other labels", { ...pod, metadata: { ...metadata, labels: { app: "other" } } }, true],
    ["no owner", { ...pod, metadata: { ...metadata, ownerReferences: [] } }, true],
    ["leaving", { ...pod, metadata: { ...metadata, deletionTimestamp: since } }, true],
    ["bound", { ...pod, spec: { containers: [], ...spec, nodeName: "node-9" } }, true],
    ["failed", { ...pod, status: { ...status, phase: "Failed" } }, true],
    ["an address", { ...pod, status: { ...status, podIP: "10.0.0.1" } }, false],
    ["no longer ready", { ...pod, status: { ...status, conditions: ready("False", since) } }, true],
    ["ready since another time", { ...pod, status: { ...status, conditions: ready("True", since) } }, true],
    ["no conditions", { ...pod, status: { phase: "Running" } }, true],
  ])("%s: %#", (_name, changed, matters) => {
    expect(podMatters(changed, pod)).toBe(matters);
  });
});

describe("nodeMatters", () => {
  const before = { ...node, status: { conditions: ready("True", since, "1") } };
  const { metadata, spec } = before;
  const cordoned = [{ key: "node.kubernetes.io/unschedulable", effect: "NoSchedule" }];
  it.each([
    ["a heartbeat", { ...before, status: { conditions: ready("True", since, "2") } }, false],
    ["silence", { ...before, status: { conditions: ready("Unknown", since, "2") } }, true],
    ["capacity", { ...before, status: { ...before.status, capacity: { cpu: "9" } } }, false],
    ["a taint", { ...before, spec: { ...spec, taints: cordoned } }, true],
    ["a label", { ...before, metadata: { ...metadata, labels: { disk: "ssd" } } }, true],
    ["registered anew", { ...before, metadata: { ...metadata, uid: "other" } }, true],
  ])("%s: %#", (_name, changed, matters) => {
    expect(nodeMatters(changed, before)).toBe(matters);
  });
});
