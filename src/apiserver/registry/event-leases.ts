// Owns how long events live: an hour, by leases of the store that many events share.
import { minutes, type Instant, type Millis } from "../../lib/units.ts";
import type { LeaseId, Store } from "../../store/store.ts";
import type { Clock } from "../../world/clock.ts";

const timeToLive: Millis = minutes(60);
// One lease serves the events of a minute, and no more than this many, so that their end is no burst.
const sharedFor: Millis = minutes(1);
const sharedMax = 1000;

export class EventLeases {
  private readonly store: Store;
  private readonly clock: Clock;
  private current: { readonly lease: Promise<LeaseId>; readonly granted: Instant; used: number } | undefined;

  constructor(store: Store, clock: Clock) {
    this.store = store;
    this.clock = clock;
  }

  /** A lease under which an event lives at least an hour from now. */
  async lease(): Promise<LeaseId> {
    const now = this.clock.now();
    const { current } = this;
    if (current !== undefined && now - current.granted < sharedFor && current.used < sharedMax) {
      current.used += 1;
      return current.lease;
    }
    const lease = this.store.grant(timeToLive + sharedFor);
    this.current = { lease, granted: now, used: 1 };
    lease.catch(() => (this.current = undefined));
    return lease;
  }
}
