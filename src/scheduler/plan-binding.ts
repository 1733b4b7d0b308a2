// Owns the choice of a node for a pod: filters, scores, and what to say when no node will do. Pure.
import type { Node, Pod, Taint } from "../model/generated/types.ts";
import {
  allocatableOf,
  demandOf,
  namedNodes,
  nodeWishesOf,
  obstaclesOnNode,
  preferenceOf,
  tolerates,
  type Demand,
  type NodeWishes,
  type Obstacle,
  type Occupancy,
} from "../model/placement.ts";

export type BindingPlan =
  | { readonly do: "bind"; readonly node: string }
  | {
      readonly do: "wait";
      /** As upstream words it: `0/4 nodes are available: 1 Insufficient cpu, …`. */
      readonly message: string;
      /** Only a change on one of these can help; absent where any node's may. */
      readonly hopes?: ReadonlySet<string>;
    };

/** A node and what is on it or on its way to it. */
export interface NodeRoom {
  readonly node: Node;
  readonly occupancy: Occupancy;
}

/** The nodes as the scheduler knows them, pods on their way included. */
export interface Rooms {
  readonly size: number;
  get(node: string): NodeRoom | undefined;
  all(): Iterable<NodeRoom>;
  /** Unbound pods that a node's room is kept for. */
  nominatedOn(node: string): Iterable<Pod>;
}

export const priorityOf = (pod: Pod): number => pod.spec?.priority ?? 0;

/** Whether the room kept for a nominated pod is kept from this one. */
export const keepsRoomFrom = (nominated: Pod, pod: Pod): boolean =>
  nominated.metadata.uid !== pod.metadata.uid && priorityOf(nominated) >= priorityOf(pod);

/** What speaks against a pod on a node, the room kept for others at least as important counted as taken. */
function obstaclesIn(pod: Pod, wishes: NodeWishes, room: NodeRoom, rooms: Rooms): readonly Obstacle[] {
  const { node, occupancy } = room;
  const kept: Demand[] = [];
  for (const other of rooms.nominatedOn(node.metadata.name))
    if (keepsRoomFrom(other, pod)) kept.push(demandOf(other.spec));
  for (const demand of kept) occupancy.take(demand);
  const obstacles = obstaclesOnNode(pod.spec, wishes, node, occupancy);
  for (const demand of kept) occupancy.give(demand);
  return obstacles;
}

const taintWords = ({ key, value }: Taint): string =>
  `node(s) had untolerated taint {${key}: ${value ?? ""}}`;

/** Upstream's words for an obstacle, on which tools and people's searches depend. */
function reasonOf(obstacle: Obstacle): string {
  switch (obstacle.is) {
    case "other-node":
      return "node(s) didn't match the requested node name";
    case "label":
    case "affinity":
      return "node(s) didn't match Pod's node affinity/selector";
    case "taint":
      return taintWords(obstacle.taint);
    case "cordoned":
      return "node(s) were unschedulable";
    case "port-taken":
      return "node(s) didn't have free ports for the requested pod ports";
    case "too-many-pods":
      return "Too many pods";
    case "short-of":
      break;
  }
  return `Insufficient ${obstacle.resource}`;
}

const isRoom = ({ is }: Obstacle): boolean => is === "short-of" || is === "too-many-pods";

/** A node is counted under the first filter that refused it; shortages of room are told one by one. */
function count(reasons: Map<string, number>, obstacles: readonly Obstacle[]): void {
  const [first] = obstacles;
  const counted = first === undefined || isRoom(first) ? obstacles : [first];
  for (const reason of new Set(counted.map(reasonOf))) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
}

function refusal(nodes: number, reasons: ReadonlyMap<string, number>): string {
  if (nodes === 0) return "no nodes available to schedule pods";
  const told = [...reasons].map(([reason, count]) => `${count} ${reason}`).sort();
  return `0/${nodes} nodes are available: ${told.join(", ")}.`;
}

/** 0 to 100 for each of: room left after the pod, preferred affinity, soft taints. */
function scoreOf(pod: Pod, room: NodeRoom, preferenceMax: number): number {
  const { amounts } = demandOf(pod.spec);
  const allocatable = allocatableOf(room.node);
  let free = 0;
  for (const resource of ["cpu", "memory"]) {
    const whole = allocatable.get(resource) ?? 0;
    const left = whole - room.occupancy.takenOf(resource) - (amounts.get(resource) ?? 0);
    free += whole === 0 ? 0 : (50 * Math.max(0, left)) / whole;
  }
  const preference = preferenceMax === 0 ? 0 : (100 * preferenceOf(pod.spec, room.node)) / preferenceMax;
  const soft = (room.node.spec?.taints ?? []).filter(
    (taint) =>
      taint.effect === "PreferNoSchedule" &&
      !(pod.spec?.tolerations ?? []).some((toleration) => tolerates(toleration, taint)),
  ).length;
  return free + 2 * preference - 300 * soft;
}

/** The best of those that fit; `draw` decides between equals. */
function bestOf(pod: Pod, fitting: readonly NodeRoom[], draw: (below: number) => number): string {
  const preferenceMax = Math.max(0, ...fitting.map(({ node }) => preferenceOf(pod.spec, node)));
  let best: NodeRoom[] = [];
  let bestScore = -Infinity;
  for (const room of fitting) {
    const score = scoreOf(pod, room, preferenceMax);
    if (score > bestScore) [best, bestScore] = [[room], score];
    else if (score === bestScore) best.push(room);
  }
  return best[best.length > 1 ? draw(best.length) : 0]?.node.metadata.name ?? "";
}

/**
 * Chooses a node. A pod whose required affinity names its nodes, as a daemon pod's does, costs a look at those alone, however large
 * the cluster.
 */
export function planBinding(pod: Pod, rooms: Rooms, draw: (below: number) => number): BindingPlan {
  const wishes = nodeWishesOf(pod.spec);
  const named = namedNodes(wishes);
  const asked = named === undefined ? rooms.all() : roomsNamed(rooms, named);
  const reasons = new Map<string, number>();
  const fitting: NodeRoom[] = [];
  let looked = 0;
  for (const room of asked) {
    looked += 1;
    const obstacles = obstaclesIn(pod, wishes, room, rooms);
    if (obstacles.length === 0) fitting.push(room);
    else count(reasons, obstacles);
  }
  const [only] = fitting;
  if (only !== undefined)
    return { do: "bind", node: fitting.length === 1 ? only.node.metadata.name : bestOf(pod, fitting, draw) };
  const passedOver = rooms.size - looked;
  const unmatched = reasonOf({ is: "affinity", unmet: [] });
  if (passedOver > 0) reasons.set(unmatched, (reasons.get(unmatched) ?? 0) + passedOver);
  return {
    do: "wait",
    message: refusal(rooms.size, reasons),
    ...(named === undefined ? {} : { hopes: named }),
  };
}

function roomsNamed(rooms: Rooms, names: ReadonlySet<string>): NodeRoom[] {
  const found: NodeRoom[] = [];
  for (const name of names) {
    const room = rooms.get(name);
    if (room !== undefined) found.push(room);
  }
  return found;
}
