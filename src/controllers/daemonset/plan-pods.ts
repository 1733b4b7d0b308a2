// Owns what each node needs to come to exactly one healthy pod, the rollout aside (D.1, D.2, D.6, D.7, D.8).
import { minutes, seconds, type Instant, type Millis } from "../../lib/units.ts";
import type { Action, BackOff, DaemonPod, NodePods } from "./plan-action.ts";
import { isAvailable } from "./plan-node-pods.ts";

/** What holds for all nodes of one plan. */
export interface PodRules {
  readonly surges: boolean;
  /** Whether outdated pods are replaced by us or only after a person deleted them. */
  readonly replaces: boolean;
  readonly minReady: Millis;
  readonly now: Instant;
  readonly backOffs: ReadonlyMap<string, BackOff>;
  readonly nameFor: (node: string) => string;
}

export interface NodeTurn {
  readonly at: NodePods;
  readonly actions: readonly Action[];
  /** Live pods that stay after these actions. */
  readonly kept: readonly DaemonPod[];
}

const delayFirst = seconds(1);
const delayMax = minutes(15);

/** When the failed pod of a node may be removed. */
export const backOffEnd = (backOff: BackOff | undefined): Instant =>
  backOff === undefined ? 0 : backOff.since + backOff.delay;

/** Doubles from one second to 15 minutes; two such maxima without a failure forget it. */
function nextBackOff(backOff: BackOff | undefined, now: Instant): BackOff {
  const forgotten = backOff === undefined || now - backOff.since > 2 * delayMax;
  return { delay: forgotten ? delayFirst : Math.min(backOff.delay * 2, delayMax), since: now };
}

const none: readonly Action[] = [];
const noPods: readonly DaemonPod[] = [];

const nameOf = ({ pod }: DaemonPod): string => `${pod.metadata.namespace}/${pod.metadata.name}`;

function planEviction(at: NodePods): NodeTurn {
  const node = at.node.metadata.name;
  const actions: Action[] = [];
  for (const { pod, stage } of at.pods)
    if (stage !== "leaving") actions.push({ do: "delete-pod", pod, node, because: "misplaced" });
  return { at, actions, kept: noPods };
}

/** A failed pod is removed at once the first time, then after the back-off; one of an old revision is simply replaced. */
function planFailed(failed: DaemonPod, at: NodePods, rules: PodRules): readonly Action[] {
  const node = at.node.metadata.name;
  const known = rules.backOffs.get(node);
  const outdated = failed.revision === "old" && rules.replaces && at.placement.is === "place";
  if (rules.now < backOffEnd(known) && !outdated) return [{ do: "replan", at: backOffEnd(known) }];
  return [
    {
      do: "event",
      type: "Warning",
      reason: "FailedDaemonPod",
      message: `Found failed daemon pod ${nameOf(failed)} on node ${node}, will try to kill it`,
    },
    {
      do: "delete-pod",
      pod: failed.pod,
      node,
      because: "failed",
      ...(outdated ? {} : { backOff: nextBackOff(known, rules.now) }),
    },
  ];
}

function planSucceeded(done: DaemonPod, node: string): readonly Action[] {
  return [
    {
      do: "event",
      type: "Normal",
      reason: "SucceededDaemonPod",
      message: `Found succeeded daemon pod ${nameOf(done)} on node ${node}, will try to delete it`,
    },
    { do: "delete-pod", pod: done.pod, node, because: "succeeded" },
  ];
}

/** Which of several live pods stay: the first; with surge the first of the current revision and the first of any older one. */
function keptOf(live: readonly DaemonPod[], rules: PodRules): readonly DaemonPod[] {
  const [first] = live;
  if (live.length < 2 || first === undefined) return live;
  if (!rules.surges) return [first];
  const fresh = live.find(({ revision }) => revision === "current");
  const old = live.find(({ revision }) => revision === "old");
  if (fresh === undefined || old === undefined) return [fresh ?? old ?? first];
  const replaced = old.readySince === undefined || isAvailable(fresh, rules.minReady, rules.now);
  return replaced ? [fresh] : [old, fresh];
}

/** What one node needs. The rollout looks at what is kept and adds to it. */
export function planNodePods(at: NodePods, rules: PodRules): NodeTurn {
  const node = at.node.metadata.name;
  if (at.placement.is === "evict") return planEviction(at);
  if (at.pods.length === 0) {
    if (at.placement.is === "keep") return { at, actions: none, kept: noPods };
    const create: Action = { do: "create-pod", node, name: rules.nameFor(node), because: "missing" };
    return { at, actions: [create], kept: noPods };
  }
  const [only] = at.pods;
  if (at.pods.length === 1 && only?.stage === "live") return { at, actions: none, kept: at.pods };
  const actions: Action[] = [];
  const live: DaemonPod[] = [];
  for (const pod of at.pods)
    if (pod.stage === "live") live.push(pod);
    else if (pod.stage === "failed") actions.push(...planFailed(pod, at, rules));
    else if (pod.stage === "succeeded") actions.push(...planSucceeded(pod, node));
  const kept = keptOf(live, rules);
  for (const pod of live)
    if (!kept.includes(pod)) {
      const outdated = pod.revision === "old" && kept.some(({ revision }) => revision === "current");
      const because = outdated && rules.surges ? "outdated" : "duplicate";
      actions.push({ do: "delete-pod", pod: pod.pod, node, because });
    }
  return { at, actions, kept };
}
