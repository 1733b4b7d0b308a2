// Owns which pods stop counting as ready because their node does.
import type { Instant } from "../../lib/units.ts";
import type { Node, Pod, PodCondition } from "../../model/generated/types.ts";
import { formatTime } from "../../model/time.ts";
import { conditionOf } from "./plan-node-health.ts";

export interface Unready {
  readonly pod: Pod;
  readonly conditions: readonly PodCondition[];
}

/**
 * `told`: the transition of the Ready condition that its pods were told of already. A kubelet that lives but is not ready may
 * post its pods ready again, and is not argued with.
 */
export function planPodReadiness(
  node: Node,
  pods: Iterable<Pod>,
  told: string | undefined,
  now: Instant,
): readonly Unready[] {
  const ready = conditionOf(node, "Ready");
  if (ready === undefined || ready.status === "True") return [];
  if (ready.status === "False" && told === transitionOf(node)) return [];
  const unready: Unready[] = [];
  for (const pod of pods) {
    const conditions = pod.status?.conditions ?? [];
    if (!conditions.some(isReady)) continue;
    unready.push({
      pod,
      conditions: conditions.map((condition) =>
        isReady(condition)
          ? { ...condition, status: "False", lastTransitionTime: formatTime(now) }
          : condition,
      ),
    });
  }
  return unready;
}

const isReady = (condition: PodCondition): boolean =>
  condition.type === "Ready" && condition.status === "True";

/** Names one transition of a node's readiness. */
export const transitionOf = (node: Node): string => {
  const ready = conditionOf(node, "Ready");
  return `${ready?.status ?? ""} ${ready?.lastTransitionTime ?? ""}`;
};
