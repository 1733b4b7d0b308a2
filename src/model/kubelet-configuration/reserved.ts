// Owns what of a node's capacity is not for pods: kept for the system and the kubelet, and below which pods are evicted.
import { addQuantities, formatQuantity, quantityOf } from "../quantity.ts";
import { amountIn, evictionSettings, type EvictionSignal } from "./eviction-settings.ts";
import type { KubeletConfiguration } from "./kubelet-configuration.ts";

type Quantities = Readonly<Record<string, string>>;

const signalOf: Readonly<Record<string, EvictionSignal>> = {
  memory: "memory.available",
  "ephemeral-storage": "nodefs.available",
};
/** By resource; as upstream takes it off the capacity to come to what is allocatable. */
export function reservedOf(of: KubeletConfiguration, capacity: Quantities): Record<string, string> {
  const hard = evictionSettings(of).thresholds.filter(({ isHard }) => isHard);
  const reserved: Record<string, string> = {};
  for (const [resource, amount] of Object.entries(capacity)) {
    const threshold = hard.find(({ signal }) => signal === signalOf[resource]);
    const units = Number(quantityOf(amount).nanos / 1_000_000_000n);
    const evicting = threshold === undefined ? 0 : Math.floor(amountIn(threshold.below, units));
    const parts = [
      of.systemReserved?.[resource] ?? "0",
      of.kubeReserved?.[resource] ?? "0",
      String(evicting),
    ];
    const total = parts.map(quantityOf).reduce(addQuantities);
    if (total.nanos > 0n) reserved[resource] = formatQuantity(total);
  }
  return reserved;
}
