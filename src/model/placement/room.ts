// Owns what is left on a node: its allocatable resources less what the pods on it take up.
import { Lately } from "../../lib/lately.ts";
import type { Node, Pod } from "../generated/types.ts";
import { amountsOf, demandOf, portsClash, type Amounts, type Demand, type HostPort } from "./demand.ts";
import type { Obstacle } from "./obstacle.ts";

/** What the pods on one node take up together. Changes as they come and go. */
export class Occupancy {
  private readonly taken = new Map<string, number>();
  private readonly ports: HostPort[] = [];
  private count = 0;

  get pods(): number {
    return this.count;
  }

  takenOf(resource: string): number {
    return this.taken.get(resource) ?? 0;
  }

  take({ amounts, ports }: Demand): void {
    this.count += 1;
    for (const [resource, amount] of amounts)
      this.taken.set(resource, (this.taken.get(resource) ?? 0) + amount);
    this.ports.push(...ports);
  }

  /** Gives back what an earlier `take` of an equal demand took. */
  give({ amounts, ports }: Demand): void {
    this.count -= 1;
    for (const [resource, amount] of amounts)
      this.taken.set(resource, (this.taken.get(resource) ?? 0) - amount);
    for (const port of ports) {
      const at = this.ports.findIndex(
        (held) => held.port === port.port && held.protocol === port.protocol && held.hostIP === port.hostIP,
      );
      if (at >= 0) this.ports.splice(at, 1);
    }
  }

  clashWith(port: HostPort): HostPort | undefined {
    return this.ports.find((held) => portsClash(held, port));
  }
}

/** Whether a pod still takes up its room: finished pods don't. */
export const takesRoom = (pod: Pod): boolean =>
  pod.status?.phase !== "Succeeded" && pod.status?.phase !== "Failed";

export function occupancyOf(pods: Iterable<Pod>): Occupancy {
  const occupancy = new Occupancy();
  for (const pod of pods) if (takesRoom(pod)) occupancy.take(demandOf(pod.spec));
  return occupancy;
}

const capacities = new Lately<Node, Amounts>();

/** What a node can give to pods. Remembered per object for a while. */
export function allocatableOf(node: Node): Amounts {
  const known = capacities.get(node);
  if (known !== undefined) return known;
  const amounts = amountsOf(node.status?.allocatable ?? node.status?.capacity);
  capacities.set(node, amounts);
  return amounts;
}

const none: readonly Obstacle[] = [];

export function portObstacles(demand: Demand, occupancy: Occupancy): readonly Obstacle[] {
  let obstacles = none;
  for (const port of demand.ports)
    if (occupancy.clashWith(port) !== undefined) obstacles = [...obstacles, { is: "port-taken", ...port }];
  return obstacles;
}

export function roomObstacles(demand: Demand, node: Node, occupancy: Occupancy): readonly Obstacle[] {
  const allocatable = allocatableOf(node);
  let obstacles = none;
  // A node that tells nothing of its size has just registered: only what it is asked for explicitly is missing.
  const allowed = allocatable.get("pods") ?? (allocatable.size === 0 ? Infinity : 0);
  if (occupancy.pods + 1 > allowed) obstacles = [{ is: "too-many-pods", allowed }];
  for (const [resource, wanted] of demand.amounts) {
    if (wanted === 0) continue;
    const free = (allocatable.get(resource) ?? 0) - occupancy.takenOf(resource);
    if (wanted > free) obstacles = [...obstacles, { is: "short-of", resource, wanted, free }];
  }
  return obstacles;
}
