// Owns what the API is told of a pod: phase, conditions, addresses, container statuses, as upstream's kubelet words them.
import type { Instant } from "../../lib/units.ts";
import type { PodCondition, PodStatus } from "../../model/generated/types.ts";
import { formatTime } from "../../model/time.ts";
import { planContainerStatus } from "./plan-container-status.ts";
import { podQos } from "../../model/pod/qos.ts";
import { planConditions } from "./plan-conditions.ts";
import type { ContainerState } from "./step-container-types.ts";
import { membersOf } from "./step-pod-moves.ts";
import type { PodState } from "./step-pod-types.ts";

/** Of the node, for every pod's status. */
export interface NodeFacts {
  readonly hostIp: string;
  /** `containerd`, as container IDs begin with. */
  readonly runtimeName: string;
}

type Phase = "Pending" | "Running" | "Succeeded" | "Failed";

const isAlive = (container: ContainerState): boolean =>
  container.is === "running" || container.is === "pre-stopping" || container.is === "stopping";

/** No container will run again. */
const isOver = (state: PodState): boolean =>
  state.is === "settling" ||
  state.is === "ended" ||
  state.is === "clearing" ||
  state.is === "reporting" ||
  state.is === "gone";

function phaseOf(state: PodState): Phase {
  const members = membersOf(state.pod);
  const at = (name: string): ContainerState | undefined => state.containers[name];
  const over = isOver(state);
  if (over && state.verdict !== undefined) return "Failed";
  const mains = members.filter(({ role }) => role === "main").map(({ spec }) => at(spec.name));
  const began = mains.some((main) => main !== undefined && (main.attempts > 0 || isAlive(main)));
  const inits = members.filter(({ role }) => role === "init").map(({ spec }) => at(spec.name));
  const initFailed = inits.some((init) => init?.is === "ended" && init.exit.exitCode !== 0);
  if (initFailed && !began) return over || state.is === "stopping" ? "Failed" : "Pending";
  if (over) {
    if (!began) return state.pod.metadata.deletionTimestamp === undefined ? "Pending" : "Failed";
    return mains.every((main) => main?.is === "ended" && main.exit.exitCode === 0) ? "Succeeded" : "Failed";
  }
  if (!began) return "Pending";
  // A container that has never run holds the pod back, one that waits to run again doesn't.
  const allBegan = mains.every(
    (main) => main !== undefined && (isAlive(main) || main.last !== undefined || main.is === "ended"),
  );
  return allBegan ? "Running" : "Pending";
}

function addressesOf(
  state: PodState,
  facts: NodeFacts,
): Pick<PodStatus, "hostIP" | "hostIPs" | "podIP" | "podIPs"> {
  const hostIps = { hostIP: facts.hostIp, hostIPs: [{ ip: facts.hostIp }] };
  if (state.is !== "running" && state.is !== "stopping") {
    const { podIP, podIPs } = state.pod.status ?? {};
    return { ...hostIps, ...(isOver(state) && podIP !== undefined ? { podIP, podIPs } : {}) };
  }
  const { ips } = state.sandbox;
  const own = ips.length === 0 ? [facts.hostIp] : ips;
  return { ...hostIps, podIP: own[0], podIPs: own.map((ip) => ({ ip })) };
}

const ours = new Set(["PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady"]);

/** Keeps others' conditions and, where nothing changed, the time of the last change. */
function joinConditions(
  planned: readonly PodCondition[],
  before: readonly PodCondition[],
  now: Instant,
): PodCondition[] {
  const at = formatTime(now);
  const joined = planned.map((condition): PodCondition => {
    const old = before.find(({ type }) => type === condition.type);
    const since = old?.status === condition.status ? (old.lastTransitionTime ?? at) : at;
    return { ...condition, lastTransitionTime: since };
  });
  const others = before.filter(({ type }) => !ours.has(type) && !joined.some((one) => one.type === type));
  const scheduled: PodCondition[] = others.some(({ type }) => type === "PodScheduled")
    ? []
    : [{ type: "PodScheduled", status: "True", lastTransitionTime: at }];
  return [...joined, ...others, ...scheduled];
}

/** The status a pod should have; `before` is the one it has in the API. */
export function planStatus(
  state: PodState,
  before: PodStatus | undefined,
  facts: NodeFacts,
  now: Instant,
): PodStatus {
  const { pod } = state;
  const phase = phaseOf(state);
  const members = membersOf(pod);
  const statuses = (wanted: (role: string) => boolean) =>
    members
      .filter(({ role }) => wanted(role))
      .map(({ role, spec }) => planContainerStatus({ role, spec }, state, facts));
  const inits = statuses((role) => role !== "main");
  const neverBegan =
    state.verdict !== undefined &&
    isOver(state) &&
    Object.values(state.containers).every(({ is, attempts }) => is === "idle" && attempts === 0);
  const verdict = state.verdict !== undefined && phase === "Failed" ? state.verdict : undefined;
  return {
    ...(before?.nominatedNodeName === undefined ? {} : { nominatedNodeName: before.nominatedNodeName }),
    phase,
    ...(pod.metadata.generation === undefined ? {} : { observedGeneration: pod.metadata.generation }),
    conditions: joinConditions(
      planConditions(state, phase, before?.conditions ?? []),
      before?.conditions ?? [],
      now,
    ),
    ...(verdict === undefined ? {} : { reason: verdict.reason, message: verdict.message }),
    ...addressesOf(state, facts),
    startTime: formatTime(state.startTime),
    qosClass: before?.qosClass ?? podQos(pod),
    ...(neverBegan || inits.length === 0 ? {} : { initContainerStatuses: inits }),
    ...(neverBegan ? {} : { containerStatuses: statuses((role) => role === "main") }),
  };
}
