// Owns whether a pod may be on a node, for all who ask: DaemonSet controller, scheduler, kubelet, `everynode why`.
import type { Node, Pod, PodSpec, Toleration } from "./generated/types.ts";
import { demandOf, type Demand } from "./placement/demand.ts";
import { affinityObstacles, namedNodes, nodeWishesOf, preferenceOf } from "./placement/node-affinity.ts";
import type { NodeWishes } from "./placement/node-affinity.ts";
import { fitOf, obstacleText, type Fit, type Obstacle } from "./placement/obstacle.ts";
import {
  Occupancy,
  allocatableOf,
  occupancyOf,
  portObstacles,
  roomObstacles,
  takesRoom,
} from "./placement/room.ts";
import { barring, cordonObstacles, evicting, taintObstacles, tolerates } from "./placement/toleration.ts";

export {
  Occupancy,
  affinityObstacles,
  allocatableOf,
  barring,
  demandOf,
  evicting,
  fitOf,
  namedNodes,
  nodeWishesOf,
  obstacleText,
  occupancyOf,
  preferenceOf,
  taintObstacles,
  takesRoom,
  tolerates,
};
export type { Demand, Fit, NodeWishes, Obstacle };

const noTolerations: readonly Toleration[] = [];

/**
 * Whether a pod fits on a node with these pods on it: node name, cordon, taints, affinity, host ports, resources, in the order of
 * upstream's filters. Every obstacle is told, not only the first.
 */
export function fitOnNode(spec: PodSpec | undefined, node: Node, occupancy: Occupancy): Fit {
  return fitOf(obstaclesOnNode(spec, nodeWishesOf(spec), node, occupancy));
}

/** As `fitOnNode`, for callers that hold a pod's wishes against many nodes. */
export function obstaclesOnNode(
  spec: PodSpec | undefined,
  wishes: NodeWishes,
  node: Node,
  occupancy: Occupancy,
): readonly Obstacle[] {
  const tolerations = spec?.tolerations ?? noTolerations;
  const demand = demandOf(spec);
  const parts = [
    cordonObstacles(tolerations, node),
    taintObstacles(tolerations, node, barring),
    affinityObstacles(wishes, node),
    portObstacles(demand, occupancy),
    roomObstacles(demand, node, occupancy),
  ];
  return parts.every((part) => part.length === 0) ? nothing : parts.flat();
}
const nothing: readonly Obstacle[] = [];

/** The node a pod is on or is meant for: its nodeName, else the one its required affinity names. */
export function targetNodeOf(pod: Pod): string | undefined {
  const nodeName = pod.spec?.nodeName;
  if (nodeName !== undefined && nodeName !== "") return nodeName;
  const terms =
    pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  for (const { matchFields } of terms ?? [])
    for (const { key, operator, values } of matchFields ?? [])
      if (key === "metadata.name" && operator === "In" && values?.length === 1) return values[0];
  return undefined;
}
