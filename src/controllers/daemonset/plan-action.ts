// Owns what a plan for one DaemonSet is made from and what it is made of.
import type { Instant, Millis } from "../../lib/units.ts";
import type {
  ControllerRevision,
  DaemonSet,
  DaemonSetStatus,
  Node,
  Pod,
} from "../../model/generated/types.ts";
import type { Draft } from "../../model/meta.ts";
import type { Placement } from "./plan-placement.ts";

/** How long the failed pod of one node is left in place, counted from the last time one was removed. */
export interface BackOff {
  readonly delay: Millis;
  readonly since: Instant;
}

/** Everything a plan looks at. */
export interface Observed {
  readonly set: DaemonSet;
  readonly nodes: Iterable<Node>;
  /** The set's own pods, and pods of its namespace that no controller owns. Others are ignored. */
  readonly pods: Iterable<Pod>;
  /** As pods: the set's own and those nobody owns. */
  readonly revisions: Iterable<ControllerRevision>;
  readonly now: Instant;
  /** By node name. */
  readonly backOffs: ReadonlyMap<string, BackOff>;
  /** Whether a pod of that name stands in the set's namespace, whoever owns it. */
  readonly nameTaken: (name: string) => boolean;
  /** By node, the name of a pod that was asked for and that nobody has seen yet: only that very name is harmless to ask for again. */
  readonly asked?: ReadonlyMap<string, string>;
}

export type PodEnd =
  /** The node should not run it. */
  | "misplaced"
  | "failed"
  | "succeeded"
  | "duplicate"
  /** Replaced by the rollout. */
  | "outdated"
  /** Meant for a node that does not exist, and not bound to it. */
  | "no-node";

export type Action =
  | {
      readonly do: "event";
      readonly type: "Normal" | "Warning";
      readonly reason: string;
      readonly message: string;
    }
  | { readonly do: "adopt-pod"; readonly pod: Pod }
  | { readonly do: "release-pod"; readonly pod: Pod }
  | { readonly do: "adopt-revision"; readonly revision: ControllerRevision }
  | { readonly do: "release-revision"; readonly revision: ControllerRevision }
  | { readonly do: "create-revision"; readonly draft: Draft<ControllerRevision> }
  | { readonly do: "raise-revision"; readonly revision: ControllerRevision; readonly to: number }
  | { readonly do: "delete-revision"; readonly revision: ControllerRevision }
  | {
      readonly do: "create-pod";
      readonly node: string;
      readonly name: string;
      readonly because: "missing" | "surge";
    }
  | {
      readonly do: "delete-pod";
      readonly pod: Pod;
      readonly node: string;
      readonly because: PodEnd;
      /** For failed pods: what holds for the node from now on. */
      readonly backOff?: BackOff;
    }
  | { readonly do: "write-status"; readonly status: DaemonSetStatus }
  /** Nothing will be told at that instant, but the plan may then be another. */
  | { readonly do: "replan"; readonly at: Instant };

/** A pod of the set as the planner sees it. */
export interface DaemonPod {
  readonly pod: Pod;
  readonly stage: "live" | "leaving" | "failed" | "succeeded";
  readonly revision: "current" | "old";
  /** Since when it is Ready; absent while it is not. */
  readonly readySince: Instant | undefined;
}

/** A node with the set's pods on it or meant for it: the one to keep first (D.7). */
export interface NodePods {
  readonly node: Node;
  readonly placement: Placement;
  readonly pods: readonly DaemonPod[];
}

/** The revision that new pods are made from. */
export interface CurrentRevision {
  readonly hash: string;
  readonly revision: number;
  /** Hashes whose revisions hold this very template: pods that carry one of them are up to date. */
  readonly hashes: ReadonlySet<string>;
}

export interface DaemonSetPlan {
  readonly actions: readonly Action[];
  /** Absent until the set's revision is known. */
  readonly current?: CurrentRevision;
  readonly nodes: readonly NodePods[];
}
