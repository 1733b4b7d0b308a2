// Owns reading the cluster as the judge does: on purpose not by the code that is judged.
import type { DaemonSet, Node, Pod } from "../../src/model/generated/types.ts";
import type { KubeObject } from "../../src/model/meta.ts";

export const hashLabel = "controller-revision-hash";

export const ownerOf = (object: KubeObject): string | undefined =>
  object.metadata.ownerReferences?.find(({ controller }) => controller === true)?.uid;

const conditionOf = (object: Pod | Node, type: string): boolean =>
  object.status?.conditions?.some((one) => one.type === type && one.status === "True") ?? false;

export const isReady = (object: Pod | Node): boolean => conditionOf(object, "Ready");
export const isTerminating = ({ metadata }: KubeObject): boolean => metadata.deletionTimestamp !== undefined;
export const isLive = (pod: Pod): boolean =>
  !isTerminating(pod) && pod.status?.phase !== "Failed" && pod.status?.phase !== "Succeeded";

/** Where a pod runs, or is meant to by its affinity before it is bound. */
export function nodeOf({ spec }: Pod): string {
  const terms =
    spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  return spec?.nodeName ?? terms?.[0]?.matchFields?.[0]?.values?.[0] ?? "";
}

/** What the controller adds to every daemon pod (D.4). */
const daemonTolerations = [
  "node.kubernetes.io/not-ready",
  "node.kubernetes.io/unreachable",
  "node.kubernetes.io/disk-pressure",
  "node.kubernetes.io/memory-pressure",
  "node.kubernetes.io/pid-pressure",
  "node.kubernetes.io/unschedulable",
];

/** Statement D.1; "tolerated" where a pod that runs may stay, but none is started (D.2). */
export function eligibility(set: DaemonSet, node: Node): "eligible" | "tolerated" | "ineligible" {
  const spec = set.spec?.template.spec;
  const labels = node.metadata.labels ?? {};
  if (Object.entries(spec?.nodeSelector ?? {}).some(([key, value]) => labels[key] !== value))
    return "ineligible";
  const tolerated = new Set([...daemonTolerations, ...(spec?.tolerations ?? []).map(({ key }) => key)]);
  const bad = (node.spec?.taints ?? []).filter(({ key }) => !tolerated.has(key));
  if (bad.some(({ effect }) => effect === "NoExecute")) return "ineligible";
  return bad.some(({ effect }) => effect === "NoSchedule") ? "tolerated" : "eligible";
}

/** Percent rounds up (D.13). */
export function amount(given: number | string | undefined, of: number, otherwise: number): number {
  if (given === undefined) return otherwise;
  return typeof given === "number" ? given : Math.ceil((Number.parseFloat(given) * of) / 100);
}

export const surgeOf = (set: DaemonSet): number | string =>
  set.spec?.updateStrategy?.rollingUpdate?.maxSurge ?? 0;
export const unavailableOf = (set: DaemonSet): number | string =>
  set.spec?.updateStrategy?.rollingUpdate?.maxUnavailable ?? 1;

/** Statement S.7. */
export const isMirror = ({ metadata }: KubeObject): boolean =>
  metadata.annotations?.["kubernetes.io/config.mirror"] !== undefined;
export const isStaticName = (podName: string): boolean => podName.startsWith("static-");

/** By `matchLabels`, which is all that the simulation writes. */
export const selects = ({ spec }: DaemonSet, { metadata }: KubeObject): boolean =>
  Object.entries(spec?.selector.matchLabels ?? {}).every(([key, value]) => metadata.labels?.[key] === value);
