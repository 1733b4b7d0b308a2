// Owns which lesser pods would have to end so that a pod gets its room, and on which node that costs least. Pure.
import type { Pod } from "../model/generated/types.ts";
import {
  demandOf,
  namedNodes,
  nodeWishesOf,
  obstaclesOnNode,
  occupancyOf,
  type NodeWishes,
  type Occupancy,
} from "../model/placement.ts";
import { isMirror } from "../model/pod/mirror.ts";
import { keepsRoomFrom, priorityOf, type NodeRoom, type Rooms } from "./plan-binding.ts";

export type PreemptionPlan =
  /** Nobody is to end: the pod may not ask for it, nothing would help, or room is being made already. */
  | { readonly do: "nothing" }
  | { readonly do: "preempt"; readonly node: string; readonly victims: readonly Pod[] };

/** The pods bound to a node or on their way to it. */
export type PodsOn = (node: string) => Iterable<Pod>;

const nothing: PreemptionPlan = { do: "nothing" };
const isLeaving = ({ metadata }: Pod): boolean => metadata.deletionTimestamp !== undefined;

/** The most important first, then those that came first: the order in which they are spared. */
function spareFirst(left: Pod, right: Pod): number {
  const more = priorityOf(right) - priorityOf(left);
  if (more !== 0) return more;
  const [earlier, later] = [left, right].map(
    ({ status, metadata }) => status?.startTime ?? metadata.creationTimestamp,
  );
  if (earlier !== later) return (earlier ?? "") < (later ?? "") ? -1 : 1;
  return left.metadata.name < right.metadata.name ? -1 : 1;
}

type Offer =
  | { readonly is: "none" }
  /** The room that pods on their way out leave is enough. */
  | { readonly is: "soon" }
  | { readonly is: "victims"; readonly victims: readonly Pod[] };

interface Asking {
  readonly pod: Pod;
  readonly wishes: NodeWishes;
  readonly rooms: Rooms;
  readonly podsOn: PodsOn;
}

/** Who would have to end on one node: as few as possible, the least important and the newest. */
function offerOf({ pod, wishes, rooms, podsOn }: Asking, { node }: NodeRoom): Offer {
  const { name } = node.metadata;
  const staying = [...podsOn(name)].filter((one) => !isLeaving(one));
  for (const other of rooms.nominatedOn(name)) if (keepsRoomFrom(other, pod)) staying.push(other);
  const fits = (occupancy: Occupancy) => obstaclesOnNode(pod.spec, wishes, node, occupancy).length === 0;
  if (fits(occupancyOf(staying))) return { is: "soon" };
  const isLesser = (one: Pod) => priorityOf(one) < priorityOf(pod) && !isMirror(one);
  const lesser = staying.filter(isLesser).sort(spareFirst);
  if (lesser.length === 0) return { is: "none" };
  const occupancy = occupancyOf(staying.filter((one) => !isLesser(one)));
  if (!fits(occupancy)) return { is: "none" };
  const victims: Pod[] = [];
  for (const one of lesser) {
    occupancy.take(demandOf(one.spec));
    if (fits(occupancy)) continue;
    occupancy.give(demandOf(one.spec));
    victims.push(one);
  }
  return { is: "victims", victims };
}

/** What ending these pods costs, the weightiest part first: upstream's order. */
function costOf(victims: readonly Pod[]): readonly number[] {
  const priorities = victims.map(priorityOf);
  return [Math.max(...priorities), priorities.reduce((sum, one) => sum + one, 0), victims.length];
}

function isLess(left: readonly number[], right: readonly number[]): boolean {
  for (const [at, part] of left.entries()) {
    const other = right[at] ?? 0;
    if (part !== other) return part < other;
  }
  return false;
}

/** Decides for a pod that fits nowhere. Looks at the nodes its affinity names, where it names any, and at their pods alone. */
export function planPreemption(pod: Pod, rooms: Rooms, podsOn: PodsOn): PreemptionPlan {
  if (pod.spec?.preemptionPolicy === "Never") return nothing;
  const wishes = nodeWishesOf(pod.spec);
  const named = namedNodes(wishes);
  const asked = named === undefined ? rooms.all() : [...named].flatMap((name) => rooms.get(name) ?? []);
  let best: { node: string; victims: readonly Pod[]; cost: readonly number[] } | undefined;
  for (const room of asked) {
    const node = room.node.metadata.name;
    const offer = offerOf({ pod, wishes, rooms, podsOn }, room);
    if (offer.is === "soon") return nothing;
    if (offer.is === "none") continue;
    const cost = costOf(offer.victims);
    if (best === undefined || isLess(cost, best.cost)) best = { node, victims: offer.victims, cost };
  }
  return best === undefined ? nothing : { do: "preempt", node: best.node, victims: best.victims };
}
