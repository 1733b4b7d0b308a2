// Owns which leases live until when and which keys hang on them. What it decides, the store writes.
import type { Millis, Instant } from "../lib/units.ts";
import type { Clock } from "../world/clock.ts";
import type { LeaseTerms } from "./journal.ts";
import type { Key, LeaseId } from "./store.ts";

interface Lease {
  readonly id: LeaseId;
  readonly timeToLive: Millis;
  deadline: Instant;
  readonly keys: Set<Key>;
}

export class LeaseBook {
  private readonly clock: Clock;
  private readonly expired: (id: LeaseId) => void;
  private readonly leases = new Map<LeaseId, Lease>();
  private timer: { readonly due: Instant; readonly cancel: () => void } | undefined;

  /** `expired` is called once for each lease that ran out; it stays in the book until `remove`. */
  constructor(clock: Clock, expired: (id: LeaseId) => void) {
    this.clock = clock;
    this.expired = expired;
  }

  add(terms: LeaseTerms): void {
    const deadline = this.clock.now() + terms.timeToLive;
    this.leases.set(terms.id, { ...terms, deadline, keys: new Set() });
    if (this.timer === undefined || deadline < this.timer.due) this.arm(deadline);
  }

  has(id: LeaseId): boolean {
    return this.leases.has(id);
  }

  keepAlive(id: LeaseId): "alive" | "absent" {
    const lease = this.leases.get(id);
    if (lease === undefined) return "absent";
    // The timer stays: when it fires it finds the new deadline.
    lease.deadline = this.clock.now() + lease.timeToLive;
    return "alive";
  }

  /** The key now hangs on the one lease and no longer on the other. */
  move(key: Key, from: LeaseId | undefined, to: LeaseId | undefined): void {
    if (from === to) return;
    if (from !== undefined) this.leases.get(from)?.keys.delete(key);
    if (to !== undefined) this.leases.get(to)?.keys.add(key);
  }

  /** How long it lives, where it is in the book. */
  timeToLive(id: LeaseId): Millis | undefined {
    return this.leases.get(id)?.timeToLive;
  }

  /** Takes the lease out of the book and says which keys hung on it. */
  remove(id: LeaseId): readonly Key[] | "absent" {
    const lease = this.leases.get(id);
    if (lease === undefined) return "absent";
    this.leases.delete(id);
    return [...lease.keys];
  }

  stop(): void {
    this.timer?.cancel();
    this.timer = undefined;
  }

  private arm(due: Instant): void {
    this.timer?.cancel();
    this.timer = { due, cancel: this.clock.after(due - this.clock.now(), () => this.look()) };
  }

  private look(): void {
    this.timer = undefined;
    const now = this.clock.now();
    for (const lease of this.leases.values()) if (lease.deadline <= now) this.expired(lease.id);
    let next = Infinity;
    for (const lease of this.leases.values()) if (lease.deadline > now) next = Math.min(next, lease.deadline);
    if (next < Infinity) this.arm(next);
  }
}
