// Owns tests of what a node takes and what it refuses.
import { describe, expect, it } from "vitest";
import type { Node, Pod, PodSpec } from "../model/generated/types.ts";
import { placementVerdict, supportVerdict } from "./admission.ts";

const metadata = { name: "n", namespace: "default", uid: "u", resourceVersion: "1", creationTimestamp: "" };
const node: Node = {
  apiVersion: "v1",
  kind: "Node",
  metadata: { ...metadata, labels: { disk: "hdd" } },
  spec: {
    unschedulable: true,
    taints: [
      { key: "a", effect: "NoSchedule" },
      { key: "b", effect: "NoExecute" },
    ],
  },
  status: { allocatable: { cpu: "1", memory: "1Gi", pods: "2" } },
};
const tolerant = { tolerations: [{ operator: "Exists" }] };
const podOf = (spec: Partial<PodSpec>, annotations: Record<string, string> = {}): Pod => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { ...metadata, annotations },
  spec: { containers: [{ name: "main" }], ...spec },
});
const wants = (resources: Record<string, string>) => ({
  containers: [{ name: "main", resources: { requests: resources } }],
});
const onPort = (hostPort: number) => ({
  containers: [{ name: "main", ports: [{ containerPort: 80, hostPort }] }],
});

describe("placement", () => {
  it.each<[string, Partial<PodSpec>, Partial<PodSpec>[], string | undefined]>([
    ["an ordinary pod that tolerates NoExecute", tolerant, [], undefined],
    [
      "a pod that does not tolerate NoSchedule or the cordon: it was bound all the same",
      { tolerations: [{ key: "b", operator: "Exists" }] },
      [],
      undefined,
    ],
    ["a pod that does not tolerate NoExecute", {}, [], "TaintToleration"],
    ["a selector for another node", { ...tolerant, nodeSelector: { disk: "ssd" } }, [], "NodeAffinity"],
    [
      "more cpu than is left",
      { ...tolerant, ...wants({ cpu: "600m" }) },
      [wants({ cpu: "500m" })],
      "OutOfcpu",
    ],
    [
      "as much cpu as is left",
      { ...tolerant, ...wants({ cpu: "500m" }) },
      [wants({ cpu: "500m" })],
      undefined,
    ],
    ["more memory than there is", { ...tolerant, ...wants({ memory: "2Gi" }) }, [], "OutOfmemory"],
    ["one pod too many", tolerant, [{}, {}], "OutOfpods"],
    ["a port that is taken", { ...tolerant, ...onPort(8080) }, [onPort(8080)], "NodePorts"],
  ])("%s", (_name, spec, others, reason) => {
    expect(
      placementVerdict(
        podOf(spec),
        node,
        others.map((other) => podOf(other)),
      )?.reason,
    ).toBe(reason);
  });

  it("takes static pods whatever the node's taints and labels (S.9)", () => {
    const pod = podOf({ nodeSelector: { disk: "ssd" } }, { "kubernetes.io/config.source": "file" });
    expect(placementVerdict(pod, node, [])).toBeUndefined();
  });

  it("says what was asked for and what there is", () => {
    expect(placementVerdict(podOf({ ...tolerant, ...wants({ cpu: "2" }) }), node, [])?.message).toBe(
      "Pod was rejected: Node didn't have enough resource: cpu, requested: 2000, used: 0, capacity: 1000",
    );
  });
});

describe("support", () => {
  it.each<[string, Partial<PodSpec>, string | undefined]>([
    ["nothing unusual", {}, undefined],
    [
      "a claim",
      { volumes: [{ name: "v", persistentVolumeClaim: { claimName: "c" } }] },
      "volume v (persistentVolumeClaim)",
    ],
    [
      "a bundle of others' trust",
      { volumes: [{ name: "v", projected: { sources: [{ clusterTrustBundle: { path: "t" } }] } }] },
      "volume v (projected clusterTrustBundle)",
    ],
    ["processes shared", { shareProcessNamespace: true }, "shareProcessNamespace"],
    ["another system", { os: { name: "windows" } }, "os windows"],
  ])("%s", (_name, spec, words) => {
    const verdict = supportVerdict(podOf(spec));
    if (words === undefined) expect(verdict).toBeUndefined();
    else
      expect(verdict).toMatchObject({
        reason: "UnsupportedPodFeature",
        message: expect.stringContaining(`does not support ${words};`) as string,
      });
  });
});
