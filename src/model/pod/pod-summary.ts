// Owns how a pod is summed up in one line: READY, STATUS and RESTARTS as upstream's printer computes them.
import type { Instant } from "../../lib/units.ts";
import type { ContainerState, ContainerStateTerminated, ContainerStatus, Pod } from "../generated/types.ts";
import { humanDuration } from "../duration.ts";
import { parseTime } from "../time.ts";
import { isPodFinished, isPodReady, conditionOf } from "./readiness.ts";

export interface PodSummary {
  readonly ready: number;
  readonly total: number;
  /** `Running`, `Init:0/1`, `CrashLoopBackOff`, `Terminating` … */
  readonly status: string;
  readonly restarts: number;
  readonly restartedAt: Instant | undefined;
}

/** Restarts of a group of containers, and the last of them. */
class Restarts {
  count = 0;
  last: Instant | undefined;

  add(status: ContainerStatus): void {
    this.count += status.restartCount ?? 0;
    const finished = status.lastState?.terminated?.finishedAt;
    const at = finished === undefined ? undefined : parseTime(finished);
    if (at !== undefined && (this.last === undefined || this.last < at)) this.last = at;
  }
}

function terminatedText({ reason, signal, exitCode }: ContainerStateTerminated): string {
  if (reason !== undefined && reason !== "") return reason;
  return signal !== undefined && signal !== 0 ? `Signal:${signal}` : `ExitCode:${exitCode}`;
}

const waitingReason = (state: ContainerState | undefined): string => state?.waiting?.reason ?? "";

interface Initialization {
  /** What holds the pod up, or undefined where all init containers are done. */
  readonly blockedBy: string | undefined;
  readonly ready: number;
  readonly restarts: Restarts;
  readonly sidecarRestarts: Restarts;
}

function readInit(pod: Pod, sidecars: ReadonlySet<string>): Initialization {
  const restarts = new Restarts();
  const sidecarRestarts = new Restarts();
  let ready = 0;
  for (const [index, status] of (pod.status?.initContainerStatuses ?? []).entries()) {
    restarts.add(status);
    const sidecar = sidecars.has(status.name);
    if (sidecar) sidecarRestarts.add(status);
    const terminated = status.state?.terminated;
    if (terminated?.exitCode === 0) continue;
    if (sidecar && status.started === true) {
      if (status.ready) ready += 1;
      continue;
    }
    const waiting = waitingReason(status.state);
    const detail =
      terminated !== undefined
        ? terminatedText(terminated)
        : waiting !== "" && waiting !== "PodInitializing"
          ? waiting
          : `${index}/${pod.spec?.initContainers?.length ?? 0}`;
    return { blockedBy: `Init:${detail}`, ready, restarts, sidecarRestarts };
  }
  return { blockedBy: undefined, ready, restarts, sidecarRestarts };
}

function readContainers(
  pod: Pod,
  restarts: Restarts,
): { reason: string | undefined; ready: number; running: boolean } {
  let reason: string | undefined;
  let ready = 0;
  let running = false;
  // From the last to the first: the first container's trouble is what is shown.
  for (const status of [...(pod.status?.containerStatuses ?? [])].reverse()) {
    restarts.add(status);
    const { state } = status;
    if (waitingReason(state) !== "") reason = waitingReason(state);
    else if (state?.terminated !== undefined) reason = terminatedText(state.terminated);
    else if (status.ready && state?.running !== undefined) {
      running = true;
      ready += 1;
    }
  }
  return { reason, ready, running };
}

function initialReason(pod: Pod): string {
  if (conditionOf(pod, "PodScheduled")?.reason === "SchedulingGated") return "SchedulingGated";
  return pod.status?.reason || pod.status?.phase || "";
}

function finalReason(pod: Pod, reason: string): string {
  if (pod.metadata.deletionTimestamp === undefined) return reason;
  if (pod.status?.reason === "NodeLost") return "Unknown";
  return isPodFinished(pod) ? reason : "Terminating";
}

export function summarizePod(pod: Pod): PodSummary {
  const sidecars = new Set(
    (pod.spec?.initContainers ?? [])
      .filter((container) => container.restartPolicy === "Always")
      .map((container) => container.name),
  );
  const total = (pod.spec?.containers ?? []).length + sidecars.size;
  const init = readInit(pod, sidecars);
  let reason = init.blockedBy ?? initialReason(pod);
  let { ready, restarts } = init;
  if (init.blockedBy === undefined || conditionOf(pod, "Initialized")?.status === "True") {
    restarts = init.sidecarRestarts;
    const containers = readContainers(pod, restarts);
    reason = containers.reason ?? reason;
    ready += containers.ready;
    // One container is done and another still runs: the pod is not done.
    if (reason === "Completed" && containers.running) reason = isPodReady(pod) ? "Running" : "NotReady";
  }
  return {
    ready,
    total,
    status: finalReason(pod, reason),
    restarts: restarts.count,
    restartedAt: restarts.last,
  };
}

/** `3 (2m ago)` */
export function restartsText({ restarts, restartedAt }: PodSummary, now: Instant): string {
  return restarts === 0 || restartedAt === undefined
    ? `${restarts}`
    : `${restarts} (${humanDuration(now - restartedAt)} ago)`;
}
