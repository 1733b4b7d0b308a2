// Owns the words a pod's life on this node is told in: its states, the signals that move it, the orders it gives.
import type { Instant } from "../../lib/units.ts";
import type { Pod } from "../../model/generated/types.ts";
import type { ContainerOrder, ContainerSignal, ContainerState } from "./step-container-types.ts";

export interface Sandbox {
  readonly id: string;
  readonly ips: readonly string[];
}

/** Why a pod ends, from the weakest: a stronger reason takes the place of a weaker one, never the reverse. */
export const endReasons = ["sandbox-lost", "finished", "failed", "deleted", "removed"] as const;

export interface End {
  readonly because: (typeof endReasons)[number];
  /** By when containers must have ended. */
  readonly deadline: Instant;
}

export interface Verdict {
  readonly reason: string;
  readonly message: string;
  /** Others may do without a retry's backoff: the pod itself is not to blame (condition DisruptionTarget). */
  readonly isDisruption?: boolean;
}

/** What a pod keeps through all its states. */
export interface PodMemory {
  readonly pod: Pod;
  readonly containers: Readonly<Record<string, ContainerState>>;
  /** When this kubelet first took it up, or as its status says. */
  readonly startTime: Instant;
  readonly sandboxes: number;
  /** Failures to prepare or to make a sandbox, in a row. */
  readonly setbacks: number;
  /** Why the pod as a whole has failed: eviction, deadline, admission. */
  readonly verdict?: Verdict | undefined;
  readonly end?: End | undefined;
}

export type PodState = PodMemory &
  (
    | { readonly is: "preparing" }
    | { readonly is: "waiting"; readonly until: Instant }
    | { readonly is: "sandboxing" }
    | { readonly is: "running"; readonly sandbox: Sandbox }
    | { readonly is: "stopping"; readonly sandbox: Sandbox; readonly end: End }
    /** The lost sandbox is being removed, for a new one to be made. */
    | { readonly is: "discarding"; readonly sandbox: Sandbox }
    /** All is over and the sandbox is being stopped; containers stay for their logs. */
    | { readonly is: "settling"; readonly sandbox: Sandbox }
    | { readonly is: "ended" }
    | { readonly is: "clearing" }
    | { readonly is: "reporting" }
    | { readonly is: "gone" }
  );

export type PodSignal =
  | { readonly is: "wanted"; readonly pod: Pod }
  | {
      readonly is: "end";
      readonly because: "deleted" | "removed" | "failed";
      readonly graceSeconds: number;
      readonly verdict?: Verdict;
    }
  | { readonly is: "prepared" }
  | { readonly is: "prepare-failed"; readonly message: string }
  | { readonly is: "sandbox-made"; readonly sandbox: Sandbox }
  | { readonly is: "sandbox-failed"; readonly message: string }
  | { readonly is: "sandbox-lost"; readonly id: string }
  | { readonly is: "sandbox-stopped" }
  | { readonly is: "sandbox-removed" }
  | { readonly is: "cleared" }
  | { readonly is: "container"; readonly name: string; readonly signal: ContainerSignal }
  | { readonly is: "due" }
  | { readonly is: "reported" };

export type PodOrder =
  /** Volumes and folders. */
  | { readonly do: "prepare" }
  | { readonly do: "run-sandbox"; readonly attempt: number }
  | { readonly do: "stop-sandbox"; readonly id: string }
  | { readonly do: "remove-sandbox"; readonly id: string }
  /** Everything the pod has on this node goes: sandboxes, containers, volumes, logs. */
  | { readonly do: "clear" }
  /** The API's object goes: grace 0, this UID only. */
  | { readonly do: "report-gone" }
  | { readonly do: "write-status" }
  /** One `due` signal then, in place of any asked for before; undefined takes it back. */
  | { readonly do: "wait-until"; readonly at: Instant | undefined }
  | { readonly do: "for-container"; readonly container: string; readonly order: ContainerOrder }
  | Extract<ContainerOrder, { do: "event" }>;

export type PodStep = readonly [PodState, ...PodOrder[]];
export type PodStateOf<S extends PodState["is"]> = Extract<PodState, { is: S }>;
export type PodSignalOf<G extends PodSignal["is"]> = Extract<PodSignal, { is: G }>;
