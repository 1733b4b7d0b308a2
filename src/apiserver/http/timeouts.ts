// Owns ending what takes too long, on one timer of the clock for all that is under way: thousands begin and end each second.
import type { Instant, Millis } from "../../lib/units.ts";
import type { Clock } from "../../world/clock.ts";

interface Pending {
  readonly due: Instant;
  readonly end: () => void;
}

/** So long a timer may be left that nobody waits for: most are done before the next begins, and setting one for each costs. */
const idleMax: Millis = 1000;

export class Timeouts {
  private readonly clock: Clock;
  private readonly patience: Millis;
  /** In the order in which they fall due. */
  private readonly pending = new Set<Pending>();
  private isArmed = false;

  constructor(clock: Clock, patience: Millis) {
    this.clock = clock;
    this.patience = patience;
  }

  /** Ends it once it took too long, unless the returned function says before that it is done. */
  begin(end: () => void): () => void {
    const one = { due: this.clock.now() + this.patience, end };
    this.pending.add(one);
    if (!this.isArmed) this.arm(this.patience);
    return () => this.pending.delete(one);
  }

  private arm(left: Millis): void {
    this.isArmed = true;
    this.clock.after(Math.min(left, idleMax), () => this.sweep());
  }

  private sweep(): void {
    this.isArmed = false;
    const now = this.clock.now();
    for (const one of this.pending) {
      if (one.due > now) return this.arm(one.due - now);
      this.pending.delete(one);
      one.end();
    }
  }
}
