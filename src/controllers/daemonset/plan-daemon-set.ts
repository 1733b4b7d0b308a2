// Owns the whole plan for one DaemonSet: from what was observed to what is to be done, in the order it is to be done.
import type { Instant } from "../../lib/units.ts";
import type { DaemonSet, Node } from "../../model/generated/types.ts";
import type { Action, CurrentRevision, DaemonSetPlan, NodePods, Observed } from "./plan-action.ts";
import { planHistory, planHistoryCleanup } from "./plan-history.ts";
import { minReadyOf, sortPods } from "./plan-node-pods.ts";
import { planOwnership } from "./plan-ownership.ts";
import { placementOn, type PlacementRules } from "./plan-placement.ts";
import { daemonPodName } from "./plan-pod-draft.ts";
import { planNodePods, type PodRules } from "./plan-pods.ts";
import { allowsSurge, paceOf, planRollout } from "./plan-rollout.ts";
import { nextAvailable, saysMore, statusOf } from "./plan-status.ts";

export const selectsAll = ({ spec }: DaemonSet): boolean =>
  Object.keys(spec?.selector.matchLabels ?? {}).length === 0 &&
  (spec?.selector.matchExpressions ?? []).length === 0;

const selectingAll: Action = {
  do: "event",
  type: "Warning",
  reason: "SelectingAll",
  message: "This daemon set is selecting all pods. A non-empty selector is required.",
};

/**
 * Decides what brings each node to exactly one healthy pod of the current revision, at the pace the set allows. Owners are put
 * right first, then the revision, then the pods; planning again after each step gives the next, and nothing once all is well.
 * Costs one pass over the nodes and one over the pods.
 */
export function planDaemonSet(observed: Observed): DaemonSetPlan {
  const { set } = observed;
  // Its pods are the garbage collector's, or nobody's (D.9, D.17).
  if (set.metadata.deletionTimestamp !== undefined) return { actions: [], nodes: [] };
  if (selectsAll(set)) return { actions: [selectingAll], nodes: [] };
  const owned = planOwnership(set, observed.pods, observed.revisions);
  if (owned.actions.length > 0) return { actions: owned.actions, nodes: [] };
  const { current, actions } = planHistory(set, owned.revisions);
  if (current === undefined) return { actions, nodes: [] };
  const { nodes, homeless } = sortPods(set, observed.nodes, owned.pods, current);
  const planned: Action[] = [...actions];
  for (const pod of homeless) planned.push({ do: "delete-pod", pod, node: "", because: "no-node" });
  planned.push(...planAllPods(observed, nodes, current));
  planned.push(...planHistoryCleanup(set, owned.revisions, owned.pods, current));
  const status = statusOf(set, nodes, observed.now);
  if (saysMore(status, set.status)) planned.push({ do: "write-status", status });
  return { actions: withOneReplan(planned, nextAvailable(set, nodes, observed.now)), current, nodes };
}

export type NodeObserved = Pick<Observed, "set" | "now" | "backOffs" | "nameTaken" | "asked">;

/** The rules that hold for all nodes; names given out by one plan are not given out twice. */
export function podRulesOf(
  { set, now, backOffs, nameTaken, asked }: NodeObserved,
  current: CurrentRevision,
): PodRules {
  const given = new Set<string>();
  return {
    surges: allowsSurge(set),
    replaces: set.spec?.updateStrategy?.type !== "OnDelete",
    minReady: minReadyOf(set),
    now,
    backOffs,
    nameFor: (node) => {
      const taken = (name: string) => given.has(name) || nameTaken(name);
      const before = asked?.get(node);
      const name =
        before === undefined || taken(before) ? daemonPodName(set, node, current.hash, taken) : before;
      given.add(name);
      return name;
    },
  };
}

function planAllPods(observed: Observed, nodes: readonly NodePods[], current: CurrentRevision): Action[] {
  const rules = podRulesOf(observed, current);
  const turns = nodes.map((at) => planNodePods(at, rules));
  const actions: Action[] = [];
  let desired = 0;
  for (const { at, actions: own } of turns) {
    if (at.placement.is === "place") desired += 1;
    for (const action of own) actions.push(action);
  }
  for (const action of planRollout(paceOf(observed.set, desired), turns, rules)) actions.push(action);
  return actions;
}

/** One plan, one instant to plan again: the earliest. */
export function withOneReplan(actions: readonly Action[], available: Instant | undefined): readonly Action[] {
  let first = available;
  const others: Action[] = [];
  for (const action of actions)
    if (action.do !== "replan") others.push(action);
    else if (first === undefined || action.at < first) first = action.at;
  return first === undefined ? others : [...others, { do: "replan", at: first }];
}

/** What a set's last plan was made by and holds for any node alone. */
export interface NodeBasis {
  readonly current: CurrentRevision;
  readonly placing: PlacementRules;
}

/** What a single node without any pod of the set needs, when the set's revision is known: its share of the whole plan. */
export function planNewNode(
  observed: NodeObserved,
  { current, placing }: NodeBasis,
  node: Node,
): readonly Action[] {
  const { set } = observed;
  if (set.metadata.deletionTimestamp !== undefined || selectsAll(set)) return [];
  const at: NodePods = { node, placement: placementOn(placing, node), pods: [] };
  return planNodePods(at, podRulesOf(observed, current)).actions;
}
