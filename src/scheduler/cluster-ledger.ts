// Owns what the scheduler believes each node holds: pods observed there and pods it has sent there itself.
import type { Node, Pod } from "../model/generated/types.ts";
import { Occupancy, demandOf, takesRoom } from "../model/placement.ts";
import type { NodeRoom } from "./plan-binding.ts";

interface Booking {
  readonly node: string;
  readonly pod: Pod;
  readonly is: "assumed" | "observed";
}

/** Kept by every change as it is told, so that asking costs nothing. */
export class ClusterLedger {
  private readonly rooms = new Map<string, NodeRoom>();
  /** Also of nodes not known (yet): pods may be heard of before their node. */
  private readonly occupancies = new Map<string, Occupancy>();
  /** By pod UID. */
  private readonly bookings = new Map<string, Booking>();

  get size(): number {
    return this.rooms.size;
  }

  get(node: string): NodeRoom | undefined {
    return this.rooms.get(node);
  }

  all(): Iterable<NodeRoom> {
    return this.rooms.values();
  }

  setNode(node: Node): void {
    this.rooms.set(node.metadata.name, { node, occupancy: this.occupancyOn(node.metadata.name) });
  }

  removeNode(name: string): void {
    this.rooms.delete(name);
    if (this.occupancies.get(name)?.pods === 0) this.occupancies.delete(name);
  }

  /** Takes in a pod as the server has it: where it is bound, it is booked there and nowhere else. */
  observe(pod: Pod): void {
    const node = pod.spec?.nodeName ?? "";
    const booking = this.bookings.get(pod.metadata.uid);
    if (node === "") {
      // A pod not bound yet may be on its way all the same; once it ended it is not.
      if (booking !== undefined && !takesRoom(pod)) this.release(pod.metadata.uid);
      return;
    }
    const same = booking?.is === "observed" && booking.node === node && booking.pod.spec === pod.spec;
    if (same && takesRoom(pod)) return;
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
    this.release(pod.metadata.uid);
  }

  private occupancyOn(node: string): Occupancy {
    let occupancy = this.occupancies.get(node);
    if (occupancy === undefined) this.occupancies.set(node, (occupancy = new Occupancy()));
    return occupancy;
  }

  private book(booking: Booking): void {
    this.bookings.set(booking.pod.metadata.uid, booking);
    this.occupancyOn(booking.node).take(demandOf(booking.pod.spec));
  }

  private release(uid: string): void {
    const booking = this.bookings.get(uid);
    if (booking === undefined) return;
    this.bookings.delete(uid);
    const occupancy = this.occupancyOn(booking.node);
    occupancy.give(demandOf(booking.pod.spec));
    if (occupancy.pods === 0 && !this.rooms.has(booking.node)) this.occupancies.delete(booking.node);
  }
}
