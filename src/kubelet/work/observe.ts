// Owns the reading of the runtime: its containers and sandboxes by pod, in the words of the pods' state machine.
import type { ContainerStatus, Runtime, SandboxStatus } from "../../runtime/runtime.ts";
import type { FoundContainer, FoundPod } from "../life/step-adopt.ts";
import type { LastWords } from "../containers/last-words.ts";
import type { Exit } from "../life/step-container-types.ts";

/** How an exited container ended; undefined while it hasn't. */
export function exitOf(status: ContainerStatus): Exit | undefined {
  if (status.state !== "exited" && status.state !== "unknown") return undefined;
  // The state "unknown" is a container whose end nobody saw: the runtime is sure only that it is not running.
  const exitCode = status.exitCode ?? (status.state === "unknown" ? 137 : 0);
  return {
    id: status.id,
    exitCode,
    reason:
      status.reason ??
      (exitCode === 0 ? "Completed" : status.state === "unknown" ? "ContainerStatusUnknown" : "Error"),
    message: status.message,
    startedAt: status.startedAt,
    finishedAt: status.finishedAt ?? status.startedAt ?? status.createdAt,
  };
}

/** For a container that the runtime has no word of. */
export const lostExit = (id: string, now: number): Exit => ({
  id,
  exitCode: 137,
  reason: "ContainerStatusUnknown",
  message: "The container could not be located when the pod was terminated",
  finishedAt: now,
});

function foundContainer(status: ContainerStatus): FoundContainer {
  const exit = exitOf(status);
  return {
    id: status.id,
    name: status.name,
    attempt: status.attempt,
    imageRef: status.imageRef,
    state: exit !== undefined ? "exited" : status.state === "running" ? "running" : "created",
    startedAt: status.startedAt ?? status.createdAt,
    ...(exit === undefined ? {} : { exit }),
  };
}

export interface RuntimePod {
  readonly uid: string;
  /** The newest first. */
  readonly sandboxes: readonly SandboxStatus[];
  readonly containers: readonly ContainerStatus[];
}

/** Everything the runtime has, by pod UID. Two calls, however many pods there are. */
export async function listRuntimePods(
  runtime: Runtime,
  lastWords: LastWords,
): Promise<ReadonlyMap<string, RuntimePod>> {
  const [sandboxes, containers] = await Promise.all([runtime.listPodSandboxes(), runtime.listContainers()]);
  const pods = new Map<string, { uid: string; sandboxes: SandboxStatus[]; containers: ContainerStatus[] }>();
  const uidOf = new Map<string, string>();
  for (const sandbox of sandboxes) {
    const { uid } = sandbox.pod;
    uidOf.set(sandbox.id, uid);
    const known = pods.get(uid);
    if (known === undefined) pods.set(uid, { uid, sandboxes: [sandbox], containers: [] });
    else known.sandboxes.push(sandbox);
  }
  for (const container of containers)
    pods.get(uidOf.get(container.sandboxId) ?? "")?.containers.push(await lastWords.of(container));
  for (const pod of pods.values()) pod.sandboxes.sort((a, b) => b.pod.attempt - a.pod.attempt);
  return pods;
}

/** What a pod is taken up from: the newest sandbox, and every container made for the pod. */
export function foundPodOf(pod: RuntimePod): FoundPod | undefined {
  const [sandbox] = pod.sandboxes;
  if (sandbox === undefined) return undefined;
  return {
    sandbox: {
      id: sandbox.id,
      ips: sandbox.ips,
      ready: sandbox.state === "ready",
      attempt: sandbox.pod.attempt,
    },
    containers: pod.containers.map(foundContainer),
  };
}
