// Owns what the API is told of a pod: phase, conditions, addresses, container statuses, as upstream's kubelet words them.
import type { Instant } from "../../lib/units.ts";
import type { ContainerStatus, PodCondition, PodStatus } from "../../model/generated/types.ts";
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
  const over = isOver(state);
  if (over && state.verdict !== undefined) return "Failed";
  let began = false;
  let allBegan = true;
  let allSucceeded = true;
  let initFailed = false;
  for (const { role, spec } of membersOf(state.pod)) {
    const container = state.containers[spec.name];
    if (role === "init" && container?.is === "ended" && container.exit.exitCode !== 0) initFailed = true;
    if (role !== "main") continue;
    if (container === undefined) {
      allBegan = allSucceeded = false;
      continue;
    }
    if (container.attempts > 0 || isAlive(container)) began = true;
    // A container that has never run holds the pod back, one that waits to run again doesn't.
    if (!isAlive(container) && container.last === undefined && container.is !== "ended") allBegan = false;
    if (container.is !== "ended" || container.exit.exitCode !== 0) allSucceeded = false;
  }
  if (initFailed && !began) return over || state.is === "stopping" ? "Failed" : "Pending";
  if (over && !began) return state.pod.metadata.deletionTimestamp === undefined ? "Pending" : "Failed";
  if (over) return allSucceeded ? "Succeeded" : "Failed";
  return began && allBegan ? "Running" : "Pending";
}

function addAddresses(status: PodStatus, state: PodState, facts: NodeFacts): void {
  if (state.is === "running" || state.is === "stopping") {
    const { ips } = state.sandbox;
    status.podIP = ips[0] ?? facts.hostIp;
    status.podIPs = ips.length === 0 ? [{ ip: facts.hostIp }] : ips.map((ip) => ({ ip }));
    return;
  }
  const { podIP, podIPs } = state.pod.status ?? {};
  if (!isOver(state) || podIP === undefined) return;
  status.podIP = podIP;
  if (podIPs !== undefined) status.podIPs = podIPs;
}

const ours = new Set(["PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady"]);

const typed = (conditions: readonly PodCondition[], type: string): PodCondition | undefined => {
  for (const condition of conditions) if (condition.type === type) return condition;
  return undefined;
};

/** Keeps others' conditions and, where nothing changed, the time of the last change. */
function joinConditions(
  planned: readonly PodCondition[],
  before: readonly PodCondition[],
  now: Instant,
): PodCondition[] {
  const at = formatTime(now);
  const joined: PodCondition[] = [];
  for (const { type, status, reason, message } of planned) {
    const old = typed(before, type);
    const since = old?.status === status ? (old.lastTransitionTime ?? at) : at;
    const condition: PodCondition = { type, status, lastTransitionTime: since };
    if (reason !== undefined) condition.reason = reason;
    if (message !== undefined) condition.message = message;
    joined.push(condition);
  }
  for (const other of before)
    if (!ours.has(other.type) && typed(planned, other.type) === undefined) joined.push(other);
  if (typed(joined, "PodScheduled") === undefined)
    joined.push({ type: "PodScheduled", status: "True", lastTransitionTime: at });
  return joined;
}

/** The status a pod should have; `before` is the one it has in the API. */
export function planStatus(
  state: PodState,
  before: PodStatus | undefined,
  facts: NodeFacts,
  now: Instant,
): PodStatus {
  const { pod, verdict } = state;
  const phase = phaseOf(state);
  const known = before?.conditions ?? none;
  const status: PodStatus = {
    phase,
    conditions: joinConditions(planConditions(state, phase, known), known, now),
    hostIP: facts.hostIp,
    hostIPs: [{ ip: facts.hostIp }],
    startTime: formatTime(state.startTime),
    qosClass: before?.qosClass ?? podQos(pod),
  };
  if (before?.nominatedNodeName !== undefined) status.nominatedNodeName = before.nominatedNodeName;
  if (pod.metadata.generation !== undefined) status.observedGeneration = pod.metadata.generation;
  if (verdict !== undefined && phase === "Failed") {
    status.reason = verdict.reason;
    status.message = verdict.message;
  }
  addAddresses(status, state, facts);
  if (!neverBegan(state)) addContainers(status, state, facts);
  return status;
}

const none: readonly PodCondition[] = [];

/** Refused before anything was made for it. */
const neverBegan = (state: PodState): boolean =>
  state.verdict !== undefined &&
  isOver(state) &&
  Object.values(state.containers).every(({ is, attempts }) => is === "idle" && attempts === 0);

function addContainers(status: PodStatus, state: PodState, facts: NodeFacts): void {
  const inits: ContainerStatus[] = [];
  const mains: ContainerStatus[] = [];
  for (const member of membersOf(state.pod))
    (member.role === "main" ? mains : inits).push(planContainerStatus(member, state, facts));
  if (inits.length > 0) status.initContainerStatuses = inits;
  status.containerStatuses = mains;
}
