// Owns which taints a pod tolerates.
import type { Node, Taint, Toleration } from "../generated/types.ts";
import type { Obstacle } from "./obstacle.ts";

/** Whether one toleration covers one taint: an empty key or effect covers all, the operator is Equal unless given. */
export function tolerates(toleration: Toleration, taint: Taint): boolean {
  const { key = "", effect = "", operator = "", value = "" } = toleration;
  if (effect !== "" && effect !== taint.effect) return false;
  if (key !== "" && key !== taint.key) return false;
  if (operator === "Exists") return true;
  return (operator === "" || operator === "Equal") && value === (taint.value ?? "");
}

export type TaintEffect = "NoSchedule" | "PreferNoSchedule" | "NoExecute";

/** Effects that keep a new pod away, and those that also drive a running one out. */
export const barring: readonly TaintEffect[] = ["NoSchedule", "NoExecute"];
export const evicting: readonly TaintEffect[] = ["NoExecute"];

const none: readonly Obstacle[] = [];

/** The taints of these effects that nothing tolerates. */
export function taintObstacles(
  tolerations: readonly Toleration[],
  node: Node,
  effects: readonly TaintEffect[],
): readonly Obstacle[] {
  const taints = node.spec?.taints;
  if (taints === undefined || taints.length === 0) return none;
  const obstacles: Obstacle[] = [];
  for (const taint of taints)
    if (
      effects.some((effect) => effect === taint.effect) &&
      !tolerations.some((toleration) => tolerates(toleration, taint))
    )
      obstacles.push({ is: "taint", taint });
  return obstacles;
}

export const cordonTaint: Taint = { key: "node.kubernetes.io/unschedulable", effect: "NoSchedule" };

/** A cordoned node keeps new pods away unless they tolerate the taint that goes with it. */
export function cordonObstacles(tolerations: readonly Toleration[], node: Node): readonly Obstacle[] {
  if (node.spec?.unschedulable !== true) return none;
  return tolerations.some((toleration) => tolerates(toleration, cordonTaint)) ? none : [{ is: "cordoned" }];
}
