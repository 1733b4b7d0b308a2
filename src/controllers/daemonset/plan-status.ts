// Owns a DaemonSet's status: counts of what was observed, and when counting again would give another (D.11, D.12).
import { deepEqual } from "../../lib/json.ts";
import type { Instant, Millis } from "../../lib/units.ts";
import type { DaemonSet, DaemonSetStatus } from "../../model/generated/types.ts";
import type { DaemonPod, NodePods } from "./plan-action.ts";
import { availableFrom, isAvailable, minReadyOf } from "./plan-node-pods.ts";

/** The pod that stands for a node: one that isn't leaving rather than one that is, one that serves rather than one that starts. */
function spokesman(
  pods: readonly DaemonPod[],
  available: (pod: DaemonPod) => boolean,
): DaemonPod | undefined {
  if (pods.length < 2) return pods[0];
  const staying = pods.filter(({ stage }) => stage !== "leaving");
  const asked = staying.length > 0 ? staying : pods;
  return asked.find(available) ?? asked[0];
}

/** What nodes add to a status. */
export interface Counts {
  desired: number;
  current: number;
  misscheduled: number;
  ready: number;
  served: number;
  updated: number;
}

export const noCounts = (): Counts => ({
  desired: 0,
  current: 0,
  misscheduled: 0,
  ready: 0,
  served: 0,
  updated: 0,
});

/** Counts one node in. */
export function countIn(
  counts: Counts,
  { placement, pods }: Pick<NodePods, "placement" | "pods">,
  minReady: Millis,
  now: Instant,
): void {
  const available = (pod: DaemonPod) => isAvailable(pod, minReady, now);
  const pod = spokesman(pods, available);
  if (placement.is !== "place") {
    if (pod !== undefined) counts.misscheduled += 1;
    return;
  }
  counts.desired += 1;
  if (pod === undefined) return;
  counts.current += 1;
  if (pod.readySince !== undefined) counts.ready += 1;
  if (available(pod)) counts.served += 1;
  if (pod.revision === "current") counts.updated += 1;
}

/** As kubectl shows it. Zero counts are left out where upstream leaves them out. */
export function statusFrom(set: DaemonSet, counts: Readonly<Counts>): DaemonSetStatus {
  const { desired, current, misscheduled, ready, served, updated } = counts;
  const { collisionCount, conditions } = set.status ?? {};
  return {
    ...(collisionCount === undefined ? {} : { collisionCount }),
    ...(conditions === undefined ? {} : { conditions }),
    currentNumberScheduled: current,
    desiredNumberScheduled: desired,
    numberMisscheduled: misscheduled,
    numberReady: ready,
    ...(served === 0 ? {} : { numberAvailable: served }),
    ...(desired === served ? {} : { numberUnavailable: desired - served }),
    ...(updated === 0 ? {} : { updatedNumberScheduled: updated }),
    observedGeneration: set.metadata.generation ?? 0,
  };
}

export function statusOf(set: DaemonSet, nodes: readonly NodePods[], now: Instant): DaemonSetStatus {
  const minReady = minReadyOf(set);
  const counts = noCounts();
  for (const at of nodes) countIn(counts, at, minReady, now);
  return statusFrom(set, counts);
}

const countsOf = (status: DaemonSetStatus | undefined) => ({
  numberAvailable: 0,
  numberUnavailable: 0,
  updatedNumberScheduled: 0,
  ...status,
});

export const saysMore = (next: DaemonSetStatus, last: DaemonSetStatus | undefined): boolean =>
  last === undefined || !deepEqual(countsOf(next), countsOf(last));

/** When the first pod that is Ready now becomes available, if any will. */
export function nextAvailable(set: DaemonSet, nodes: readonly NodePods[], now: Instant): Instant | undefined {
  const minReady = minReadyOf(set);
  if (minReady === 0) return undefined;
  let first: Instant | undefined;
  for (const { pods } of nodes) {
    const next = nextOn(pods, minReady, now);
    if (next !== undefined && (first === undefined || next < first)) first = next;
  }
  return first;
}

/** Of one node's pods. */
export function nextOn(pods: readonly DaemonPod[], minReady: Millis, now: Instant): Instant | undefined {
  let first: Instant | undefined;
  for (const pod of pods) {
    const from = availableFrom(pod, minReady);
    if (from !== "never" && from > now && (first === undefined || from < first)) first = from;
  }
  return first;
}
