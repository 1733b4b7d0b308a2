// Owns ending what takes too long, on one timer of the clock for all that is under way: thousands begin and end each second.
import type { Instant, Millis } from "../../lib/units.ts";
import type { Clock } from "../../world/clock.ts";

interface Pending {
  readonly due: Instant;
  readonly end: () => void;
}

export class Timeouts {
  private readonly clock: Clock;
  private readonly patience: Millis;
  /** In the order in which they fall due. */
  private readonly pending = new Set<Pending>();
  private cancel: (() => void) | undefined;

  constructor(clock: Clock, patience: Millis) {
    this.clock = clock;
    this.patience = patience;
  }

  /** Ends it once it took too long, unless the returned function says before that it is done. */
  begin(end: () => void): () => void {
    const one = { due: this.clock.now() + this.patience, end };
    this.pending.add(one);
    this.cancel ??= this.clock.after(this.patience, () => this.sweep());
    return () => {
      if (!this.pending.delete(one) || this.pending.size > 0) return;
      this.cancel?.();
      this.cancel = undefined;
    };
  }

  private sweep(): void {
    this.cancel = undefined;
    const now = this.clock.now();
    for (const one of this.pending) {
      if (one.due > now) {
        this.cancel = this.clock.after(one.due - now, () => this.sweep());
        return;
      }
      this.pending.delete(one);
      one.end();
    }
  }
}
