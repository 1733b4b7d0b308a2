// Owns what the scheduler believes each node holds: pods observed there and pods it has sent there itself.
import type { Node, Pod } from "../model/generated/types.ts";
import { Occupancy, demandOf, takesRoom } from "../model/placement.ts";
import type { NodeRoom } from "./plan-binding.ts";

interface Booking {
  readonly node: string;
  readonly pod: Pod;
  readonly is: "assumed" | "observed";
}

const nobody: readonly Pod[] = [];

/** Kept by every change as it is told, so that asking costs nothing. */
export class ClusterLedger {
  private readonly rooms = new Map<string, NodeRoom>();
  /** Also of nodes not known (yet): pods may be heard of before their node. */
  private readonly occupancies = new Map<string, Occupancy>();
  /** By pod UID. */
  private readonly bookings = new Map<string, Booking>();
  private readonly uidsOn = new Map<string, Set<string>>();
  /** Pods that others were ended for, by the node on which: their room is kept from lesser pods. */
  private readonly nominations = new Map<string, Map<string, Pod>>();
  private readonly nominatedTo = new Map<string, string>();

  get size(): number {
    return this.rooms.size;
  }

  get(node: string): NodeRoom | undefined {
    return this.rooms.get(node);
  }

  all(): Iterable<NodeRoom> {
    return this.rooms.values();
  }

  /** Pods bound to a node or on their way to it. */
  *podsOn(node: string): Generator<Pod> {
    for (const uid of this.uidsOn.get(node) ?? []) {
      const booking = this.bookings.get(uid);
      if (booking !== undefined) yield booking.pod;
    }
  }

  /** Where room is kept for a pod. */
  nominationOf(pod: Pod): string | undefined {
    return this.nominatedTo.get(pod.metadata.uid);
  }

  nominatedOn(node: string): Iterable<Pod> {
    return this.nominations.get(node)?.values() ?? nobody;
  }

  /** Keeps room on a node for a pod, until it is bound or gone. */
  nominate(pod: Pod, node: string): void {
    const { uid } = pod.metadata;
    if (this.nominatedTo.get(uid) !== node) this.dropNomination(uid);
    this.nominatedTo.set(uid, node);
    const there = this.nominations.get(node);
    if (there === undefined) this.nominations.set(node, new Map([[uid, pod]]));
    else there.set(uid, pod);
  }

  private dropNomination(uid: string): void {
    const node = this.nominatedTo.get(uid);
    if (node === undefined) return;
    this.nominatedTo.delete(uid);
    const there = this.nominations.get(node);
    there?.delete(uid);
    if (there?.size === 0) this.nominations.delete(node);
  }

  setNode(node: Node): void {
    this.rooms.set(node.metadata.name, { node, occupancy: this.occupancyOn(node.metadata.name) });
  }

  removeNode(name: string): void {
    this.rooms.delete(name);
    if (this.occupancies.get(name)?.pods === 0) this.occupancies.delete(name);
    for (const uid of this.nominations.get(name)?.keys() ?? []) this.dropNomination(uid);
  }

  /** Takes in a pod as the server has it: where it is bound, it is booked there and nowhere else. */
  observe(pod: Pod): void {
    const node = pod.spec?.nodeName ?? "";
    const booking = this.bookings.get(pod.metadata.uid);
    const nominated = pod.status?.nominatedNodeName ?? "";
    if (node !== "" || !takesRoom(pod)) this.dropNomination(pod.metadata.uid);
    else if (nominated !== "") this.nominate(pod, nominated);
    if (node === "") {
      // A pod not bound yet may be on its way all the same; once it ended it is not.
      if (booking !== undefined && !takesRoom(pod)) this.release(pod.metadata.uid);
      return;
    }
    const same = booking?.is === "observed" && booking.node === node && booking.pod.spec === pod.spec;
    if (same && takesRoom(pod)) {
      // The room is as it was; who is on the way out is not.
      this.bookings.set(pod.metadata.uid, { ...booking, pod });
      return;
    }
    this.release(pod.metadata.uid);
    if (takesRoom(pod)) this.book({ node, pod, is: "observed" });
  }

  /** Books a pod on the node it is being sent to, before the server confirms it. */
  assume(pod: Pod, node: string): void {
    this.release(pod.metadata.uid);
    this.book({ node, pod, is: "assumed" });
  }

  /** The binding came to nothing. What was observed meanwhile stays. */
  forget(pod: Pod): void {
    if (this.bookings.get(pod.metadata.uid)?.is === "assumed") this.release(pod.metadata.uid);
  }

  /** Whether a pod is booked, on its way or there. */
  holds(pod: Pod): boolean {
    return this.bookings.has(pod.metadata.uid);
  }

  remove(pod: Pod): void {
    this.dropNomination(pod.metadata.uid);
    this.release(pod.metadata.uid);
  }

  private occupancyOn(node: string): Occupancy {
    let occupancy = this.occupancies.get(node);
    if (occupancy === undefined) this.occupancies.set(node, (occupancy = new Occupancy()));
    return occupancy;
  }

  private book(booking: Booking): void {
    this.bookings.set(booking.pod.metadata.uid, booking);
    const uids = this.uidsOn.get(booking.node);
    if (uids === undefined) this.uidsOn.set(booking.node, new Set([booking.pod.metadata.uid]));
    else uids.add(booking.pod.metadata.uid);
    this.occupancyOn(booking.node).take(demandOf(booking.pod.spec));
  }

  private release(uid: string): void {
    const booking = this.bookings.get(uid);
    if (booking === undefined) return;
    this.bookings.delete(uid);
    const uids = this.uidsOn.get(booking.node);
    uids?.delete(uid);
    if (uids?.size === 0) this.uidsOn.delete(booking.node);
    const occupancy = this.occupancyOn(booking.node);
    occupancy.give(demandOf(booking.pod.spec));
    if (occupancy.pods === 0 && !this.rooms.has(booking.node)) this.occupancies.delete(booking.node);
  }
}
