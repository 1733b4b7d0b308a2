// Owns what is remembered of one DaemonSet between plans; losing it costs time, never correctness.
import type { Instant } from "../../lib/units.ts";
import type { DaemonSet } from "../../model/generated/types.ts";
import type { BackOff, CurrentRevision } from "./plan-action.ts";
import type { NodeBasis } from "./plan-daemon-set.ts";
import { placementRulesOf } from "./plan-placement.ts";
import { podMouldOf, type PodMould } from "./plan-pod-draft.ts";
import type { Replacements } from "./replacements.ts";
import { StandingPlan } from "./standing-plan.ts";

/** The set that was last planned for and what its pods are made from. */
export interface Basis extends NodeBasis {
  readonly set: DaemonSet;
  readonly mould: PodMould;
}

export interface Memory {
  readonly uid: string;
  readonly backOffs: Map<string, BackOff>;
  /** By node, the pod that was asked for and has not been seen. */
  readonly asked: Map<string, string>;
  plannedAt: Instant;
  statusAt: Instant;
  /** Nodes whose pod is being created ahead of the plan. */
  readonly creating: Set<string>;
  readonly plan: StandingPlan;
  readonly replacements: Replacements;
  /** Absent until the set's revision is known. */
  basis: Basis | undefined;
}

export const newMemory = (uid: string, replacements: Replacements): Memory => ({
  uid,
  backOffs: new Map(),
  asked: new Map(),
  plannedAt: -Infinity,
  statusAt: -Infinity,
  creating: new Set(),
  plan: new StandingPlan(),
  replacements,
  basis: undefined,
});

/** What holds for every node and pod of one plan, made once. */
export const basisOf = (set: DaemonSet, current: CurrentRevision): Basis => ({
  set,
  current,
  placing: placementRulesOf(set),
  mould: podMouldOf(set, current),
});
