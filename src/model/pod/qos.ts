// Owns the class of service that follows from what a pod asks for.
import type { PodSpec } from "../generated/types.ts";
import { quantityOf } from "../quantity.ts";

export type QosClass = "Guaranteed" | "Burstable" | "BestEffort";

const qosResources = ["cpu", "memory"] as const;

/** Guaranteed: every container limits cpu and memory and requests just that. BestEffort: none asks for either. */
export function podQos(pod: { readonly spec?: PodSpec | undefined }): QosClass {
  const spec = pod.spec;
  const demands =
    spec?.resources === undefined
      ? [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])].map((container) => container.resources)
      : [spec.resources];
  let asks = false;
  let guaranteed = true;
  for (const demand of demands)
    for (const name of qosResources) {
      const limit = quantityOf(demand?.limits?.[name] ?? "0").nanos;
      // A request that is left out is the limit, as defaulting makes it.
      const request = quantityOf(demand?.requests?.[name] ?? demand?.limits?.[name] ?? "0").nanos;
      if (limit > 0n || request > 0n) asks = true;
      if (limit === 0n || limit !== request) guaranteed = false;
    }
  if (!asks) return "BestEffort";
  return guaranteed ? "Guaranteed" : "Burstable";
}
