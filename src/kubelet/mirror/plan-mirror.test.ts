// Owns the proof of what is done in the API for each static pod and each mirror.
import { describe, expect, it } from "vitest";
import type { Pod } from "../../model/generated/types.ts";
import { mirrorAnnotation } from "../../model/pod/mirror.ts";
import { mirrorOf, planMirror } from "./plan-mirror.ts";

const node = { name: "n1", uid: "node-uid" };
const pod: Pod = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: {
    name: "web-n1",
    namespace: "default",
    uid: "h1",
    resourceVersion: "",
    creationTimestamp: "",
    labels: { app: "web" },
    annotations: { "kubernetes.io/config.hash": "h1", "kubernetes.io/config.source": "file" },
  },
  spec: { nodeName: "n1", containers: [{ name: "main", image: "agent:1" }] },
};
const draft = mirrorOf(pod, node);
const mirror: Pod = {
  ...draft,
  metadata: {
    ...draft.metadata,
    name: "web-n1",
    uid: "api-uid",
    resourceVersion: "7",
    creationTimestamp: "2026-01-01T00:00:00Z",
  },
};
const changed = (change: (copy: Pod) => void): Pod => {
  const copy = structuredClone(mirror);
  change(copy);
  return copy;
};

describe("a mirror pod (S.7)", () => {
  it("is marked with the pod's hash and owned by the node", () => {
    expect(draft.metadata).toMatchObject({
      name: "web-n1",
      namespace: "default",
      labels: { app: "web" },
      annotations: { [mirrorAnnotation]: "h1", "kubernetes.io/config.source": "file" },
      ownerReferences: [{ kind: "Node", name: "n1", uid: "node-uid", controller: true }],
    });
    expect(draft.spec).toEqual(pod.spec);
    expect(draft.metadata).not.toHaveProperty("uid");
  });

  const rows: readonly (readonly [string, Pod | undefined, Pod | undefined, object])[] = [
    ["nothing anywhere", undefined, undefined, { do: "nothing" }],
    ["a pod without a mirror", pod, undefined, { do: "create", draft }],
    ["both as they should be", pod, mirror, { do: "show" }],
    [
      "a status that the kubelet wrote",
      pod,
      changed((copy) => (copy.status = { phase: "Running" })),
      { do: "show" },
    ],
    ["a mirror of no pod", undefined, mirror, { do: "delete", uid: "api-uid", because: "not wanted" }],
    [
      "a mirror that someone deletes",
      pod,
      changed((copy) => (copy.metadata.deletionTimestamp = "2026-01-01T00:00:00Z")),
      { do: "delete", because: "being deleted" },
    ],
    [
      "a mirror of an older file",
      pod,
      changed((copy) => (copy.metadata.annotations = { [mirrorAnnotation]: "h0" })),
      { do: "delete", because: "of another version" },
    ],
    [
      "an edited image",
      pod,
      changed((copy) => (copy.spec = { containers: [{ name: "main", image: "evil:1" }] })),
      { do: "delete", because: "edited" },
    ],
    [
      "an edited label",
      pod,
      changed((copy) => (copy.metadata.labels = { app: "other" })),
      { do: "delete", because: "edited" },
    ],
    [
      "the mirror of a node that was registered anew",
      pod,
      changed((copy) => (copy.metadata.ownerReferences = [])),
      { do: "delete", because: "edited" },
    ],
  ];
  it.each(rows)("%s", (_name, wanted, shown, action) => {
    expect(planMirror(wanted, shown, node, false)).toMatchObject(action);
  });

  it("tells of a pod's end while it has ended, and goes when the pod runs again: a final phase can't be taken back", () => {
    const failed = changed((copy) => (copy.status = { phase: "Failed" }));
    expect(planMirror(pod, failed, node, true)).toMatchObject({ do: "show" });
    expect(planMirror(pod, failed, node, false)).toMatchObject({
      do: "delete",
      because: "of an earlier life",
    });
  });
});
