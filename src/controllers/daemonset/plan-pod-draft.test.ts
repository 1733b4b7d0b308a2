// Owns the tests of what a daemon pod looks like when it is made.
import { expect, test } from "vitest";
import { makeSet } from "./cluster.fixture.ts";
import { daemonTolerations } from "./plan-placement.ts";
import { daemonPodName, podDraft, podMouldOf } from "./plan-pod-draft.ts";

const current = { hash: "abc", revision: 3, hashes: new Set(["abc"]) };
const free = () => false;

test("D.3: the required node affinity is the one node; preferred terms, pod affinity and schedulerName stay", () => {
  const preferred = [{ weight: 1, preference: { matchExpressions: [{ key: "a", operator: "Exists" }] } }];
  const podAffinity = {};
  const set = makeSet({
    podSpec: {
      schedulerName: "mine",
      affinity: {
        podAffinity,
        nodeAffinity: {
          preferredDuringSchedulingIgnoredDuringExecution: preferred,
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [{ matchExpressions: [{ key: "disk", operator: "Exists" }] }],
          },
        },
      },
    },
  });
  const draft = podDraft(podMouldOf(set, current), "a", "rng-1");
  expect(draft.spec?.schedulerName).toBe("mine");
  expect(draft.spec?.affinity).toEqual({
    podAffinity,
    nodeAffinity: {
      preferredDuringSchedulingIgnoredDuringExecution: preferred,
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchFields: [{ key: "metadata.name", operator: "In", values: ["a"] }] }],
      },
    },
  });
});

test("D.4: the tolerations that every daemon pod gets, after its own, none twice", () => {
  const own = [
    { key: "gpu", operator: "Exists" },
    { key: "node.kubernetes.io/not-ready", operator: "Exists", effect: "NoExecute", tolerationSeconds: 60 },
  ];
  const got = daemonTolerations({ containers: [], tolerations: own, hostNetwork: true });
  expect(got.map(({ key, effect, tolerationSeconds }) => [key, effect, tolerationSeconds])).toEqual([
    ["gpu", undefined, undefined],
    ["node.kubernetes.io/not-ready", "NoExecute", undefined],
    ["node.kubernetes.io/unreachable", "NoExecute", undefined],
    ["node.kubernetes.io/disk-pressure", "NoSchedule", undefined],
    ["node.kubernetes.io/memory-pressure", "NoSchedule", undefined],
    ["node.kubernetes.io/pid-pressure", "NoSchedule", undefined],
    ["node.kubernetes.io/unschedulable", "NoSchedule", undefined],
    ["node.kubernetes.io/not-ready", "NoSchedule", undefined],
    ["node.kubernetes.io/unreachable", "NoSchedule", undefined],
    ["node.kubernetes.io/network-unavailable", "NoSchedule", undefined],
  ]);
  expect(daemonTolerations({ containers: [] })).toHaveLength(8);
});

test("D.5: pods carry their revision's hash, the template's generation, labels and owner", () => {
  const set = makeSet();
  const { metadata } = podDraft(podMouldOf(set, current), "a", "rng-1");
  expect(metadata.labels).toEqual({
    app: "rng",
    "controller-revision-hash": "abc",
    "pod-template-generation": "3",
  });
  expect(metadata.ownerReferences).toEqual([
    {
      apiVersion: "apps/v1",
      kind: "DaemonSet",
      name: "rng",
      uid: "set-rng",
      controller: true,
      blockOwnerDeletion: true,
    },
  ]);
  const annotated = { ...set.metadata, annotations: { "deprecated.daemonset.template.generation": "7" } };
  const labels = podMouldOf({ ...set, metadata: annotated }, current).metadata.labels;
  expect(labels?.["pod-template-generation"]).toBe("7");
});

test("names are derived: the same for the same node and revision, another for any other, past those taken", () => {
  const set = makeSet();
  const name = daemonPodName(set, "a", "abc", free);
  expect(name).toMatch(/^rng-[b-z2-9]{5}$/);
  expect(daemonPodName(set, "a", "abc", free)).toBe(name);
  const others = [
    daemonPodName(set, "b", "abc", free),
    daemonPodName(set, "a", "abd", free),
    daemonPodName(makeSet({ uid: "again" }), "a", "abc", free),
    daemonPodName(set, "a", "abc", (taken) => taken === name),
  ];
  expect(new Set([name, ...others]).size).toBe(5);
  expect(daemonPodName(makeSet({ name: "x".repeat(200) }), "a", "abc", free)).toHaveLength(63);
});
