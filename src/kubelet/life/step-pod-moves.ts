// Owns the moves a pod makes between its states: which container's turn it is, how the pod stops, what follows.
import type { Instant, Millis } from "../../lib/units.ts";
import type { Container, Pod } from "../../model/generated/types.ts";
import { bare, running, stopping, withContainer, type Housed } from "./step-pod-states.ts";
import { isAtRest, stepContainer } from "./step-container.ts";
import type {
  ContainerContext,
  ContainerOrder,
  ContainerSignal,
  ContainerState,
} from "./step-container-types.ts";
import {
  endReasons,
  type End,
  type PodMemory,
  type PodOrder,
  type PodSignalOf,
  type PodState,
  type PodStateOf,
  type PodStep,
} from "./step-pod-types.ts";

type Role = "init" | "sidecar" | "main";
interface Member {
  readonly role: Role;
  readonly spec: Container;
}
/** What is ordered on the way from one state to the next, and when that is. */
interface Course {
  readonly now: Instant;
  readonly orders: PodOrder[];
}

// A step asks again and again for those of the one pod it is about.
let lately: { readonly spec: Pod["spec"]; readonly members: readonly Member[] } = {
  spec: undefined,
  members: [],
};

/** The pod's containers in the order they start. */
export function membersOf({ spec }: Pod): readonly Member[] {
  if (spec === lately.spec) return lately.members;
  const members: Member[] = [];
  for (const one of spec?.initContainers ?? [])
    members.push({ role: one.restartPolicy === "Always" ? "sidecar" : "init", spec: one });
  for (const one of spec?.containers ?? []) members.push({ role: "main", spec: one });
  lately = { spec, members };
  return members;
}

export const graceSecondsOf = (pod: Pod): number => pod.spec?.terminationGracePeriodSeconds ?? 30;

function policyOf(pod: Pod, role: Role): ContainerContext["policy"] {
  if (role === "sidecar") return "Always";
  const policy = pod.spec?.restartPolicy ?? "Always";
  if (policy === "Never") return "Never";
  return role === "init" || policy === "OnFailure" ? "OnFailure" : "Always";
}

export const memoryOf = (state: PodState): PodMemory => ({
  pod: state.pod,
  containers: state.containers,
  startTime: state.startTime,
  sandboxes: state.sandboxes,
  setbacks: state.setbacks,
  verdict: state.verdict,
  end: state.end,
});

export const warn = (reason: string, message: string): PodOrder => ({
  do: "event",
  type: "Warning",
  reason,
  message,
});

/** Lets one container take in a signal. */
function move<S extends Housed>(state: S, member: Member, signal: ContainerSignal, course: Course): S {
  const { name } = member.spec;
  const before = state.containers[name];
  if (before === undefined) return state;
  const step = stepContainer(before, signal, {
    spec: member.spec,
    policy: policyOf(state.pod, member.role),
    graceSeconds: graceSecondsOf(state.pod),
    pod: state.pod,
    now: course.now,
  });
  for (let at = 1; at < step.length; at++) {
    // All but the first are orders. Taking the step apart would make a list of every one.
    const order = step[at] as ContainerOrder;
    course.orders.push(order.do === "event" ? order : { do: "for-container", container: name, order });
  }
  const after = step[0];
  return after === before ? state : withContainer(state, name, after);
}

/** Applies moves one after the other. */
function moveAll<S extends Housed>(
  state: S,
  members: readonly Member[],
  signalFor: (member: Member, container: ContainerState) => ContainerSignal | undefined,
  course: Course,
): S {
  let next = state;
  for (const member of members) {
    const container = next.containers[member.spec.name];
    const signal = container === undefined ? undefined : signalFor(member, container);
    if (signal !== undefined) next = move(next, member, signal, course);
  }
  return next;
}

const hasDone = (member: Member, container: ContainerState): boolean =>
  member.role === "sidecar"
    ? container.is === "running" && container.started
    : container.is === "ended" && container.exit.exitCode === 0;

const beginning: ContainerSignal = { is: "begin" };

const beginIfIdle = (state: PodStateOf<"running">, member: Member, course: Course) =>
  state.containers[member.spec.name]?.is === "idle" ? move(state, member, beginning, course) : state;

/** Begins whatever container's turn it is, and ends the pod when none is left to run. */
function advance(state: PodStateOf<"running">, course: Course): PodState {
  let next = state;
  let isOver = true;
  for (const member of membersOf(state.pod)) {
    next = beginIfIdle(next, member, course);
    const container = next.containers[member.spec.name];
    if (member.role === "main") {
      if (container?.is !== "ended") isOver = false;
      continue;
    }
    if (container === undefined || hasDone(member, container)) continue;
    if (container.is !== "ended") return next;
    break;
  }
  if (!isOver) return next;
  return enterStop(next, { because: "finished", deadline: deadlineOf(state.pod, course.now) }, course);
}

const deadlineOf = (pod: Pod, now: Instant): Instant => now + graceSecondsOf(pod) * 1000;

const stopSignal = (member: Member, end: End): ContainerSignal => ({
  is: "stop",
  deadline: end.deadline,
  next: "end",
  message: `Stopping container ${member.spec.name}`,
});

/** Every container but the running sidecars is told to stop at once; those follow one by one. */
function enterStop(state: Housed, end: End, course: Course): PodState {
  const told = moveAll(
    stopping(state, state.sandbox, end),
    membersOf(state.pod),
    (member, container) =>
      member.role === "sidecar" && !isAtRest(container) && !isLeaving(container)
        ? undefined
        : stopSignal(member, end),
    course,
  );
  return advanceStop(told, course);
}

const isLeaving = (container: ContainerState): boolean =>
  container.is === "stopping" || container.is === "pre-stopping";

function advanceStop(state: PodStateOf<"stopping">, course: Course): PodState {
  const members = membersOf(state.pod);
  const isBusy = (from: PodState, member: Member) => {
    const container = from.containers[member.spec.name];
    return container !== undefined && !isAtRest(container);
  };
  for (const member of members) if (member.role !== "sidecar" && isBusy(state, member)) return state;
  let next = state;
  for (let at = members.length - 1; at >= 0; at--) {
    const member = members[at];
    const container = member === undefined ? undefined : next.containers[member.spec.name];
    if (member?.role !== "sidecar" || container === undefined) continue;
    if (container.is === "idle" || container.is === "ended") continue;
    if (isLeaving(container)) return next;
    next = move(next, member, stopSignal(member, state.end), course);
    if (isBusy(next, member)) return next;
  }
  return conclude(next, course);
}

/** Nothing of the pod runs any more. */
function conclude(state: PodStateOf<"stopping">, { orders }: Course): PodState {
  const { sandbox, end } = state;
  if (end.because === "deleted" || end.because === "removed") {
    orders.push({ do: "clear" });
    return bare("clearing", state);
  }
  const memory = memoryOf(state);
  if (end.because === "sandbox-lost") {
    orders.push({ do: "remove-sandbox", id: sandbox.id });
    return { ...memory, is: "discarding", sandbox, end: undefined };
  }
  orders.push({ do: "stop-sandbox", id: sandbox.id });
  return { ...memory, is: "settling", sandbox };
}

/** The pod's end takes its course from a state in which nothing is in flight and no sandbox stands. */
export function endBare(state: PodState): PodStep {
  if (state.end?.because === "failed") return [bare("ended", state)];
  return [bare("clearing", state), { do: "clear" }];
}

/** The end asked for, joined with one asked for before. */
export function endOf(
  state: PodState,
  signal: PodSignalOf<"end">,
  now: Instant,
): PodMemory & { readonly end: End } {
  const asked: End = { because: signal.because, deadline: now + signal.graceSeconds * 1000 };
  const before = state.end;
  const stronger =
    before !== undefined && endReasons.indexOf(before.because) > endReasons.indexOf(asked.because)
      ? before.because
      : asked.because;
  const end: End = {
    because: stronger,
    deadline: before === undefined ? asked.deadline : Math.min(before.deadline, asked.deadline),
  };
  return { ...memoryOf(state), end, verdict: state.verdict ?? signal.verdict };
}

export const endHoused = (state: Housed, signal: PodSignalOf<"end">, now: Instant): PodStep => {
  const asked = endOf(state, signal, now);
  const course: Course = { now, orders: [] };
  return [enterStop({ ...state, verdict: asked.verdict }, asked.end, course), ...course.orders];
};

/** Volumes or sandbox failed: tried again, ever less often. */
export function tryLater(state: PodState, told: PodOrder, now: Instant): PodStep {
  if (state.end !== undefined) return endBare(state);
  const delay: Millis = Math.min(120_000, 500 * 2 ** Math.min(state.setbacks, 10));
  return [{ ...memoryOf(state), setbacks: state.setbacks + 1, is: "waiting", until: now + delay }, told];
}

export function enterRunning(
  state: PodState,
  sandbox: PodStateOf<"running">["sandbox"],
  now: Instant,
): PodStep {
  const housed = running({ ...memoryOf(state), setbacks: 0 }, sandbox);
  const course: Course = { now, orders: [] };
  const next = state.end === undefined ? advance(housed, course) : enterStop(housed, state.end, course);
  return [next, ...course.orders];
}

export const makeSandbox = (state: PodState): PodStep => [
  bare("sandboxing", { ...memoryOf(state), sandboxes: state.sandboxes + 1 }),
  { do: "run-sandbox", attempt: state.sandboxes },
];

/** A new sandbox runs the pod from its first container again, except what has succeeded and need not run twice. */
export function startOver(state: PodState): PodStep {
  const containers: Record<string, ContainerState> = {};
  for (const { role, spec } of membersOf(state.pod)) {
    const before = state.containers[spec.name];
    if (before === undefined) continue;
    const { attempts, backoff, imageRef } = before;
    const exit = before.is === "ended" ? before.exit : before.last;
    const done = role === "main" && before.is === "ended" && before.exit.exitCode === 0;
    containers[spec.name] =
      done && policyOf(state.pod, role) === "OnFailure"
        ? before
        : { is: "idle", attempts, backoff, imageRef, failures: 0, last: exit };
  }
  return makeSandbox({ ...state, containers });
}

/** The sandbox died under its containers. A pod that never restarts is over; others move to a new one. */
export function loseSandbox(state: PodStateOf<"running">, now: Instant): PodStep {
  const because = state.pod.spec?.restartPolicy === "Never" ? "finished" : "sandbox-lost";
  const changed: PodOrder = {
    do: "event",
    type: "Normal",
    reason: "SandboxChanged",
    message: "Pod sandbox changed, it will be killed and re-created.",
  };
  const course: Course = { now, orders: [changed] };
  return [enterStop(state, { because, deadline: now }, course), ...course.orders];
}

export function containerMoved(state: Housed, signal: PodSignalOf<"container">, now: Instant): PodStep {
  const member = membersOf(state.pod).find(({ spec }) => spec.name === signal.name);
  if (member === undefined) return [state];
  const course: Course = { now, orders: [] };
  const moved = move<Housed>(state, member, signal.signal, course);
  const next = moved.is === "running" ? advance(moved, course) : advanceStop(moved, course);
  return [next, ...course.orders];
}

export function allDue(state: Housed, now: Instant): PodStep {
  const course: Course = { now, orders: [] };
  return [moveAll<Housed>(state, membersOf(state.pod), () => ({ is: "due" }), course), ...course.orders];
}

/** Takes over a changed spec: of a running pod's containers only the image may have changed. */
export function takeSpec(state: PodStateOf<"running">, pod: Pod, now: Instant): PodStep {
  const before = membersOf(state.pod);
  const course: Course = { now, orders: [] };
  const next = moveAll(
    running({ ...memoryOf(state), pod }, state.sandbox),
    membersOf(pod),
    ({ spec }) =>
      before.find((known) => known.spec.name === spec.name)?.spec.image === spec.image
        ? undefined
        : {
            is: "stop",
            deadline: deadlineOf(pod, now),
            next: "again",
            message: `Container ${spec.name} definition changed, will be restarted`,
          },
    course,
  );
  return [next, ...course.orders];
}
