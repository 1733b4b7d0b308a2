// Owns the plan for one DaemonSet kept from one time to the next: only the nodes something happened on are decided anew.
import type { Instant } from "../../lib/units.ts";
import type { ControllerRevision, DaemonSet, Node, Pod } from "../../model/generated/types.ts";
import { labelMatcher } from "../../model/selector.ts";
import type { Action, CurrentRevision, DaemonPod, DaemonSetPlan, Observed } from "./plan-action.ts";
import { planDaemonSet, podRulesOf, selectsAll, withOneReplan } from "./plan-daemon-set.ts";
import { planHistory } from "./plan-history.ts";
import { daemonPodOf, isHomeless, keepFirst } from "./plan-node-pods.ts";
import { planOwnership } from "./plan-ownership.ts";
import { placementOn, placementRulesOf, type PlacementRules } from "./plan-placement.ts";
import { planNodePods, type NodeTurn, type PodRules } from "./plan-pods.ts";
import {
  budgetLeft,
  deletion,
  paceOf,
  replacement,
  standingOn,
  type Pace,
  type Standing,
} from "./plan-rollout.ts";
import { countIn, nextOn, noCounts, saysMore, statusFrom, type Counts } from "./plan-status.ts";
import { StandingCounts } from "./standing-counts.ts";

/** What a plan looks at, and where to find the part of it that belongs to one node. */
export interface Surroundings extends Observed {
  readonly nodeNamed: (name: string) => Node | undefined;
  /** The set's own pods on that node or meant for it; of "" those meant for none. */
  readonly podsOn: (node: string) => Iterable<Pod>;
  /** Pods of the set's namespace that nobody controls. */
  readonly orphans: Iterable<Pod>;
  /** Where the set's own pods are or are meant for. */
  readonly places: Iterable<string>;
}

/** What was decided on one node. */
interface Cell {
  readonly turn: NodeTurn | undefined;
  readonly counts: Readonly<Counts>;
  readonly homeless: readonly Pod[];
  /** A pod of ours that our selector doesn't match. */
  readonly strays: boolean;
  /** When time alone may give another decision. */
  readonly next: Instant | undefined;
}

/** What every decision was made by; another one makes all of them void. */
interface Basis {
  readonly uid: string;
  readonly generation: number;
  readonly current: CurrentRevision;
  readonly placing: PlacementRules;
  readonly matches: (labels: Record<string, string> | undefined) => boolean;
}

const nothing: readonly Pod[] = [];
const noneCounted: Readonly<Counts> = noCounts();

/**
 * Comes to what `planDaemonSet` comes to, actions in another order aside, at the cost of what has changed since the last time. To
 * be told of every node whose own object or whose pods changed, before it is asked.
 */
export class StandingPlan {
  private readonly touched = new Set<string>();
  private readonly cells = new Map<string, Cell>();
  /** Nodes where something is to be done, or will be as time passes. */
  private readonly open = new Set<string>();
  private readonly sums = new StandingCounts();
  private basis: Basis | undefined;
  private pace: Pace["is"] | undefined;

  /** Something changed on the node; "" is where pods are that name none. */
  touch(node: string): void {
    this.touched.add(node);
  }

  plan(observed: Surroundings): DaemonSetPlan {
    const { set } = observed;
    if (set.metadata.deletionTimestamp !== undefined || selectsAll(set)) return this.anew(observed);
    const { revisions, actions } = planOwnership(set, nothing, observed.revisions);
    const history = planHistory(set, revisions);
    if (actions.length > 0 || history.current === undefined) return this.anew(observed);
    const basis = this.basisFor(observed, history.current);
    for (const { metadata } of observed.orphans)
      if (metadata.deletionTimestamp === undefined && basis.matches(metadata.labels))
        return this.anew(observed);
    if (isOverLimit(set, revisions, history.current)) return this.anew(observed);
    const rules = podRulesOf(observed, history.current);
    this.decide(observed, basis, rules);
    if (this.sums.strays > 0) return this.anew(observed);
    const planned = [...history.actions, ...this.actions(set, rules)];
    const status = statusFrom(set, this.sums.counts);
    if (saysMore(status, set.status)) planned.push({ do: "write-status", status });
    return {
      actions: withOneReplan(planned, this.nextAvailable(observed)),
      current: history.current,
      nodes: [],
    };
  }

  /** What is out of the ordinary is planned as a whole. */
  private anew(observed: Observed): DaemonSetPlan {
    this.basis = undefined;
    return planDaemonSet(observed);
  }

  private basisFor(observed: Surroundings, current: CurrentRevision): Basis {
    const { set } = observed;
    const { uid, generation = Number.NaN } = set.metadata;
    const known = this.basis;
    if (known?.uid === uid && known.generation === generation && isSame(known.current, current)) return known;
    this.cells.clear();
    this.open.clear();
    this.sums.clear();
    for (const { metadata } of observed.nodes) this.touched.add(metadata.name);
    for (const place of observed.places) this.touched.add(place);
    this.basis = {
      uid,
      generation,
      current,
      placing: placementRulesOf(set),
      matches: labelMatcher(set.spec?.selector),
    };
    return this.basis;
  }

  private decide(observed: Surroundings, basis: Basis, rules: PodRules): void {
    for (const name of this.open) this.touched.add(name);
    const fresh = new Map<string, Cell>();
    for (const name of this.touched) fresh.set(name, cellOn(name, observed, basis, rules));
    this.touched.clear();
    // Whether the set surges may hang on how many nodes it is for: they are counted before their standing is asked.
    for (const [name, { counts }] of fresh)
      this.sums.count(this.cells.get(name)?.counts ?? noneCounted, counts);
    const pace = paceOf(observed.set, this.sums.counts.desired);
    const again = pace.is === this.pace ? fresh : new Map([...this.cells, ...fresh]);
    this.pace = pace.is;
    for (const [name, cell] of again) this.settle(name, cell, pace, rules);
  }

  private settle(name: string, cell: Cell, pace: Pace, rules: PodRules): void {
    const { turn, homeless, next, strays } = cell;
    if (turn === undefined && homeless.length === 0 && !strays) this.cells.delete(name);
    else this.cells.set(name, cell);
    const standing: Standing = turn === undefined ? { is: "settled" } : standingOn(pace, turn, rules);
    this.sums.stand(name, standing, strays);
    const acts = (turn?.actions.length ?? 0) > 0 || homeless.length > 0;
    if (acts || next !== undefined) this.open.add(name);
    else this.open.delete(name);
  }

  private actions(set: DaemonSet, rules: PodRules): Action[] {
    const planned: Action[] = [];
    for (const name of this.open) {
      const cell = this.cells.get(name);
      for (const pod of cell?.homeless ?? [])
        planned.push({ do: "delete-pod", pod, node: "", because: "no-node" });
      for (const action of cell?.turn?.actions ?? []) planned.push(action);
    }
    const pace = paceOf(set, this.sums.counts.desired);
    for (const candidate of this.sums.free()) planned.push(deletion(candidate));
    for (const candidate of this.sums.first(budgetLeft(pace, this.sums.taken)))
      planned.push(replacement(pace, candidate, rules));
    return planned;
  }

  private nextAvailable({ now }: Observed): Instant | undefined {
    let first: Instant | undefined;
    for (const name of this.open) {
      const next = this.cells.get(name)?.next;
      if (next !== undefined && next > now && (first === undefined || next < first)) first = next;
    }
    return first;
  }
}

function cellOn(name: string, observed: Surroundings, basis: Basis, rules: PodRules): Cell {
  const node = name === "" ? undefined : observed.nodeNamed(name);
  const pods: DaemonPod[] = [];
  let strays = false;
  for (const pod of observed.podsOn(name)) {
    if (!basis.matches(pod.metadata.labels)) strays = true;
    const seen = daemonPodOf(pod, basis.current);
    if (seen !== undefined && name !== "") pods.push(seen);
  }
  if (node === undefined) {
    const homeless = pods.filter(isHomeless).map(({ pod }) => pod);
    return { turn: undefined, counts: noneCounted, homeless, strays, next: undefined };
  }
  if (pods.length > 1) pods.sort(keepFirst);
  const at = { node, placement: placementOn(basis.placing, node), pods };
  const counts = noCounts();
  countIn(counts, at, rules.minReady, rules.now);
  const next = rules.minReady === 0 ? undefined : nextOn(pods, rules.minReady, rules.now);
  return { turn: planNodePods(at, rules), counts, homeless: nothing, strays, next };
}

const isSame = (left: CurrentRevision, right: CurrentRevision): boolean =>
  left.hash === right.hash &&
  left.hashes.size === right.hashes.size &&
  [...left.hashes].every((hash) => right.hashes.has(hash));

/** Then it takes a look at every pod to know which revisions may go. */
const isOverLimit = (
  { spec }: DaemonSet,
  revisions: readonly ControllerRevision[],
  { hashes }: CurrentRevision,
): boolean => revisions.length - hashes.size > (spec?.revisionHistoryLimit ?? 10);
