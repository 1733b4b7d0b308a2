// Owns the words a container's life is told in: its states, the signals that move it, the orders it gives.
import type { Instant, Millis } from "../../lib/units.ts";
import type { Container, Pod } from "../../model/generated/types.ts";
import type { Backoff } from "./plan-restart.ts";
import type { ProbeName, Probes } from "./step-probe.ts";

/** How a run of a container ended. */
export interface Exit {
  readonly id: string;
  readonly exitCode: number;
  readonly reason: string;
  readonly message?: string | undefined;
  readonly startedAt?: Instant | undefined;
  readonly finishedAt: Instant;
}

/** What a container keeps through all its states. */
export interface ContainerMemory {
  /** Containers made so far: the next one's attempt. */
  readonly attempts: number;
  /** The run before the one the state tells of. */
  readonly last?: Exit | undefined;
  readonly backoff?: Backoff | undefined;
  /** Failures to pull or create in a row. */
  readonly failures: number;
  readonly imageRef?: string | undefined;
}

/** What follows a stop: the pod is ending, the restart policy decides, or a new start in any case. */
export type AfterStop = "end" | "policy" | "again";

export interface Live {
  readonly id: string;
  readonly startedAt: Instant;
  readonly started: boolean;
  readonly ready: boolean;
}
export interface Ending extends Live {
  readonly deadline: Instant;
  readonly next: AfterStop;
}

export type ContainerState = ContainerMemory &
  (
    | { readonly is: "idle" }
    | { readonly is: "pulling" }
    | { readonly is: "creating"; readonly doomed?: Instant | undefined }
    /** `early` is an end that was told before the start was. */
    | {
        readonly is: "starting";
        readonly id: string;
        readonly doomed?: Instant | undefined;
        readonly early?: Exit | undefined;
      }
    | (Live & { readonly is: "running"; readonly hook: "running" | "done"; readonly probes: Probes })
    | (Ending & { readonly is: "pre-stopping" })
    | (Ending & { readonly is: "stopping" })
    | {
        readonly is: "waiting";
        readonly reason: string;
        readonly message: string;
        readonly until: Instant;
      }
    | { readonly is: "ended"; readonly exit: Exit }
  );

export type ContainerSignal =
  | { readonly is: "begin" }
  | { readonly is: "image-ready"; readonly imageRef: string }
  | { readonly is: "created"; readonly id: string }
  | { readonly is: "started"; readonly id: string; readonly at: Instant }
  | {
      readonly is: "failed";
      readonly step: "pull" | "create" | "start";
      readonly reason: string;
      readonly message: string;
    }
  | { readonly is: "exited"; readonly exit: Exit }
  | {
      readonly is: "probed";
      readonly id: string;
      readonly probe: ProbeName;
      readonly success: boolean;
      readonly message: string;
    }
  | {
      readonly is: "hooked";
      readonly id: string;
      readonly hook: "postStart" | "preStop";
      readonly error?: string | undefined;
    }
  | { readonly is: "due" }
  | {
      readonly is: "stop";
      readonly deadline: Instant;
      readonly next: AfterStop;
      readonly message: string;
    };

export type ContainerOrder =
  | { readonly do: "pull-image" }
  | { readonly do: "create-container"; readonly attempt: number }
  | { readonly do: "start-container"; readonly id: string }
  | { readonly do: "stop-container"; readonly id: string; readonly grace: Millis }
  | { readonly do: "remove-container"; readonly id: string }
  | {
      readonly do: "run-hook";
      readonly id: string;
      readonly hook: "postStart" | "preStop";
      readonly timeout: Millis | undefined;
    }
  | { readonly do: "probe"; readonly id: string; readonly probe: ProbeName }
  | {
      readonly do: "event";
      readonly type: "Normal" | "Warning";
      readonly reason: string;
      readonly message: string;
    };

export interface ContainerContext {
  readonly spec: Container;
  readonly policy: "Always" | "OnFailure" | "Never";
  /** The pod's terminationGracePeriodSeconds. */
  readonly graceSeconds: number;
  /** For messages. */
  readonly pod: Pod;
  readonly now: Instant;
}

export type ContainerStep = readonly [ContainerState, ...ContainerOrder[]];
export type StateOf<S extends ContainerState["is"]> = Extract<ContainerState, { is: S }>;
export type SignalOf<G extends ContainerSignal["is"]> = Extract<ContainerSignal, { is: G }>;
