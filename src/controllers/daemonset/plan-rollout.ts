// Owns the pace of a rollout: which nodes get the current revision now, within maxUnavailable or maxSurge (D.8, D.13, D.14).
import type { DaemonSet, Node } from "../../model/generated/types.ts";
import { resolveIntOrPercent } from "../../model/int-or-percent.ts";
import { parseTime } from "../../model/time.ts";
import type { Action, DaemonPod } from "./plan-action.ts";
import { isAvailable } from "./plan-node-pods.ts";
import type { NodeTurn, PodRules } from "./plan-pods.ts";

export type Pace =
  | { readonly is: "on-delete" }
  | { readonly is: "replace"; readonly unavailableMax: number }
  | { readonly is: "surge"; readonly surgeMax: number };

/** Percentages are of the nodes that should run the set, and round up. Both zero can't be validated in and means one at a time. */
export function paceOf(set: DaemonSet, desired: number): Pace {
  const { type, rollingUpdate } = set.spec?.updateStrategy ?? {};
  if (type === "OnDelete") return { is: "on-delete" };
  const surgeMax = resolveIntOrPercent(rollingUpdate?.maxSurge ?? 0, desired);
  if (surgeMax > 0) return { is: "surge", surgeMax };
  const unavailableMax = resolveIntOrPercent(rollingUpdate?.maxUnavailable ?? 1, desired);
  return { is: "replace", unavailableMax: Math.max(1, unavailableMax) };
}

export const allowsSurge = (set: DaemonSet): boolean => {
  const { type, rollingUpdate } = set.spec?.updateStrategy ?? {};
  return type !== "OnDelete" && resolveIntOrPercent(rollingUpdate?.maxSurge ?? 0, 100) > 0;
};

/**
 * A node that was not Ready before it got its pod of the current revision says nothing about that revision: it is left out of the
 * budget, so that dead nodes don't hold up a rollout. One that breaks afterwards counts, and stops it.
 */
function wasBadBefore(node: Node, fresh: DaemonPod | undefined): boolean {
  const ready = node.status?.conditions?.find(({ type }) => type === "Ready");
  if (ready === undefined || ready.status === "True") return false;
  if (fresh === undefined) return true;
  const since = parseTime(ready.lastTransitionTime ?? "");
  const made = parseTime(fresh.pod.metadata.creationTimestamp);
  return since !== undefined && made !== undefined && since <= made;
}

/** Where one node stands in the rollout. */
export type Standing =
  /** Updated and available, or no concern of the rollout. */
  | { readonly is: "settled" }
  /** In replacement, or broken: takes up one of the budget. */
  | { readonly is: "busy" }
  /** An outdated pod that serves nobody: replaced without asking the budget; `busy` says whether it then takes up one. */
  | { readonly is: "free"; readonly pod: DaemonPod; readonly busy: boolean }
  /** An outdated pod that serves: waits for its turn. */
  | { readonly is: "waiting"; readonly pod: DaemonPod };

const settled: Standing = { is: "settled" };
const busy: Standing = { is: "busy" };

function replaceStanding({ at, actions, kept }: NodeTurn, { minReady, now }: PodRules): Standing {
  if (at.placement.is !== "place") return settled;
  // What is being tidied up on the node may take its pod down yet.
  if (kept.length > 0 && actions.some((action) => action.do === "delete-pod")) return busy;
  const [pod] = kept;
  if (pod === undefined) {
    const fresh = at.pods.find(({ revision }) => revision === "current");
    return wasBadBefore(at.node, fresh) ? settled : busy;
  }
  const available = isAvailable(pod, minReady, now);
  if (pod.revision === "current") return available || wasBadBefore(at.node, pod) ? settled : busy;
  if (available) return { is: "waiting", pod };
  return { is: "free", pod, busy: !wasBadBefore(at.node, undefined) };
}

function surgeStanding({ at, actions, kept }: NodeTurn, { minReady, now }: PodRules): Standing {
  if (at.placement.is !== "place") return settled;
  const fresh = kept.find(({ revision }) => revision === "current");
  const old = kept.find(({ revision }) => revision === "old");
  if (old === undefined) return settled;
  if (fresh !== undefined) return isAvailable(fresh, minReady, now) ? settled : busy;
  // Two may share a node only while the old one is Ready (D.8): one that isn't gives way first.
  if (old.readySince === undefined) return { is: "free", pod: old, busy: false };
  // A surged pod that failed and waits for its back-off, or one that is still leaving, holds its place: there are never three.
  const held =
    at.pods.some(({ stage }) => stage !== "live") || actions.some(({ do: act }) => act === "delete-pod");
  if (!held) return { is: "waiting", pod: old };
  return wasBadBefore(at.node, undefined) ? settled : busy;
}

export const standingOn = (pace: Pace, turn: NodeTurn, rules: PodRules): Standing =>
  pace.is === "surge"
    ? surgeStanding(turn, rules)
    : pace.is === "replace"
      ? replaceStanding(turn, rules)
      : settled;

export interface Candidate {
  readonly node: string;
  readonly pod: DaemonPod;
}

/** The first by node name, so that the same nodes are chosen whatever the order they are looked at. */
function firstByNode(candidates: Candidate[], count: number): readonly Candidate[] {
  if (count <= 0) return [];
  if (count >= candidates.length) return candidates;
  if (count === 1) return [candidates.reduce((first, other) => (other.node < first.node ? other : first))];
  return candidates.sort((left, right) => (left.node < right.node ? -1 : 1)).slice(0, count);
}

/** How many more may be taken down, or have a second pod, than those that take up the budget already. */
export const budgetLeft = (pace: Pace, taken: number): number =>
  (pace.is === "surge" ? pace.surgeMax : pace.is === "replace" ? pace.unavailableMax : 0) - taken;

/** For an outdated pod whose turn it is, or that needs none. */
export const replacement = (pace: Pace, { node, pod }: Candidate, rules: PodRules): Action =>
  pace.is === "surge"
    ? { do: "create-pod", node, name: rules.nameFor(node), because: "surge" }
    : deletion({ node, pod });

/** For an outdated pod that serves nobody. */
export const deletion = ({ node, pod }: Candidate): Action => ({
  do: "delete-pod",
  pod: pod.pod,
  node,
  because: "outdated",
});

/** What the rollout adds to the nodes' own turns. */
export function planRollout(pace: Pace, turns: readonly NodeTurn[], rules: PodRules): Action[] {
  if (pace.is === "on-delete") return [];
  const actions: Action[] = [];
  const waiting: Candidate[] = [];
  let taken = 0;
  for (const turn of turns) {
    const node = turn.at.node.metadata.name;
    const standing = standingOn(pace, turn, rules);
    if (standing.is === "busy") taken += 1;
    else if (standing.is === "waiting") waiting.push({ node, pod: standing.pod });
    else if (standing.is === "free") {
      if (standing.busy) taken += 1;
      actions.push(deletion({ node, pod: standing.pod }));
    }
  }
  for (const candidate of firstByNode(waiting, budgetLeft(pace, taken)))
    actions.push(replacement(pace, candidate, rules));
  return actions;
}
