// Owns the answer to `everynode why`: for each node whether the set's pod is there, should be, and why not.
import type { Millis } from "../../lib/units.ts";
import type { DaemonSet, Pod } from "../../model/generated/types.ts";
import { fitOnNode, obstacleText, type Obstacle, type Occupancy } from "../../model/placement.ts";
import type { Action, DaemonPod, DaemonSetPlan, NodePods, Observed } from "./plan-action.ts";
import { planDaemonSet } from "./plan-daemon-set.ts";
import { availableFrom, minReadyOf } from "./plan-node-pods.ts";
import { backOffEnd } from "./plan-pods.ts";

export type Why =
  | { readonly is: "runs"; readonly pod: Pod }
  /** Ready, and available that much later. */
  | { readonly is: "settling"; readonly pod: Pod; readonly rest: Millis }
  | { readonly is: "not-ready"; readonly pod: Pod }
  /** Of an older revision; `turn` is now where the next plan replaces it, else it waits for the budget or for a person. */
  | { readonly is: "outdated"; readonly pod: Pod; readonly turn: "now" | "budget" | "on-delete" }
  /** Bound nowhere yet: what of the node is in the way, or what the scheduler said. */
  | {
      readonly is: "unscheduled";
      readonly pod: Pod;
      readonly because: readonly Obstacle[];
      readonly said: string | undefined;
    }
  /** `rest` is until it is replaced; only the controller itself knows it. */
  | {
      readonly is: "failed";
      readonly pod: Pod;
      readonly rest: Millis | undefined;
      readonly said: string | undefined;
    }
  | { readonly is: "leaving"; readonly pod: Pod }
  | { readonly is: "missing" }
  /** Runs there although a new one would not be made. */
  | { readonly is: "kept"; readonly pod: Pod; readonly because: readonly Obstacle[] }
  | { readonly is: "unwanted"; readonly because: readonly Obstacle[] };

export interface NodeAnswer {
  readonly node: string;
  readonly wanted: boolean;
  readonly why: Why;
}

/** What the node's own state says about a pod that waits there; nothing where other pods are not known. */
export type OccupancyOn = (node: string) => Occupancy | undefined;

function whyPod(at: NodePods, pod: DaemonPod, observed: Observed, occupancyOn: OccupancyOn): Why {
  const { now, set, backOffs } = observed;
  const node = at.node.metadata.name;
  const from = availableFrom(pod, minReadyOf(set));
  const scheduled = pod.pod.status?.conditions?.find(({ type }) => type === "PodScheduled");
  if (pod.stage === "leaving") return { is: "leaving", pod: pod.pod };
  if (pod.stage === "failed" || pod.stage === "succeeded") {
    const known = backOffs.get(node);
    const rest = known === undefined ? undefined : Math.max(0, backOffEnd(known) - now);
    return { is: "failed", pod: pod.pod, rest, said: pod.pod.status?.message ?? pod.pod.status?.reason };
  }
  if ((pod.pod.spec?.nodeName ?? "") === "") {
    const occupancy = occupancyOn(node);
    const fit = occupancy === undefined ? undefined : fitOnNode(pod.pod.spec, at.node, occupancy);
    const because = fit?.is === "unfit" ? fit.because : [];
    return { is: "unscheduled", pod: pod.pod, because, said: scheduled?.message };
  }
  if (from === "never") return { is: "not-ready", pod: pod.pod };
  return from > now ? { is: "settling", pod: pod.pod, rest: from - now } : { is: "runs", pod: pod.pod };
}

const touches = (action: Action, pod: DaemonPod, node: string): boolean =>
  (action.do === "delete-pod" && action.pod === pod.pod) ||
  (action.do === "create-pod" && action.node === node && action.because === "surge");

function turnOf(set: DaemonSet, pod: DaemonPod, node: string, actions: readonly Action[]) {
  if (set.spec?.updateStrategy?.type === "OnDelete") return "on-delete";
  return actions.some((action) => touches(action, pod, node)) ? "now" : "budget";
}

function whyNode(at: NodePods, plan: DaemonSetPlan, observed: Observed, occupancyOn: OccupancyOn): Why {
  const [pod] = at.pods;
  const { placement } = at;
  if (pod === undefined)
    return placement.is === "place" ? { is: "missing" } : { is: "unwanted", because: placement.because };
  if (placement.is === "keep") return { is: "kept", pod: pod.pod, because: placement.because };
  if (placement.is === "evict")
    return pod.stage === "leaving"
      ? { is: "leaving", pod: pod.pod }
      : { is: "unwanted", because: placement.because };
  const why = whyPod(at, pod, observed, occupancyOn);
  if (pod.revision === "current" || pod.stage !== "live") return why;
  const turn = turnOf(observed.set, pod, at.node.metadata.name, plan.actions);
  return { is: "outdated", pod: pod.pod, turn };
}

/** One answer for each node, by name. Before the set has a revision there is nothing to tell. */
export function planWhy(observed: Observed, occupancyOn: OccupancyOn = () => undefined): NodeAnswer[] {
  const plan = planDaemonSet(observed);
  return plan.nodes
    .map((at) => ({
      node: at.node.metadata.name,
      wanted: at.placement.is === "place",
      why: whyNode(at, plan, observed, occupancyOn),
    }))
    .sort((left, right) => (left.node < right.node ? -1 : 1));
}

const inSeconds = (rest: Millis): string => `${Math.ceil(rest / 1000)} s`;
function replacedWhen(rest: Millis | undefined): string {
  if (rest === undefined) return "once its back-off has passed, at most 15 min";
  return rest === 0 ? "now" : `in ${inSeconds(rest)}`;
}

/** What its containers are waiting for: `: agent: CrashLoopBackOff, back-off 20s restarting`. */
function troubleOf({ status }: Pod): string {
  const waiting = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])].flatMap(
    ({ name, state }) => {
      const { reason = "", message = "" } = state?.waiting ?? {};
      const words = [reason, message].filter((text) => text !== "").join(", ");
      return words === "" ? [] : [`${name}: ${words}`];
    },
  );
  return waiting.length === 0 ? "" : `: ${waiting.join("; ")}`;
}

const told = (because: readonly Obstacle[]): string => because.map(obstacleText).join("; ");

/** The answer as a line: `runs`, `no pod: the taint gpu=yes:NoSchedule is not tolerated`. */
export function whyText(why: Why): string {
  switch (why.is) {
    case "runs":
      return "runs";
    case "settling":
      return `Ready, counts as available in ${inSeconds(why.rest)}`;
    case "not-ready":
      return `${why.pod.metadata.name} is not Ready${troubleOf(why.pod)}`;
    case "outdated":
      return `runs an older revision; ${turns[why.turn]}`;
    case "unscheduled":
      return `${why.pod.metadata.name} waits to be scheduled: ${told(why.because) || (why.said ?? "not looked at yet")}`;
    case "failed":
      return `${why.pod.metadata.name} ended${why.said === undefined ? "" : ` (${why.said})`}; it is replaced ${replacedWhen(why.rest)}`;
    case "leaving":
      return `${why.pod.metadata.name} is ending`;
    case "missing":
      return "a pod is made now";
    case "kept":
      return `runs, but would not be made anew: ${told(why.because)}`;
    case "unwanted":
      break;
  }
  return `no pod: ${told(why.because)}`;
}

const turns = {
  now: "it is replaced now",
  budget: "it waits until the rollout's budget allows",
  "on-delete": "it stays until somebody deletes it (OnDelete)",
};
