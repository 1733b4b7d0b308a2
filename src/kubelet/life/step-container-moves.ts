// Owns the moves a container makes between its states: begin, retry, restart, stop, probe.
import type { Instant, Millis } from "../../lib/units.ts";
import type { Container, Pod } from "../../model/generated/types.ts";
import { ended, leaving, memoryOf, pulling, running, withProbes } from "./step-container-states.ts";
import { holdOff, planRestart, retryDelay } from "./plan-restart.ts";
import type {
  AfterStop,
  ContainerContext,
  ContainerMemory,
  ContainerOrder,
  ContainerState,
  ContainerStep,
  Ending,
  Exit,
  Live,
  SignalOf,
  StateOf,
} from "./step-container-types.ts";
import { freshProbes, probeSpecOf, takeDueProbes, takeProbeResult } from "./step-probe.ts";

// After a preStop hook that used up the grace period, as upstream's minimumGracePeriodInSeconds.
const graceMin: Millis = 2000;

const podWords = ({ metadata }: Pod): string =>
  `${metadata.name}_${metadata.namespace ?? ""}(${metadata.uid})`;

export const warn = (reason: string, message: string): ContainerOrder => ({
  do: "event",
  type: "Warning",
  reason,
  message,
});
export const tell = (reason: string, message: string): ContainerOrder => ({
  do: "event",
  type: "Normal",
  reason,
  message,
});

export const stay = (state: ContainerState): ContainerStep => [state];

export const begin = (state: ContainerState): ContainerStep => [pulling(state), { do: "pull-image" }];

export function afterExit(
  state: ContainerState,
  exit: Exit,
  then: AfterStop,
  context: ContainerContext,
): ContainerStep {
  const { policy, now, spec } = context;
  const again =
    then === "again" ||
    (then === "policy" && (policy === "Always" || (policy === "OnFailure" && exit.exitCode !== 0)));
  if (!again) return [ended(state, exit)];
  const forget: ContainerOrder[] =
    state.last === undefined || state.last.id === exit.id
      ? []
      : [{ do: "remove-container", id: state.last.id }];
  const memory = { ...memoryOf(state), last: exit, failures: 0 };
  const restart = then === "again" ? "now" : planRestart(memory.backoff, exit.finishedAt, now);
  if (restart === "now") {
    const [next, ...orders] = begin({
      ...memory,
      is: "idle",
      backoff: holdOff(memory.backoff, exit.finishedAt, now),
    });
    return [next, ...forget, ...orders];
  }
  const words = `back-off ${restart.delay / 1000}s restarting failed container=${spec.name} pod=${podWords(context.pod)}`;
  const startFailed = exit.reason === startError;
  return [
    {
      ...memory,
      is: "waiting",
      reason: startFailed ? "RunContainerError" : "CrashLoopBackOff",
      message: startFailed ? (exit.message ?? words) : words,
      until: restart.until,
    },
    ...forget,
    warn("BackOff", `Back-off restarting failed container ${spec.name} in pod ${podWords(context.pod)}`),
  ];
}

const startError = "StartError";

export function retryLater(
  state: ContainerState,
  failed: SignalOf<"failed">,
  context: ContainerContext,
): ContainerStep {
  const pulling = state.is === "pulling";
  const delay = retryDelay(pulling ? "pull" : "create", state.failures);
  const memory = { ...memoryOf(state), failures: state.failures + 1 };
  const backingOff = pulling && failed.reason === "ErrImagePull" && state.failures > 0;
  const image = context.spec.image ?? "";
  return [
    {
      ...memory,
      is: "waiting",
      reason: backingOff ? "ImagePullBackOff" : failed.reason,
      message: backingOff ? `Back-off pulling image "${image}": ${failed.message}` : failed.message,
      until: context.now + delay,
    },
    warn(
      "Failed",
      pulling ? `Failed to pull image "${image}": ${failed.message}` : `Error: ${failed.message}`,
    ),
  ];
}

/** Signals the end, through the preStop hook where there is one and time for it. */
export function stopLive(
  state: ContainerMemory & Live,
  stop: { deadline: Instant; next: AfterStop; message: string },
  context: ContainerContext,
): ContainerStep {
  const grace = Math.max(0, stop.deadline - context.now);
  const told = tell("Killing", stop.message);
  if (context.spec.lifecycle?.preStop !== undefined && grace > 0)
    return [
      leaving("pre-stopping", state, stop),
      told,
      { do: "run-hook", id: state.id, hook: "preStop", timeout: grace },
    ];
  return [leaving("stopping", state, stop), told, { do: "stop-container", id: state.id, grace }];
}

/** A later stop may hasten and harden an earlier one, never soften it. */
export const hasten = <S extends Ending>(state: S, stop: SignalOf<"stop">): S => ({
  ...state,
  deadline: Math.min(state.deadline, stop.deadline),
  next: stop.next === "end" ? "end" : state.next,
});

export function killNow(state: StateOf<"pre-stopping">, now: Instant): ContainerStep {
  const grace = Math.max(graceMin, state.deadline - now);
  return [leaving("stopping", state, state), { do: "stop-container", id: state.id, grace }];
}

export function runningAfterProbe(
  state: StateOf<"running">,
  signal: SignalOf<"probed">,
  context: ContainerContext,
): ContainerStep {
  const spec = probeSpecOf(context.spec, signal.probe);
  const probe = state.probes[signal.probe];
  if (spec === undefined || probe === undefined || signal.id !== state.id) return [state];
  const taken = takeProbeResult(probe, spec, signal.success, context.now);
  const probes = { ...state.probes, [signal.probe]: taken.state };
  const label = { startup: "Startup", liveness: "Liveness", readiness: "Readiness" }[signal.probe];
  const told = signal.success ? [] : [warn("Unhealthy", `${label} probe failed: ${signal.message}`)];
  const next = withProbes(state, probes);
  if (taken.verdict === "undecided") return [next, ...told];
  if (signal.probe === "readiness") return [{ ...next, ready: taken.verdict === "passed" }, ...told];
  if (taken.verdict === "passed") {
    if (signal.probe === "liveness") return [next];
    return ask({ ...next, started: true, ready: context.spec.readinessProbe === undefined }, context.now);
  }
  const grace = (spec.terminationGracePeriodSeconds ?? context.graceSeconds) * 1000;
  const message = `Container ${context.spec.name} failed ${signal.probe} probe, will be restarted`;
  const [stopped, ...orders] = stopLive(
    next,
    { deadline: context.now + grace, next: "policy", message },
    context,
  );
  return [stopped, ...told, ...orders];
}

/** Orders the probes that are due. */
export function ask(state: StateOf<"running">, now: Instant): ContainerStep {
  if (state.hook === "running") return [state];
  const { probes, due } = takeDueProbes(state.probes, state.started, now);
  if (due.length === 0) return [state];
  return [withProbes(state, probes), ...due.map((probe) => ({ do: "probe" as const, id: state.id, probe }))];
}

export function run(
  state: StateOf<"starting">,
  started: SignalOf<"started">,
  context: ContainerContext,
): ContainerStep {
  const { spec, now } = context;
  if (state.early !== undefined) {
    const exit = { ...state.early, startedAt: state.early.startedAt ?? started.at };
    return afterExit(state, exit, state.doomed === undefined ? "policy" : "end", context);
  }
  const memory = state.doomed === undefined ? { ...memoryOf(state), failures: 0 } : state;
  const begun = running(memory, {
    id: state.id,
    startedAt: started.at,
    started: false,
    ready: false,
    hook: "running",
    probes: {},
  });
  if (state.doomed !== undefined)
    return stopLive(
      begun,
      { deadline: state.doomed, next: "end", message: `Stopping container ${spec.name}` },
      context,
    );
  const told = tell("Started", `Started container ${spec.name}`);
  if (spec.lifecycle?.postStart !== undefined)
    return [begun, told, { do: "run-hook", id: state.id, hook: "postStart", timeout: undefined }];
  const [next, ...orders] = afterHook(begun, spec, now);
  return [next, told, ...orders];
}

export function afterHook(state: StateOf<"running">, spec: Container, now: Instant): ContainerStep {
  const started = spec.startupProbe === undefined;
  const ready = started && spec.readinessProbe === undefined;
  const { id, startedAt } = state;
  const probes = freshProbes(spec, startedAt);
  return ask(running(state, { id, startedAt, started, ready, hook: "done", probes }), now);
}

export function failStart(
  state: StateOf<"starting">,
  failed: SignalOf<"failed">,
  context: ContainerContext,
): ContainerStep {
  const exit: Exit = {
    id: state.id,
    exitCode: 128,
    reason: startError,
    message: failed.message,
    finishedAt: context.now,
  };
  const [next, ...orders] = afterExit(state, exit, state.doomed === undefined ? "policy" : "end", context);
  return [next, warn("Failed", `Error: ${failed.message}`), ...orders];
}
