// Owns what containers use, summed over their processes.
import type { Clock } from "../../world/clock.ts";
import type { ProcessFacts, Processes } from "../../world/processes.ts";
import type { ContainerUsage } from "../runtime.ts";

interface UsageWorld {
  readonly processes: Processes;
  readonly clock: Clock;
}

/** The shim that each process is below of, or whose session it is in since its parents have gone. */
function ownersOf(all: readonly ProcessFacts[], shims: ReadonlySet<number>): ReadonlyMap<number, number> {
  const facts = new Map(all.map((one) => [one.pid, one]));
  const owners = new Map<number, number>();
  for (const { pid } of all) {
    const path: number[] = [];
    let at: number | undefined = pid;
    let owner: number | undefined;
    while (at !== undefined && owner === undefined && !path.includes(at)) {
      path.push(at);
      const one = facts.get(at);
      owner =
        owners.get(at) ??
        (shims.has(at) ? at : one !== undefined && shims.has(one.session) ? one.session : undefined);
      at = one?.parent;
    }
    if (owner !== undefined) for (const known of path) owners.set(known, owner);
  }
  return owners;
}

/** By container; `shims` gives each one's first process of ours. One look at the machine's processes, however many there are. */
export async function usagesOf(
  { processes, clock }: UsageWorld,
  shims: ReadonlyMap<string, number>,
): Promise<ReadonlyMap<string, ContainerUsage>> {
  const all = await processes.all();
  const owners = ownersOf(all, new Set(shims.values()));
  const at = clock.now();
  const byShim = new Map<number, { cpuNanos: number; memoryWorkingSet: number; processes: number }>();
  for (const { pid, cpu, memory } of all) {
    const owner = owners.get(pid);
    if (owner === undefined) continue;
    const sum = byShim.get(owner) ?? { cpuNanos: 0, memoryWorkingSet: 0, processes: 0 };
    sum.cpuNanos += cpu * 1_000_000;
    sum.memoryWorkingSet += memory;
    sum.processes += 1;
    byShim.set(owner, sum);
  }
  const nothing = { cpuNanos: 0, memoryWorkingSet: 0, processes: 0 };
  return new Map(Array.from(shims, ([id, shim]) => [id, { at, ...(byShim.get(shim) ?? nothing) }]));
}
