// Owns what a pod found in the runtime at start is taken for, so that nothing that runs is started twice.
import type { Instant } from "../../lib/units.ts";
import type { ContainerStatus, Pod } from "../../model/generated/types.ts";
import { restartBackoff } from "./plan-restart.ts";
import type { ContainerState, Exit } from "./step-container-types.ts";
import { freshProbes } from "./step-probe.ts";
import { enterRunning, makeSandbox, membersOf } from "./step-pod-moves.ts";
import { freshMemory, resumePod, stepPod } from "./step-pod.ts";
import type { PodMemory, PodOrder, PodSignal, PodState, PodStep, Sandbox } from "./step-pod-types.ts";

export interface FoundContainer {
  readonly id: string;
  readonly name: string;
  readonly attempt: number;
  readonly state: "created" | "running" | "exited";
  readonly imageRef: string;
  readonly startedAt: Instant;
  readonly exit?: Exit;
}

/** What the runtime has of one pod. */
export interface FoundPod {
  readonly sandbox: Sandbox & { readonly ready: boolean; readonly attempt: number };
  readonly containers: readonly FoundContainer[];
}

interface Adopted {
  readonly state: ContainerState;
  /** What is to be told to the pod once it is put together. */
  readonly signal?: PodSignal;
  readonly orders?: readonly PodOrder[];
}

const isTerminal = (pod: Pod): boolean => pod.status?.phase === "Succeeded" || pod.status?.phase === "Failed";

const statusesOf = (pod: Pod): readonly ContainerStatus[] => [
  ...(pod.status?.initContainerStatuses ?? []),
  ...(pod.status?.containerStatuses ?? []),
];

/** The newest first. */
const runsOf = (found: FoundPod, name: string): readonly FoundContainer[] =>
  found.containers.filter((container) => container.name === name).sort((a, b) => b.attempt - a.attempt);

/** Of which the runtime has nothing. */
function neverMade(
  { role, spec }: ReturnType<typeof membersOf>[number],
  pod: Pod,
  found: FoundPod,
  now: Instant,
): ContainerState {
  const told = statusesOf(pod).find((status) => status.name === spec.name);
  const attempts = told?.containerID === undefined ? 0 : told.restartCount + 1;
  const mainsBegan = (pod.spec?.containers ?? []).some((main) => runsOf(found, main.name).length > 0);
  if (role !== "init" || !mainsBegan) return { is: "idle", attempts, failures: 0 };
  // Init containers' remains may have been cleared away; that the main ones exist proves that they succeeded.
  const exit = { id: "", exitCode: 0, reason: "Completed", finishedAt: now };
  return { is: "ended", attempts, failures: 0, exit };
}

function adoptContainer(
  pod: Pod,
  member: ReturnType<typeof membersOf>[number],
  found: FoundPod,
  now: Instant,
): Adopted {
  const { name } = member.spec;
  const [latest, before, ...older] = runsOf(found, name);
  // One ended run is kept, for its log; more are there if a kubelet died before it could clear them away.
  const forget = older.map(({ id }): PodOrder => ({
    do: "for-container",
    container: name,
    order: { do: "remove-container", id },
  }));
  const told = statusesOf(pod).find((status) => status.name === name);
  if (latest === undefined) return { state: neverMade(member, pod, found, now) };
  const memory = {
    attempts: latest.attempt + 1,
    failures: 0,
    imageRef: latest.imageRef,
    last: before?.exit,
    backoff: restartBackoff(latest.attempt, latest.startedAt),
  };
  if (latest.state === "created")
    return {
      state: { ...memory, is: "starting", id: latest.id },
      orders: [
        ...forget,
        { do: "for-container", container: name, order: { do: "start-container", id: latest.id } },
      ],
    };
  const same = told?.containerID?.endsWith(`://${latest.id}`) === true;
  const started = member.spec.startupProbe === undefined || (same && told.started === true);
  const ready = started && (member.spec.readinessProbe === undefined || (same && told.ready));
  const probes = freshProbes(member.spec, latest.startedAt);
  const state: ContainerState = {
    ...memory,
    is: "running",
    id: latest.id,
    startedAt: latest.startedAt,
    started,
    ready,
    hook: "done",
    probes,
  };
  if (latest.exit === undefined) return { state, orders: forget };
  return {
    state,
    orders: forget,
    signal: { is: "container", name, signal: { is: "exited", exit: latest.exit } },
  };
}

/** Takes up a pod of which the runtime has something. */
export function adoptPod(pod: Pod, found: FoundPod, now: Instant): PodStep {
  const memory: PodMemory = { ...freshMemory(pod, now), sandboxes: found.sandbox.attempt + 1 };
  const { sandbox } = found;
  if (isTerminal(pod))
    return resumePod(
      sandbox.ready
        ? [
            { ...memory, is: "settling", sandbox },
            { do: "stop-sandbox", id: sandbox.id },
          ]
        : [{ ...memory, is: "ended" }],
    );
  const members = membersOf(pod);
  const adopted = members.map((member) => adoptContainer(pod, member, found, now));
  const containers: Record<string, ContainerState> = {};
  members.forEach(({ spec }, at) => {
    const state = adopted[at]?.state;
    if (state !== undefined) containers[spec.name] = state;
  });
  if (!sandbox.ready && found.containers.length === 0)
    return resumePod(makeSandbox({ ...memory, containers, is: "preparing" }));
  const [first, ...orders] = enterRunning(
    { ...memory, containers, is: "preparing" },
    { id: sandbox.id, ips: sandbox.ips },
    now,
  );
  let state: PodState = first;
  const signals = adopted.flatMap(({ signal }) => (signal === undefined ? [] : [signal]));
  if (!sandbox.ready) signals.push({ is: "sandbox-lost", id: sandbox.id });
  for (const signal of signals) {
    const [next, ...more] = stepPod(state, signal, now);
    state = next;
    orders.push(...more.filter((order) => order.do !== "wait-until"));
  }
  for (const { orders: more = [] } of adopted) orders.push(...more);
  return resumePod([state, ...orders]);
}

/** A pod of which the runtime has nothing, at start or later. */
export const isOver = isTerminal;

/** A pod that was over before this kubelet saw it and has left nothing here. */
export const recallPod = (pod: Pod, now: Instant): PodStep =>
  resumePod([{ ...freshMemory(pod, now), is: "ended" }]);
