// Owns what a pod's conditions say: Ready, and Available (Ready for long enough).
import { seconds, type Instant } from "../../lib/units.ts";
import type { Pod, PodCondition } from "../generated/types.ts";
import { parseTime } from "../time.ts";

export const conditionOf = (pod: Pod, type: string): PodCondition | undefined =>
  pod.status?.conditions?.find((condition) => condition.type === type);

export const isPodReady = (pod: Pod): boolean => conditionOf(pod, "Ready")?.status === "True";

/** Since when the pod is Ready; undefined while it is not. */
export function readySince(pod: Pod): Instant | undefined {
  const condition = conditionOf(pod, "Ready");
  if (condition?.status !== "True" || condition.lastTransitionTime === undefined) return undefined;
  return parseTime(condition.lastTransitionTime);
}

/** Ready for `minReadySeconds`. With 0 being Ready is enough, whatever the clock says. */
export function isPodAvailable(pod: Pod, minReadySeconds: number, now: Instant): boolean {
  if (!isPodReady(pod)) return false;
  if (minReadySeconds === 0) return true;
  const since = readySince(pod);
  return since !== undefined && since + seconds(minReadySeconds) <= now;
}

export const isPodFinished = (pod: Pod): boolean =>
  pod.status?.phase === "Succeeded" || pod.status?.phase === "Failed";
