// Owns what simulated containers use: one process each, and nothing of the machine.
import type { Instant } from "../../lib/units.ts";
import type { ContainerId, ContainerUsage } from "../runtime.ts";

/** By container, of those that run. */
export function simulatedUsage(
  at: Instant,
  containers: Iterable<{ readonly id: ContainerId; readonly state: string }>,
): ReadonlyMap<ContainerId, ContainerUsage> {
  const found = new Map<ContainerId, ContainerUsage>();
  for (const { id, state } of containers)
    if (state === "running") found.set(id, { at, cpuNanos: 0, memoryWorkingSet: 0, processes: 1 });
  return found;
}
