// Owns what a node's silence makes of its conditions.
import type { Instant, Millis } from "../../lib/units.ts";
import type { Node, NodeCondition } from "../../model/generated/types.ts";
import { formatTime } from "../../model/time.ts";

export interface Graces {
  /** How long a node may be silent (K.5). */
  readonly silence: Millis;
  /** How long a node that never posted its status may take. */
  readonly startup: Millis;
}

export type NodeHealth =
  | { readonly is: "heard"; readonly lookAgain: Instant }
  | { readonly is: "silent"; readonly conditions: readonly NodeCondition[] }
  | { readonly is: "known-silent" };

// The conditions the kubelet posts; others have other authors.
const posted = ["Ready", "MemoryPressure", "DiskPressure", "PIDPressure"] as const;

export const conditionOf = (node: Node, type: string): NodeCondition | undefined =>
  node.status?.conditions?.find((condition) => condition.type === type);

/** `heard`: when the node last gave a sign of life. Source: upstream's node-lifecycle controller. */
export function planNodeHealth(node: Node, heard: Instant, now: Instant, graces: Graces): NodeHealth {
  const grace = conditionOf(node, "Ready") === undefined ? graces.startup : graces.silence;
  if (now < heard + grace) return { is: "heard", lookAgain: heard + grace };
  const before = node.status?.conditions ?? [];
  const missing = posted.filter((type) => conditionOf(node, type) === undefined);
  const isStale = (condition: NodeCondition): boolean =>
    posted.some((type) => type === condition.type) && condition.status !== "Unknown";
  if (missing.length === 0 && !before.some(isStale)) return { is: "known-silent" };
  const conditions = [
    ...before.map((condition) => (isStale(condition) ? silenced(condition, now) : condition)),
    ...missing.map((type) => neverPosted(node, type, now)),
  ];
  return { is: "silent", conditions };
}

const silenced = (condition: NodeCondition, now: Instant): NodeCondition => ({
  ...condition,
  status: "Unknown",
  reason: "NodeStatusUnknown",
  message: "Kubelet stopped posting node status.",
  lastTransitionTime: formatTime(now),
});

const neverPosted = (node: Node, type: string, now: Instant): NodeCondition => ({
  type,
  status: "Unknown",
  reason: "NodeStatusNeverUpdated",
  message: "Kubelet never posted node status.",
  lastHeartbeatTime: node.metadata.creationTimestamp,
  lastTransitionTime: formatTime(now),
});
