// Owns the sorting of a DaemonSet's pods onto their nodes, and what each pod is to the planner.
import { seconds, type Instant, type Millis } from "../../lib/units.ts";
import type { DaemonSet, Node, Pod } from "../../model/generated/types.ts";
import { targetNodeOf } from "../../model/placement.ts";
import { parseTime } from "../../model/time.ts";
import type { CurrentRevision, DaemonPod, NodePods } from "./plan-action.ts";
import { placementOn, placementRulesOf } from "./plan-placement.ts";
import { revisionLabel } from "./plan-pod-draft.ts";

function stageOf(pod: Pod): DaemonPod["stage"] {
  if (pod.metadata.deletionTimestamp !== undefined) return "leaving";
  const phase = pod.status?.phase;
  return phase === "Failed" ? "failed" : phase === "Succeeded" ? "succeeded" : "live";
}

// Times on the wire are whole seconds, so that thousands of pods share a few texts; the bound is for those that don't.
const instants = new Map<string, Instant>();
const instantsMax = 4096;

function instantOf(text: string | undefined): Instant {
  if (text === undefined) return 0;
  const known = instants.get(text);
  if (known !== undefined) return known;
  if (instants.size >= instantsMax) instants.clear();
  const instant = parseTime(text) ?? 0;
  instants.set(text, instant);
  return instant;
}

function readySinceOf(pod: Pod): Instant | undefined {
  for (const { type, status, lastTransitionTime } of pod.status?.conditions ?? [])
    if (type === "Ready") return status === "True" ? instantOf(lastTransitionTime) : undefined;
  return undefined;
}

export const minReadyOf = (set: DaemonSet): Millis => seconds(set.spec?.minReadySeconds ?? 0);

type Readiness = Pick<DaemonPod, "readySince">;

/** From when on a pod counts as available (D.12), or never as things stand. */
export const availableFrom = (pod: Readiness, minReady: Millis): Instant | "never" =>
  pod.readySince === undefined ? "never" : minReady === 0 ? 0 : pod.readySince + minReady;

export function isAvailable(pod: Readiness, minReady: Millis, now: Instant): boolean {
  const from = availableFrom(pod, minReady);
  return from !== "never" && from <= now;
}

/** Whether taking the pod down would cost the set an available one. */
export const serves = (pod: Pod, minReady: Millis, now: Instant): boolean =>
  isAvailable({ readySince: readySinceOf(pod) }, minReady, now);

/** The scheduled before the unscheduled, then the oldest, then the first by name (D.7). */
export function keepFirst({ pod: left }: DaemonPod, { pod: right }: DaemonPod): number {
  const bound = Number((right.spec?.nodeName ?? "") !== "") - Number((left.spec?.nodeName ?? "") !== "");
  if (bound !== 0) return bound;
  const [earlier, later] = [left.metadata.creationTimestamp, right.metadata.creationTimestamp];
  if (earlier !== later) return earlier < later ? -1 : 1;
  return left.metadata.name < right.metadata.name ? -1 : 1;
}

export interface SortedPods {
  readonly nodes: readonly NodePods[];
  /** Unbound pods whose node does not exist. Bound ones are the node controller's to remove. */
  readonly homeless: readonly Pod[];
}

const noPods: readonly DaemonPod[] = [];

/** The pod as the planner sees it; undefined for one that ended and is leaving, which is the kubelet's business alone. */
export function daemonPodOf(pod: Pod, current: CurrentRevision): DaemonPod | undefined {
  const stage = stageOf(pod);
  const phase = pod.status?.phase;
  if (stage === "leaving" && (phase === "Failed" || phase === "Succeeded")) return undefined;
  const hash = pod.metadata.labels?.[revisionLabel];
  const revision = hash !== undefined && current.hashes.has(hash) ? "current" : "old";
  return { pod, stage, revision, readySince: readySinceOf(pod) };
}

/** Whether a pod whose node does not exist is to go: one that is bound is the node controller's to remove. */
export const isHomeless = ({ pod, stage }: DaemonPod): boolean =>
  stage !== "leaving" && (pod.spec?.nodeName ?? "") === "";

/** One pass over the pods and one over the nodes. */
export function sortPods(
  set: DaemonSet,
  nodes: Iterable<Node>,
  pods: readonly Pod[],
  current: CurrentRevision,
): SortedPods {
  const byNode = new Map<string, DaemonPod[]>();
  for (const pod of pods) {
    const target = targetNodeOf(pod);
    const seen = target === undefined ? undefined : daemonPodOf(pod, current);
    if (target === undefined || seen === undefined) continue;
    const there = byNode.get(target);
    if (there === undefined) byNode.set(target, [seen]);
    else there.push(seen);
  }
  const rules = placementRulesOf(set);
  const sorted: NodePods[] = [];
  let housed = 0;
  for (const node of nodes) {
    const there = byNode.get(node.metadata.name);
    if (there !== undefined) {
      housed += 1;
      if (there.length > 1) there.sort(keepFirst);
    }
    sorted.push({ node, placement: placementOn(rules, node), pods: there ?? noPods });
  }
  return { nodes: sorted, homeless: housed === byNode.size ? [] : homelessOf(byNode, sorted) };
}

function homelessOf(byNode: ReadonlyMap<string, readonly DaemonPod[]>, nodes: readonly NodePods[]): Pod[] {
  const known = new Set(nodes.map(({ node }) => node.metadata.name));
  const homeless: Pod[] = [];
  for (const [node, pods] of byNode)
    if (!known.has(node)) for (const pod of pods) if (isHomeless(pod)) homeless.push(pod.pod);
  return homeless;
}
