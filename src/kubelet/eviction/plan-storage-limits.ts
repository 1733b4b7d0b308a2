// Owns whether a pod has written more than it may: emptyDir size limits, and limits on ephemeral storage.
import type { Bytes } from "../../lib/units.ts";
import type { Pod } from "../../model/generated/types.ts";
import { unitsOf } from "../../model/quantity.ts";

export interface Storage {
  /** By volume, emptyDir only. */
  readonly volumes: Readonly<Record<string, Bytes>>;
  /** Logs, by container. */
  readonly logs: Readonly<Record<string, Bytes>>;
}

const resource = "ephemeral-storage";
const containersOf = (pod: Pod) => pod.spec?.containers ?? [];
const limitIn = (limits: Record<string, string> | undefined): string | undefined => limits?.[resource];

/** Whether anything is to be measured at all. */
export const hasStorageLimits = (pod: Pod): boolean =>
  (pod.spec?.volumes ?? []).some(({ emptyDir }) => emptyDir?.sizeLimit !== undefined) ||
  containersOf(pod).some(({ resources }) => limitIn(resources?.limits) !== undefined);

const sum = (amounts: Readonly<Record<string, Bytes>>): Bytes =>
  Object.values(amounts).reduce((total, one) => total + one, 0);

/** Why the pod is to be evicted, in upstream's words; undefined where it keeps its limits. */
export function planStorageLimits(pod: Pod, used: Storage): string | undefined {
  for (const { name, emptyDir } of pod.spec?.volumes ?? []) {
    const limit = emptyDir?.sizeLimit;
    if (limit !== undefined && unitsOf(limit) > 0 && (used.volumes[name] ?? 0) > unitsOf(limit))
      return `Usage of EmptyDir volume "${name}" exceeds the limit "${limit}". `;
  }
  const limits = containersOf(pod).map(({ resources }) => limitIn(resources?.limits));
  const total = limits.reduce<number>((all, one) => all + (one === undefined ? 0 : unitsOf(one)), 0);
  // One container without a limit leaves the pod as a whole without one.
  if (
    limits.length > 0 &&
    limits.every((one) => one !== undefined) &&
    sum(used.volumes) + sum(used.logs) > total
  )
    return `Pod ephemeral local storage usage exceeds the total limit of containers ${total}. `;
  for (const { name, resources } of containersOf(pod)) {
    const limit = limitIn(resources?.limits);
    if (limit !== undefined && (used.logs[name] ?? 0) > unitsOf(limit))
      return `Container ${name} exceeded its local ephemeral storage limit "${limit}". `;
  }
  return undefined;
}
