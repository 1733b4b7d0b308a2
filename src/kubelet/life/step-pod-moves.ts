// Owns the moves a pod makes between its states: which container's turn it is, how the pod stops, what follows.
import type { Instant, Millis } from "../../lib/units.ts";
import type { Container, Pod } from "../../model/generated/types.ts";
import { isAtRest, stepContainer } from "./step-container.ts";
import type { ContainerContext, ContainerSignal, ContainerState } from "./step-container-types.ts";
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
type Housed = PodStateOf<"running"> | PodStateOf<"stopping">;

/** The pod's containers in the order they start. */
export function membersOf(pod: Pod): readonly Member[] {
  return [
    ...(pod.spec?.initContainers ?? []).map((spec): Member => ({
      role: spec.restartPolicy === "Always" ? "sidecar" : "init",
      spec,
    })),
    ...(pod.spec?.containers ?? []).map((spec): Member => ({ role: "main", spec })),
  ];
}

export const graceSecondsOf = (pod: Pod): number => pod.spec?.terminationGracePeriodSeconds ?? 30;

export const podWords = (pod: Pod): string =>
  `${pod.metadata.name}_${pod.metadata.namespace ?? ""}(${pod.metadata.uid})`;

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
function move<S extends PodState>(
  state: S,
  member: Member,
  signal: ContainerSignal,
  now: Instant,
): readonly [S, ...PodOrder[]] {
  const name = member.spec.name;
  const before = state.containers[name];
  if (before === undefined) return [state];
  const [after, ...orders] = stepContainer(before, signal, {
    spec: member.spec,
    policy: policyOf(state.pod, member.role),
    graceSeconds: graceSecondsOf(state.pod),
    podWords: podWords(state.pod),
    now,
  });
  const told = orders.map((order): PodOrder =>
    order.do === "event" ? order : { do: "for-container", container: name, order },
  );
  if (after === before) return [state, ...told];
  return [{ ...state, containers: { ...state.containers, [name]: after } }, ...told];
}

/** Applies moves one after the other, gathering their orders. */
function moveAll<S extends PodState>(
  state: S,
  members: readonly Member[],
  signalFor: (member: Member, container: ContainerState) => ContainerSignal | undefined,
  now: Instant,
): readonly [S, ...PodOrder[]] {
  let next = state;
  const all: PodOrder[] = [];
  for (const member of members) {
    const container = next.containers[member.spec.name];
    const signal = container === undefined ? undefined : signalFor(member, container);
    if (signal === undefined) continue;
    const [moved, ...orders] = move(next, member, signal, now);
    next = moved;
    all.push(...orders);
  }
  return [next, ...all];
}

const hasDone = (member: Member, container: ContainerState): boolean =>
  member.role === "sidecar"
    ? container.is === "running" && container.started
    : container.is === "ended" && container.exit.exitCode === 0;

/** Begins whatever container's turn it is, and ends the pod when none is left to run. */
function advance(state: PodStateOf<"running">, now: Instant): PodStep {
  const members = membersOf(state.pod);
  let next = state;
  const all: PodOrder[] = [];
  const beginIfIdle = (member: Member) => {
    if (next.containers[member.spec.name]?.is !== "idle") return;
    const [moved, ...orders] = move(next, member, { is: "begin" }, now);
    next = moved;
    all.push(...orders);
  };
  for (const member of members) {
    if (member.role === "main") break;
    beginIfIdle(member);
    const container = next.containers[member.spec.name];
    if (container === undefined || hasDone(member, container)) continue;
    if (container.is !== "ended") return [next, ...all];
    const [finished, ...orders] = enterStop(
      next,
      { because: "finished", deadline: deadlineOf(state.pod, now) },
      now,
    );
    return [finished, ...all, ...orders];
  }
  const mains = members.filter((member) => member.role === "main");
  for (const member of mains) beginIfIdle(member);
  if (!mains.every((member) => next.containers[member.spec.name]?.is === "ended")) return [next, ...all];
  const [finished, ...orders] = enterStop(
    next,
    { because: "finished", deadline: deadlineOf(state.pod, now) },
    now,
  );
  return [finished, ...all, ...orders];
}

const deadlineOf = (pod: Pod, now: Instant): Instant => now + graceSecondsOf(pod) * 1000;

const stopSignal = (member: Member, end: End): ContainerSignal => ({
  is: "stop",
  deadline: end.deadline,
  next: "end",
  message: `Stopping container ${member.spec.name}`,
});

/** Every container but the running sidecars is told to stop at once; those follow one by one. */
function enterStop(state: Housed, end: End, now: Instant): PodStep {
  const stopping: PodStateOf<"stopping"> = {
    ...memoryOf(state),
    is: "stopping",
    sandbox: state.sandbox,
    end,
  };
  const [told, ...orders] = moveAll(
    stopping,
    membersOf(state.pod),
    (member, container) =>
      member.role === "sidecar" && !isAtRest(container) && !isLeaving(container)
        ? undefined
        : stopSignal(member, end),
    now,
  );
  const [next, ...more] = advanceStop(told, now);
  return [next, ...orders, ...more];
}

const isLeaving = (container: ContainerState): boolean =>
  container.is === "stopping" || container.is === "pre-stopping";

function advanceStop(state: PodStateOf<"stopping">, now: Instant): PodStep {
  const members = membersOf(state.pod);
  const stateOf = (from: PodState, member: Member) => from.containers[member.spec.name];
  const busy = (from: PodState, member: Member) => {
    const container = stateOf(from, member);
    return container !== undefined && !isAtRest(container);
  };
  if (members.some((member) => member.role !== "sidecar" && busy(state, member))) return [state];
  let next = state;
  const all: PodOrder[] = [];
  for (const member of members.filter(({ role }) => role === "sidecar").reverse()) {
    const container = stateOf(next, member);
    if (container === undefined || container.is === "idle" || container.is === "ended") continue;
    if (isLeaving(container)) return [next, ...all];
    const [moved, ...orders] = move(next, member, stopSignal(member, state.end), now);
    next = moved;
    all.push(...orders);
    if (busy(next, member)) return [next, ...all];
  }
  const [concluded, ...orders] = conclude(next);
  return [concluded, ...all, ...orders];
}

/** Nothing of the pod runs any more. */
function conclude(state: PodStateOf<"stopping">): PodStep {
  const { sandbox, end } = state;
  const memory = memoryOf(state);
  if (end.because === "deleted" || end.because === "removed")
    return [{ ...memory, is: "clearing" }, { do: "clear" }];
  if (end.because === "sandbox-lost")
    return [
      { ...memory, is: "discarding", sandbox, end: undefined },
      { do: "remove-sandbox", id: sandbox.id },
    ];
  return [
    { ...memory, is: "settling", sandbox },
    { do: "stop-sandbox", id: sandbox.id },
  ];
}

/** The pod's end takes its course from a state in which nothing is in flight and no sandbox stands. */
export function endBare(state: PodState): PodStep {
  const memory = memoryOf(state);
  if (state.end?.because === "failed") return [{ ...memory, is: "ended" }];
  return [{ ...memory, is: "clearing" }, { do: "clear" }];
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
  return enterStop({ ...state, verdict: asked.verdict }, asked.end, now);
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
  const running: PodStateOf<"running"> = { ...memoryOf(state), setbacks: 0, is: "running", sandbox };
  return state.end === undefined ? advance(running, now) : enterStop(running, state.end, now);
}

export const makeSandbox = (state: PodState): PodStep => [
  { ...memoryOf(state), sandboxes: state.sandboxes + 1, is: "sandboxing" },
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
  const [next, ...orders] = enterStop(state, { because, deadline: now }, now);
  return [
    next,
    {
      do: "event",
      type: "Normal",
      reason: "SandboxChanged",
      message: "Pod sandbox changed, it will be killed and re-created.",
    },
    ...orders,
  ];
}

export function containerMoved(state: Housed, signal: PodSignalOf<"container">, now: Instant): PodStep {
  const member = membersOf(state.pod).find(({ spec }) => spec.name === signal.name);
  if (member === undefined) return [state];
  const [moved, ...orders] = move<Housed>(state, member, signal.signal, now);
  const [next, ...more] = moved.is === "running" ? advance(moved, now) : advanceStop(moved, now);
  return [next, ...orders, ...more];
}

export function allDue(state: Housed, now: Instant): PodStep {
  const [moved, ...orders] = moveAll<Housed>(state, membersOf(state.pod), () => ({ is: "due" }), now);
  return [moved, ...orders];
}

/** Takes over a changed spec: of a running pod's containers only the image may have changed. */
export function takeSpec(state: PodStateOf<"running">, pod: Pod, now: Instant): PodStep {
  const imageBefore = new Map(membersOf(state.pod).map(({ spec }) => [spec.name, spec.image]));
  const [next, ...orders] = moveAll(
    { ...state, pod },
    membersOf(pod),
    ({ spec }) =>
      imageBefore.get(spec.name) === spec.image
        ? undefined
        : {
            is: "stop",
            deadline: deadlineOf(pod, now),
            next: "again",
            message: `Container ${spec.name} definition changed, will be restarted`,
          },
    now,
  );
  return [next, ...orders];
}
