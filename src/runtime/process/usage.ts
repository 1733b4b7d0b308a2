// Owns what a container uses, summed over its processes.
import type { Clock } from "../../world/clock.ts";
import type { Processes } from "../../world/processes.ts";
import type { ContainerUsage } from "../runtime.ts";

interface UsageWorld {
  readonly processes: Processes;
  readonly clock: Clock;
}

/** Of the shim, all below it, and those of its session whose parents have gone. */
export async function usageOf({ processes, clock }: UsageWorld, shim: number): Promise<ContainerUsage> {
  const all = await processes.all();
  const members = new Set([shim]);
  for (let before = 0; before < members.size;) {
    before = members.size;
    for (const { pid, parent, session } of all) if (session === shim || members.has(parent)) members.add(pid);
  }
  const counted = all.filter(({ pid }) => members.has(pid));
  return {
    at: clock.now(),
    cpuNanos: counted.reduce((sum, { cpu }) => sum + cpu * 1_000_000, 0),
    memoryWorkingSet: counted.reduce((sum, { memory }) => sum + memory, 0),
  };
}
