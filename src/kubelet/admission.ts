// Owns whether this node takes a pod that arrives: what it can't run is refused with words, before anything is made.
import type { Container, Node, Pod } from "../model/generated/types.ts";
import {
  affinityObstacles,
  allocatableOf,
  evicting,
  fitOnNode,
  nodeWishesOf,
  occupancyOf,
  taintObstacles,
  tolerates,
  type Obstacle,
} from "../model/placement.ts";
import { podQos } from "../model/pod/qos.ts";
import { isCritical } from "./eviction/plan-eviction.ts";
import type { Pressure } from "./eviction/step-pressure.ts";
import type { Verdict } from "./life/step-pod-types.ts";
import { isStatic } from "./sources/source.ts";
import { unknownSources } from "./volumes/volumes.ts";

const rejected = (reason: string, words: string): Verdict => ({
  reason,
  message: `Pod was rejected: ${words}`,
});

function obstacleVerdict(obstacle: Obstacle, node: Node): Verdict {
  switch (obstacle.is) {
    case "other-node":
    case "label":
    case "affinity":
      return rejected(
        "NodeAffinity",
        "Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector",
      );
    case "taint":
    case "cordoned":
      return rejected(
        "TaintToleration",
        "Predicate TaintToleration failed: node(s) had untolerated taint(s)",
      );
    case "port-taken":
      return rejected(
        "NodePorts",
        "Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports",
      );
    case "too-many-pods":
      return rejected(
        "OutOfpods",
        `Node didn't have enough resource: pods, requested: 1, used: ${obstacle.allowed}, capacity: ${obstacle.allowed}`,
      );
    case "short-of":
      break;
  }
  const capacity = allocatableOf(node).get(obstacle.resource) ?? 0;
  const used = capacity - obstacle.free;
  return rejected(
    `OutOf${obstacle.resource}`,
    `Node didn't have enough resource: ${obstacle.resource}, requested: ${obstacle.wanted}, used: ${used}, capacity: ${capacity}`,
  );
}

/** Why the node is no place for the pod, with the pods given already on it; undefined where it is one. */
export function placementVerdict(pod: Pod, node: Node, others: Iterable<Pod>): Verdict | undefined {
  const spec = pod.spec;
  // Static pods belong to the node: its labels and taints don't keep them off.
  const own = isStatic(pod)
    ? []
    : [
        ...affinityObstacles(nodeWishesOf(spec), node),
        ...taintObstacles(spec?.tolerations ?? [], node, evicting),
      ];
  const [first] = own;
  if (first !== undefined) return obstacleVerdict(first, node);
  const fit = fitOnNode(spec, node, occupancyOf(others));
  if (fit.is === "fits") return undefined;
  const scarce = fit.because.find(
    ({ is }) => is === "port-taken" || is === "too-many-pods" || is === "short-of",
  );
  return scarce === undefined ? undefined : obstacleVerdict(scarce, node);
}

/** Why the node takes no further pod just now: it is short of something, as upstream's eviction manager says it. */
export function pressureVerdict(pod: Pod, pressures: readonly Pressure[]): Verdict | undefined {
  if (pressures.length === 0 || isCritical(pod, isStatic(pod))) return undefined;
  if (pressures.every((one) => one === "MemoryPressure")) {
    if (podQos(pod) !== "BestEffort") return undefined;
    const taint = { key: "node.kubernetes.io/memory-pressure", effect: "NoSchedule" };
    if ((pod.spec?.tolerations ?? []).some((toleration) => tolerates(toleration, taint))) return undefined;
  }
  return {
    reason: "Evicted",
    message: `Pod was rejected: The node had condition: [${pressures.join(", ")}]. `,
  };
}

export const shutdownVerdict: Verdict = {
  reason: "NodeShutdown",
  message: "Pod was rejected as the node is shutting down.",
};

function containerFeatures(container: Container): string[] {
  const found: string[] = [];
  const say = (present: boolean, words: string) => {
    if (present) found.push(`${words} of container ${container.name}`);
  };
  const { lifecycle } = container;
  say(
    [lifecycle?.postStart, lifecycle?.preStop].some((hook) => hook?.tcpSocket !== undefined),
    "a tcpSocket lifecycle hook",
  );
  say((container.volumeDevices ?? []).length > 0, "volumeDevices");
  say((container.restartPolicyRules ?? []).length > 0, "restartPolicyRules");
  say((container.resources?.claims ?? []).length > 0, "resource claims");
  say(
    (container.volumeMounts ?? []).some(({ mountPropagation = "None" }) => mountPropagation !== "None"),
    "mountPropagation",
  );
  return found;
}

const projected = new Set(["configMap", "secret", "downwardAPI", "serviceAccountToken"]);

/** What the pod asks for and this kubelet has no way to give, in words; empty where there is nothing. */
function unsupportedFeatures(pod: Pod): readonly string[] {
  const spec = pod.spec;
  if (spec === undefined) return [];
  const found: string[] = [];
  for (const volume of spec.volumes ?? []) {
    for (const source of unknownSources(volume)) found.push(`volume ${volume.name} (${source})`);
    for (const source of volume.projected?.sources ?? [])
      if (Object.keys(source).some((name) => !projected.has(name)))
        found.push(`volume ${volume.name} (projected ${Object.keys(source).join(", ")})`);
  }
  for (const container of [...(spec.initContainers ?? []), ...spec.containers])
    found.push(...containerFeatures(container));
  if ((spec.resourceClaims ?? []).length > 0) found.push("resourceClaims");
  if (spec.os?.name !== undefined && spec.os.name !== "linux") found.push(`os ${spec.os.name}`);
  if (spec.runtimeClassName !== undefined && spec.runtimeClassName !== "")
    found.push(`runtimeClassName ${spec.runtimeClassName}`);
  if (spec.shareProcessNamespace === true) found.push("shareProcessNamespace");
  if (spec.hostUsers === false) found.push("hostUsers: false");
  if ((spec.securityContext?.sysctls ?? []).length > 0) found.push("sysctls");
  return found;
}

/** Refuses what would otherwise be left out in silence. */
export function supportVerdict(pod: Pod): Verdict | undefined {
  const features = unsupportedFeatures(pod);
  if (features.length === 0) return undefined;
  return {
    reason: "UnsupportedPodFeature",
    message: `cannot run pod ${pod.metadata.name}: this kubelet does not support ${features.join("; ")}; take it out of the pod or run it on another node`,
  };
}
