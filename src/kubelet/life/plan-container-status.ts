// Owns what the API is told of one container.
import type {
  ContainerState as WireState,
  ContainerStateTerminated,
  ContainerStatus,
} from "../../model/generated/types.ts";
import { formatTime } from "../../model/time.ts";
import type { ContainerState, Exit } from "./step-container-types.ts";
import { membersOf } from "./step-pod-moves.ts";
import type { PodState } from "./step-pod-types.ts";

type Member = ReturnType<typeof membersOf>[number];

interface Telling {
  readonly runtimeName: string;
  readonly messageMax: number;
}

const idOf = (id: string, runtimeName: string): string => `${runtimeName}://${id}`;

// Of all of a pod's containers together, as upstream's MaxPodTerminationMessageLogLength.
const messagesMax = 12 * 1024;

function terminated(exit: Exit, { runtimeName, messageMax }: Telling): ContainerStateTerminated {
  // Runtimes report 128 + signal; upstream's kubelet leaves `signal` to runtimes that say more, so the exit code alone tells it.
  return {
    exitCode: exit.exitCode,
    reason: exit.reason,
    ...(exit.message === undefined || exit.message === ""
      ? {}
      : { message: exit.message.slice(0, messageMax) }),
    startedAt: formatTime(exit.startedAt ?? exit.finishedAt),
    finishedAt: formatTime(exit.finishedAt),
    ...(exit.id === "" ? {} : { containerID: idOf(exit.id, runtimeName) }),
  };
}

function initialReason(state: PodState): string {
  return (state.pod.spec?.initContainers ?? []).length > 0 ? "PodInitializing" : "ContainerCreating";
}

function wireState(container: ContainerState, pod: PodState, telling: Telling): WireState {
  switch (container.is) {
    case "running":
    case "pre-stopping":
    case "stopping":
      return { running: { startedAt: formatTime(container.startedAt) } };
    case "waiting":
      return { waiting: { reason: container.reason, message: container.message } };
    case "ended":
      return { terminated: terminated(container.exit, telling) };
    default:
      return { waiting: { reason: initialReason(pod) } };
  }
}

function currentId(container: ContainerState): string | undefined {
  switch (container.is) {
    case "running":
    case "pre-stopping":
    case "stopping":
      return container.id;
    case "ended":
      return container.exit.id === "" ? undefined : container.exit.id;
    default:
      return container.last?.id;
  }
}

export function planContainerStatus(
  member: Member,
  pod: PodState,
  facts: { readonly runtimeName: string },
): ContainerStatus {
  const container = pod.containers[member.spec.name];
  const { name, image = "" } = member.spec;
  if (container === undefined)
    return {
      name,
      image,
      imageID: "",
      ready: false,
      started: false,
      restartCount: 0,
      state: {},
      lastState: {},
    };
  const live = container.is === "running" || container.is === "pre-stopping" || container.is === "stopping";
  // An init container that has succeeded counts as ready.
  const done = member.role === "init" && container.is === "ended" && container.exit.exitCode === 0;
  const id = currentId(container);
  const last = container.last;
  const { runtimeName } = facts;
  const telling: Telling = {
    runtimeName,
    messageMax: Math.floor(messagesMax / membersOf(pod.pod).length),
  };
  const status: ContainerStatus = {
    name,
    state: wireState(container, pod, telling),
    lastState: last === undefined ? {} : { terminated: terminated(last, telling) },
    ready: done || (live && container.ready),
    restartCount: Math.max(0, container.attempts - 1),
    image,
    imageID: container.imageRef ?? "",
    started: live && container.started,
  };
  if (id !== undefined) status.containerID = idOf(id, runtimeName);
  return status;
}
