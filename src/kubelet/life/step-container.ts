// Owns one container's life as a table: every state meets every signal, and says what to order.
import type { Instant } from "../../lib/units.ts";
import { creating, rest, starting } from "./step-container-states.ts";
import { holdOff } from "./plan-restart.ts";
import {
  afterExit,
  afterHook,
  ask,
  begin,
  failStart,
  hasten,
  killNow,
  retryLater,
  run,
  runningAfterProbe,
  stay,
  stopLive,
  tell,
  warn,
} from "./step-container-moves.ts";
import type {
  ContainerContext,
  ContainerSignal,
  ContainerState,
  ContainerStep,
  SignalOf,
  StateOf,
} from "./step-container-types.ts";
import { nextProbeDue } from "./step-probe.ts";

type Table = {
  readonly [S in ContainerState["is"]]: {
    readonly [G in ContainerSignal["is"]]: (
      state: StateOf<S>,
      signal: SignalOf<G>,
      context: ContainerContext,
    ) => ContainerStep;
  };
};

export const idleContainer: ContainerState = { is: "idle", attempts: 0, failures: 0 };

/** Cells for signals that a state truly ignores: late answers to orders that no longer matter. */
const ignore = <G extends ContainerSignal["is"]>(...signals: readonly G[]): Record<G, typeof stay> =>
  // The keys are exactly the signals given.
  Object.fromEntries(signals.map((signal) => [signal, stay])) as Record<G, typeof stay>;

const table: Table = {
  idle: {
    ...ignore("image-ready", "created", "started", "failed", "exited", "probed", "hooked", "due", "stop"),
    begin,
  },
  pulling: {
    ...ignore("begin", "created", "started", "exited", "probed", "hooked", "due"),
    "image-ready": (state, { imageRef }) => [
      creating(state, imageRef),
      { do: "create-container", attempt: state.attempts },
    ],
    failed: (state, failed, context) =>
      failed.step === "pull" ? retryLater(state, failed, context) : [state],
    stop: (state) => [rest(state)],
  },
  creating: {
    ...ignore("begin", "image-ready", "started", "exited", "probed", "hooked", "due"),
    created: (state, { id }, { spec }) =>
      state.doomed !== undefined
        ? [rest(state), { do: "remove-container", id }]
        : [
            starting(state, id),
            tell("Created", `Created container: ${spec.name}`),
            { do: "start-container", id },
          ],
    failed: (state, failed, context) => {
      if (failed.step !== "create") return [state];
      return state.doomed === undefined ? retryLater(state, failed, context) : [rest(state)];
    },
    stop: (state, { deadline, next }) => [next === "end" ? { ...state, doomed: deadline } : state],
  },
  starting: {
    ...ignore("begin", "image-ready", "created", "probed", "hooked", "due"),
    started: (state, started, context) => (started.id === state.id ? run(state, started, context) : [state]),
    failed: (state, failed, context) =>
      failed.step === "start" ? failStart(state, failed, context) : [state],
    // The answer to the start is still out: it tells whether this was an end, or a start that failed.
    exited: (state, { exit }) => [exit.id === state.id ? { ...state, early: exit } : state],
    stop: (state, { deadline, next }) => [next === "end" ? { ...state, doomed: deadline } : state],
  },
  running: {
    ...ignore("begin", "image-ready", "created", "started", "failed"),
    exited: (state, { exit }, context) =>
      exit.id === state.id ? afterExit(state, exit, "policy", context) : [state],
    probed: runningAfterProbe,
    hooked: (state, { id, hook, error }, context) => {
      if (id !== state.id || hook !== "postStart" || state.hook === "done") return [state];
      if (error === undefined) return afterHook(state, context.spec, context.now);
      const deadline = context.now + context.graceSeconds * 1000;
      const message = `FailedPostStartHook: ${error}`;
      const [next, ...orders] = stopLive(state, { deadline, next: "policy", message }, context);
      return [next, warn("FailedPostStartHook", `PostStartHook failed: ${error}`), ...orders];
    },
    due: (state, _due, { now }) => ask(state, now),
    stop: stopLive,
  },
  "pre-stopping": {
    ...ignore("begin", "image-ready", "created", "started", "failed", "probed"),
    exited: (state, { exit }, context) =>
      exit.id === state.id ? afterExit(state, exit, state.next, context) : [state],
    hooked: (state, { id, hook, error }, { now }) => {
      if (id !== state.id || hook !== "preStop") return [state];
      const [next, ...orders] = killNow(state, now);
      return error === undefined
        ? [next, ...orders]
        : [next, warn("FailedPreStopHook", `PreStopHook failed: ${error}`), ...orders];
    },
    due: (state, _due, { now }) => (now >= state.deadline ? killNow(state, now) : [state]),
    stop: (state, stop, { now }) => {
      const next = hasten(state, stop);
      return next.deadline <= now ? killNow(next, now) : [next];
    },
  },
  stopping: {
    ...ignore("begin", "image-ready", "created", "started", "failed", "probed", "hooked", "due"),
    exited: (state, { exit }, context) =>
      exit.id === state.id ? afterExit(state, exit, state.next, context) : [state],
    stop: (state, stop, { now }) => {
      const next = hasten(state, stop);
      return next.deadline === state.deadline
        ? [next]
        : [next, { do: "stop-container", id: state.id, grace: Math.max(0, next.deadline - now) }];
    },
  },
  waiting: {
    ...ignore("begin", "image-ready", "created", "started", "failed", "exited", "probed", "hooked"),
    due: (state, _due, { now }) =>
      now < state.until
        ? [state]
        : begin(
            state.last === undefined || state.failures > 0
              ? state
              : { ...state, backoff: holdOff(state.backoff, state.last.finishedAt, now) },
          ),
    stop: (state, { next }) => [next === "end" ? rest(state) : state],
  },
  ended: ignore(
    "begin",
    "image-ready",
    "created",
    "started",
    "failed",
    "exited",
    "probed",
    "hooked",
    "due",
    "stop",
  ),
};

/** Decides what a signal makes of a container and what is to be done. */
export function stepContainer(
  state: ContainerState,
  signal: ContainerSignal,
  context: ContainerContext,
): ContainerStep {
  // The row is the state's and the cell the signal's own, so the cell gets what it is typed for.
  const cell = table[state.is][signal.is] as (
    state: ContainerState,
    signal: ContainerSignal,
    context: ContainerContext,
  ) => ContainerStep;
  return cell(state, signal, context);
}

/** When the container wants a `due` signal, or nothing. */
export function containerDue(state: ContainerState): Instant | undefined {
  if (state.is === "waiting") return state.until;
  if (state.is === "pre-stopping") return state.deadline;
  if (state.is === "running" && state.hook === "done") return nextProbeDue(state.probes, state.started);
  return undefined;
}

/** Nothing of it runs or is being made in the runtime. */
export const isAtRest = (state: ContainerState): boolean =>
  state.is === "idle" || state.is === "ended" || state.is === "waiting" || state.is === "pulling";
