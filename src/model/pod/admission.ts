// Owns what admission adds to every pod: tolerations for a lost node, and the number behind a priority class.
import type { PodSpec, Toleration } from "../generated/types.ts";

const defaultTolerationSeconds = 300;
const nodeTrouble = ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"];

function tolerates(toleration: Toleration, key: string): boolean {
  const anyKey = toleration.key === undefined || toleration.key === "";
  const anyEffect = toleration.effect === undefined || toleration.effect === "";
  return (anyKey || toleration.key === key) && (anyEffect || toleration.effect === "NoExecute");
}

/** Lets a pod stay for five minutes on a node that is lost, unless it says itself how long. In place. */
export function addDefaultTolerations(pod: { spec?: PodSpec | undefined }): void {
  if (pod.spec === undefined) return;
  const given = pod.spec.tolerations ?? [];
  const missing = nodeTrouble.filter((key) => !given.some((toleration) => tolerates(toleration, key)));
  if (missing.length === 0) return;
  pod.spec.tolerations = [
    ...given,
    ...missing.map((key) => ({
      key,
      operator: "Exists",
      effect: "NoExecute",
      tolerationSeconds: defaultTolerationSeconds,
    })),
  ];
}

export interface Priority {
  readonly value: number;
  readonly preemptionPolicy?: string | undefined;
}

/** The classes that exist in every cluster. */
export const systemPriorities: ReadonlyMap<string, Priority & { readonly description: string }> = new Map([
  [
    "system-node-critical",
    {
      value: 2_000_001_000,
      description: "Used for system critical pods that must not be moved from their current node.",
    },
  ],
  [
    "system-cluster-critical",
    {
      value: 2_000_000_000,
      description:
        "Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.",
    },
  ],
]);

export const systemPriority = (name: string): Priority | undefined => systemPriorities.get(name);

/** Turns the class a pod names into its priority, in place. Returns what is wrong with the class, if anything. */
export function addPriority(
  pod: { spec?: PodSpec | undefined },
  classOf: (name: string) => Priority | undefined,
): string | undefined {
  if (pod.spec === undefined) return undefined;
  const name = pod.spec.priorityClassName ?? "";
  const found: Priority | undefined = name === "" ? { value: 0 } : (systemPriority(name) ?? classOf(name));
  if (found === undefined) return `no PriorityClass with name ${name} was found`;
  const given = pod.spec.priority;
  if (given !== undefined && given !== found.value)
    return `the integer value of priority (${given}) must not be provided in pod spec; priority admission controller computed ${found.value} from the given PriorityClass name`;
  const policy = found.preemptionPolicy ?? "PreemptLowerPriority";
  const asked = pod.spec.preemptionPolicy ?? policy;
  if (asked !== policy)
    return `the string value of PreemptionPolicy (${asked}) must not be provided in pod spec; priority admission controller computed ${policy} from the given PriorityClass name`;
  pod.spec.priority = found.value;
  pod.spec.preemptionPolicy = policy;
  return undefined;
}

/** What admission added when the pod was made is not taken away by who left it out of an update. In place. */
export function keepAdmitted(pod: { spec?: PodSpec | undefined }, old: { spec?: PodSpec | undefined }): void {
  addDefaultTolerations(pod);
  if (pod.spec === undefined || old.spec === undefined) return;
  for (const field of ["priority", "preemptionPolicy"] as const)
    if (pod.spec[field] === undefined && old.spec[field] !== undefined)
      Object.assign(pod.spec, { [field]: old.spec[field] });
}
