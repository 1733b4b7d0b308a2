// Owns on which nodes a DaemonSet's pods belong, and the tolerations that all of them get (D.1 to D.4).
import type { DaemonSet, Node, PodSpec, Toleration } from "../../model/generated/types.ts";
import {
  affinityObstacles,
  barring,
  evicting,
  nodeWishesOf,
  taintObstacles,
  type NodeWishes,
  type Obstacle,
} from "../../model/placement.ts";

export type Placement =
  | { readonly is: "place" }
  /** A pod that runs there stays, a new one is not made. */
  | { readonly is: "keep"; readonly because: readonly Obstacle[] }
  | { readonly is: "evict"; readonly because: readonly Obstacle[] };

export interface PlacementRules {
  readonly wishes: NodeWishes;
  readonly tolerations: readonly Toleration[];
}

const anyValue = (key: string, effect: string): Toleration => ({ key, operator: "Exists", effect });

const givenToAll: readonly Toleration[] = [
  anyValue("node.kubernetes.io/not-ready", "NoExecute"),
  anyValue("node.kubernetes.io/unreachable", "NoExecute"),
  anyValue("node.kubernetes.io/disk-pressure", "NoSchedule"),
  anyValue("node.kubernetes.io/memory-pressure", "NoSchedule"),
  anyValue("node.kubernetes.io/pid-pressure", "NoSchedule"),
  anyValue("node.kubernetes.io/unschedulable", "NoSchedule"),
  // Upstream gives these two no NoSchedule, so its new daemons wait for the node: see docs/adr/0005.
  anyValue("node.kubernetes.io/not-ready", "NoSchedule"),
  anyValue("node.kubernetes.io/unreachable", "NoSchedule"),
];
const givenToHostNetwork = anyValue("node.kubernetes.io/network-unavailable", "NoSchedule");

const sameMatch = (left: Toleration, right: Toleration): boolean =>
  (left.key ?? "") === (right.key ?? "") &&
  (left.effect ?? "") === (right.effect ?? "") &&
  (left.operator ?? "") === (right.operator ?? "") &&
  (left.value ?? "") === (right.value ?? "");

/** The template's tolerations and the ones every daemon pod gets (D.4); a bounded one of the same match becomes unbounded. */
export function daemonTolerations(spec: PodSpec | undefined): readonly Toleration[] {
  const given = spec?.hostNetwork === true ? [...givenToAll, givenToHostNetwork] : givenToAll;
  const own = spec?.tolerations ?? [];
  return [
    ...own.map((toleration) => given.find((other) => sameMatch(toleration, other)) ?? toleration),
    ...given.filter((toleration) => !own.some((other) => sameMatch(toleration, other))),
  ];
}

/** What is the same for all nodes, taken from the template once. */
export function placementRulesOf(set: DaemonSet): PlacementRules {
  const spec = set.spec?.template.spec;
  return { wishes: nodeWishesOf(spec), tolerations: daemonTolerations(spec) };
}

const place: Placement = { is: "place" };

/** Name, selector and affinity must match. An untolerated NoSchedule taint only bars new pods, NoExecute also ends running ones. */
export function placementOn({ wishes, tolerations }: PlacementRules, node: Node): Placement {
  const unwanted = affinityObstacles(wishes, node);
  const barred = taintObstacles(tolerations, node, barring);
  if (unwanted.length === 0 && barred.length === 0) return place;
  const because = [...unwanted, ...barred];
  const evicts = unwanted.length > 0 || taintObstacles(tolerations, node, evicting).length > 0;
  return { is: evicts ? "evict" : "keep", because };
}
