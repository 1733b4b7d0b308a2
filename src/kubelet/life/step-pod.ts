// Owns a pod's life on this node as a table: every state meets every signal, and says what to order.
import type { Instant } from "../../lib/units.ts";
import type { Pod } from "../../model/generated/types.ts";
import { parseTime } from "../../model/time.ts";
import { bare } from "./step-pod-states.ts";
import { containerDue, idleContainer } from "./step-container.ts";
import type { ContainerState } from "./step-container-types.ts";
import {
  allDue,
  containerMoved,
  endBare,
  endHoused,
  endOf,
  enterRunning,
  loseSandbox,
  makeSandbox,
  membersOf,
  startOver,
  takeSpec,
  tryLater,
  warn,
} from "./step-pod-moves.ts";
import type {
  PodMemory,
  PodOrder,
  PodSignal,
  PodSignalOf,
  PodState,
  PodStateOf,
  PodStep,
  Verdict,
} from "./step-pod-types.ts";

type Table = {
  readonly [S in PodState["is"]]: {
    readonly [G in PodSignal["is"]]: (state: PodStateOf<S>, signal: PodSignalOf<G>, now: Instant) => PodStep;
  };
};

const stay = (state: PodState): PodStep => [state];

/** Cells for signals that a state truly ignores: late answers to orders that no longer matter. */
const ignore = <G extends PodSignal["is"]>(...signals: readonly G[]): Record<G, typeof stay> =>
  // The keys are exactly the signals given.
  Object.fromEntries(signals.map((signal) => [signal, stay])) as Record<G, typeof stay>;

const sandboxSignals = [
  "sandbox-made",
  "sandbox-failed",
  "sandbox-lost",
  "sandbox-stopped",
  "sandbox-removed",
] as const;
const preparation = ["prepared", "prepare-failed"] as const;

const takePod = (state: PodState, { pod }: PodSignalOf<"wanted">): PodStep => [{ ...state, pod }];
/** Something is in flight: the end waits for its answer. */
const noteEnd = (state: PodState, signal: PodSignalOf<"end">, now: Instant): PodStep => [
  { ...state, ...endOf(state, signal, now) },
];
const endNow = (state: PodState, signal: PodSignalOf<"end">, now: Instant): PodStep =>
  endBare({ ...state, ...endOf(state, signal, now) });

const overdue = (state: PodState, now: Instant): boolean => {
  const deadline = activeDeadline(state);
  return deadline !== undefined && now >= deadline;
};
const pastDeadline: PodSignalOf<"end"> = {
  is: "end",
  because: "failed",
  graceSeconds: 30,
  verdict: {
    reason: "DeadlineExceeded",
    message: "Pod was active on the node longer than the specified deadline",
  },
};
const deadlineEnd = (state: PodState): PodSignalOf<"end"> => ({
  ...pastDeadline,
  graceSeconds: state.pod.spec?.terminationGracePeriodSeconds ?? pastDeadline.graceSeconds,
});

const table: Table = {
  preparing: {
    ...ignore(...sandboxSignals, "cleared", "container", "reported"),
    wanted: takePod,
    end: noteEnd,
    prepared: (state) => (state.end === undefined ? makeSandbox(state) : endBare(state)),
    "prepare-failed": (state, { message }, now) => tryLater(state, warn("FailedMount", message), now),
    due: (state, _due, now) => (overdue(state, now) ? noteEnd(state, deadlineEnd(state), now) : [state]),
  },
  waiting: {
    ...ignore(...sandboxSignals, ...preparation, "cleared", "container", "reported"),
    wanted: takePod,
    end: endNow,
    due: (state, _due, now) => {
      if (overdue(state, now)) return endNow(state, deadlineEnd(state), now);
      return now < state.until ? [state] : [bare("preparing", state), { do: "prepare" }];
    },
  },
  sandboxing: {
    ...ignore(
      ...preparation,
      "sandbox-lost",
      "sandbox-stopped",
      "sandbox-removed",
      "cleared",
      "container",
      "reported",
    ),
    wanted: takePod,
    end: noteEnd,
    "sandbox-made": (state, { sandbox }, now) => enterRunning(state, sandbox, now),
    "sandbox-failed": (state, { message }, now) =>
      tryLater(state, warn("FailedCreatePodSandBox", `Failed to create pod sandbox: ${message}`), now),
    due: (state, _due, now) => (overdue(state, now) ? noteEnd(state, deadlineEnd(state), now) : [state]),
  },
  running: {
    ...ignore(
      ...preparation,
      "sandbox-made",
      "sandbox-failed",
      "sandbox-stopped",
      "sandbox-removed",
      "cleared",
      "reported",
    ),
    wanted: (state, { pod }, now) => takeSpec(state, pod, now),
    end: endHoused,
    "sandbox-lost": (state, { id }, now) => (id === state.sandbox.id ? loseSandbox(state, now) : [state]),
    container: containerMoved,
    due: (state, _due, now) =>
      overdue(state, now) ? endHoused(state, deadlineEnd(state), now) : allDue(state, now),
  },
  stopping: {
    ...ignore(...preparation, ...sandboxSignals, "cleared", "reported"),
    wanted: takePod,
    end: endHoused,
    container: containerMoved,
    due: (state, _due, now) => allDue(state, now),
  },
  discarding: {
    ...ignore(
      ...preparation,
      "sandbox-made",
      "sandbox-failed",
      "sandbox-lost",
      "sandbox-stopped",
      "cleared",
      "container",
      "due",
      "reported",
    ),
    wanted: takePod,
    end: noteEnd,
    "sandbox-removed": (state) => (state.end === undefined ? startOver(state) : endBare(state)),
  },
  settling: {
    ...ignore(
      ...preparation,
      "sandbox-made",
      "sandbox-failed",
      "sandbox-lost",
      "sandbox-removed",
      "cleared",
      "container",
      "due",
      "reported",
    ),
    wanted: takePod,
    end: noteEnd,
    "sandbox-stopped": (state) =>
      state.end?.because === "deleted" || state.end?.because === "removed"
        ? endBare(state)
        : [bare("ended", state)],
  },
  ended: {
    ...ignore(...preparation, ...sandboxSignals, "cleared", "container", "due", "reported"),
    wanted: takePod,
    end: (state, signal, now) => (signal.because === "failed" ? [state] : endNow(state, signal, now)),
  },
  clearing: {
    ...ignore(...preparation, ...sandboxSignals, "container", "due", "reported"),
    wanted: takePod,
    end: noteEnd,
    cleared: (state) =>
      state.end?.because === "deleted"
        ? [bare("reporting", state), { do: "report-gone" }]
        : [bare("gone", state)],
  },
  reporting: {
    ...ignore(...preparation, ...sandboxSignals, "cleared", "container", "due"),
    wanted: takePod,
    end: (state, { because }) => (because === "removed" ? [bare("gone", state)] : [state]),
    reported: (state) => [bare("gone", state)],
  },
  gone: ignore(...preparation, ...sandboxSignals, "wanted", "end", "cleared", "container", "due", "reported"),
};

function activeDeadline(state: PodState): Instant | undefined {
  const seconds = state.pod.spec?.activeDeadlineSeconds;
  const over = state.end !== undefined || state.is === "ended" || state.is === "gone";
  return seconds === undefined || over ? undefined : state.startTime + seconds * 1000;
}

/** When the pod wants a `due` signal, or nothing. */
function podDue(state: PodState): Instant | undefined {
  const next = activeDeadline(state);
  if (state.is === "waiting") return earlier(next, state.until);
  return state.is === "running" || state.is === "stopping"
    ? earlier(next, containersDue(state.containers))
    : next;
}

const earlier = (one: Instant | undefined, other: Instant | undefined): Instant | undefined =>
  one === undefined || (other !== undefined && other < one) ? other : one;

function containersDue(containers: PodMemory["containers"]): Instant | undefined {
  let next: Instant | undefined;
  for (const container of Object.values(containers)) next = earlier(next, containerDue(container));
  return next;
}

const writeStatus: PodOrder = { do: "write-status" };

/** Adds what every step may need: the status written and the timer set. */
function complete(before: PodState | undefined, step: PodStep): PodStep {
  const state = step[0];
  if (state === before) return step;
  const whole: [PodState, ...PodOrder[]] = [state];
  // Status goes first, so that it is seen before a final deletion is asked for.
  if (state.is !== "gone") whole.push(writeStatus);
  // All but the first are orders. Taking the step apart would make a list of every one.
  for (let at = 1; at < step.length; at++) whole.push(step[at] as PodOrder);
  const due = podDue(state);
  if (due !== (before === undefined ? undefined : podDue(before))) whole.push({ do: "wait-until", at: due });
  return whole;
}

/** Decides what a signal makes of a pod and what is to be done. */
export function stepPod(state: PodState, signal: PodSignal, now: Instant): PodStep {
  // The row is the state's and the cell the signal's own, so the cell gets what it is typed for.
  const cell = table[state.is][signal.is] as (state: PodState, signal: PodSignal, now: Instant) => PodStep;
  return complete(state, cell(state, signal, now));
}

/** What a pod that has nothing on this node yet is remembered by. */
export function freshMemory(pod: Pod, now: Instant): PodMemory {
  const containers: Record<string, ContainerState> = {};
  for (const { spec } of membersOf(pod)) containers[spec.name] = idleContainer;
  const startTime = pod.status?.startTime === undefined ? undefined : parseTime(pod.status.startTime);
  return { pod, containers, startTime: startTime ?? now, sandboxes: 0, setbacks: 0 };
}

/** A pod that is to run and has nothing on this node yet. */
export const startPod = (pod: Pod, now: Instant): PodStep =>
  complete(undefined, [bare("preparing", freshMemory(pod, now)), { do: "prepare" }]);

/** A pod this node will not run: it fails before anything is made for it. */
export function refusePod(pod: Pod, verdict: Verdict, now: Instant): PodStep {
  const told: PodOrder = warn(verdict.reason, verdict.message);
  return complete(undefined, [{ ...freshMemory(pod, now), verdict, is: "ended" }, told]);
}

/** Starts from a state found at start. */
export const resumePod = (step: PodStep): PodStep => complete(undefined, step);
