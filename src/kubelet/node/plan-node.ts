// Owns what a node says of itself: the object at registration, addresses, capacity, conditions.
import type { Instant } from "../../lib/units.ts";
import type { Node, NodeCondition, NodeStatus, Taint } from "../../model/generated/types.ts";
import type { Draft } from "../../model/meta.ts";
import { formatQuantity, quantityOf, subtractQuantities } from "../../model/quantity.ts";
import { formatTime } from "../../model/time.ts";

import type { Pressure } from "../eviction/step-pressure.ts";

type Quantities = Readonly<Record<string, string>>;

export interface NodeFigures {
  readonly nodeName: string;
  readonly nodeIp: string;
  readonly port: number;
  readonly labels: Quantities;
  readonly taints: readonly Taint[];
  readonly capacity: Quantities;
  readonly reserved: Quantities;
  readonly maxPods: number;
  readonly version: string;
  /** `containerd://1.6.20` */
  readonly runtimeVersion: string;
  readonly architecture: string;
  readonly machineId: string;
  readonly bootId: string;
  readonly systemUuid: string;
  readonly kernelVersion: string;
  readonly osImage: string;
}

/** What was observed just now. */
export interface NodeHealth {
  readonly runtime: "ready" | { readonly reason: string; readonly message: string };
  readonly pressures: readonly Pressure[];
  readonly isShuttingDown: boolean;
  /** Complaints about manifests; undefined where the node takes none. */
  readonly staticPods?: readonly string[] | undefined;
}

export const arch = (machine: string): string => ({ x64: "amd64", ia32: "386" })[machine] ?? machine;

const labelsOf = ({ nodeName, architecture, labels }: NodeFigures): Record<string, string> => ({
  "beta.kubernetes.io/arch": architecture,
  "beta.kubernetes.io/os": "linux",
  "kubernetes.io/arch": architecture,
  "kubernetes.io/hostname": nodeName,
  "kubernetes.io/os": "linux",
  ...labels,
});

/** The node as it is first put into the API. */
export const planNode = (figures: NodeFigures, health: NodeHealth, now: Instant): Draft<Node> => ({
  apiVersion: "v1",
  kind: "Node",
  metadata: { name: figures.nodeName, labels: labelsOf(figures) },
  spec: figures.taints.length === 0 ? {} : { taints: figures.taints.map((taint) => ({ ...taint })) },
  status: planNodeStatus(figures, health, undefined, now),
});

/** The node as it would be in an API, for a kubelet that has none. */
export const localNode = (figures: NodeFigures): Node => ({
  apiVersion: "v1",
  kind: "Node",
  metadata: {
    name: figures.nodeName,
    uid: "",
    resourceVersion: "",
    creationTimestamp: "",
    labels: labelsOf(figures),
  },
  status: planNodeStatus(figures, { runtime: "ready", pressures: [], isShuttingDown: false }, undefined, 0),
});

/** Labels of a node that is there already: this kubelet's own are put right, others' stay. Undefined where nothing changes. */
export function planNodeLabels(node: Node, figures: NodeFigures): Record<string, string> | undefined {
  const wanted = labelsOf(figures);
  const before = node.metadata.labels ?? {};
  return Object.entries(wanted).every(([key, value]) => before[key] === value)
    ? undefined
    : { ...before, ...wanted };
}

const staticPodsHealthy = "StaticPodsHealthy";

type MakeCondition = (type: string, is: boolean, reason: string, message: string) => NodeCondition;

function staticPodsCondition([first, ...more]: readonly string[], make: MakeCondition): NodeCondition {
  if (first === undefined)
    return make(staticPodsHealthy, true, "ManifestsAccepted", "every manifest of a static pod is run");
  const words = more.length === 0 ? first : `${first} (and ${more.length} more)`;
  const message = `${more.length + 1} ${more.length === 0 ? "complaint" : "complaints"}: ${words}`;
  return make(staticPodsHealthy, false, "ManifestsRefused", message);
}

/** Why the node takes no pods, in upstream's words. */
function unreadiness({ runtime, isShuttingDown }: NodeHealth): string | undefined {
  if (isShuttingDown) return "node is shutting down";
  return runtime === "ready" ? undefined : `${runtime.reason}: ${runtime.message}`;
}

function conditionsOf(health: NodeHealth, before: readonly NodeCondition[], now: Instant): NodeCondition[] {
  const at = formatTime(now);
  const condition = (type: string, is: boolean, reason: string, message: string): NodeCondition => {
    const status = is ? "True" : "False";
    const old = before.find((known) => known.type === type);
    const since = old?.status === status ? (old.lastTransitionTime ?? at) : at;
    return { type, status, lastHeartbeatTime: at, lastTransitionTime: since, reason, message };
  };
  const pressure = (type: string, word: string, under: boolean, words: string) =>
    under
      ? condition(type, true, `KubeletHasInsufficient${word}`, `kubelet has insufficient ${words} available`)
      : condition(type, false, `KubeletHasSufficient${word}`, `kubelet has sufficient ${words} available`);
  const isUnder = (type: Pressure) => health.pressures.includes(type);
  const unready = unreadiness(health);
  const ours = [
    pressure("MemoryPressure", "Memory", isUnder("MemoryPressure"), "memory"),
    isUnder("DiskPressure")
      ? condition("DiskPressure", true, "KubeletHasDiskPressure", "kubelet has disk pressure")
      : condition("DiskPressure", false, "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
    pressure("PIDPressure", "PID", isUnder("PIDPressure"), "PID"),
    unready === undefined
      ? condition("Ready", true, "KubeletReady", "kubelet is posting ready status")
      : condition("Ready", false, "KubeletNotReady", unready),
  ];
  const { staticPods } = health;
  if (staticPods !== undefined) ours.push(staticPodsCondition(staticPods, condition));
  const others = before.filter(
    ({ type }) => type !== staticPodsHealthy && !ours.some((own) => own.type === type),
  );
  return [...others, ...ours];
}

function allocatableOf(capacity: Quantities, reserved: Quantities): Record<string, string> {
  const free: Record<string, string> = {};
  for (const [name, amount] of Object.entries(capacity)) {
    const kept = reserved[name];
    if (kept === undefined) free[name] = amount;
    else {
      const left = subtractQuantities(quantityOf(amount), quantityOf(kept));
      free[name] = left.nanos < 0n ? "0" : formatQuantity(left);
    }
  }
  return free;
}

/** The status a node should have; `before` is what stands in the API. */
export function planNodeStatus(
  figures: NodeFigures,
  health: NodeHealth,
  before: NodeStatus | undefined,
  now: Instant,
): NodeStatus {
  const capacity = { "ephemeral-storage": "0", ...figures.capacity, pods: String(figures.maxPods) };
  return {
    ...before,
    addresses: [
      { type: "InternalIP", address: figures.nodeIp },
      { type: "Hostname", address: figures.nodeName },
    ],
    capacity,
    allocatable: allocatableOf(capacity, figures.reserved),
    conditions: conditionsOf(health, before?.conditions ?? [], now),
    daemonEndpoints: { kubeletEndpoint: { Port: figures.port } },
    nodeInfo: {
      architecture: figures.architecture,
      bootID: figures.bootId,
      containerRuntimeVersion: figures.runtimeVersion,
      kernelVersion: figures.kernelVersion,
      kubeProxyVersion: "",
      kubeletVersion: figures.version,
      machineID: figures.machineId,
      operatingSystem: "linux",
      osImage: figures.osImage,
      systemUUID: figures.systemUuid,
    },
  };
}

/** Whether two statuses differ in more than the time of the heartbeat. */
export const withoutHeartbeat = (status: NodeStatus | undefined): unknown => ({
  ...status,
  conditions: status?.conditions?.map((condition) => ({ ...condition, lastHeartbeatTime: undefined })),
});
