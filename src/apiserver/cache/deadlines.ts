// Owns many timers of second's accuracy on few timers of the clock: thousands of watches each have two.
import type { Instant } from "../../lib/units.ts";
import type { Clock } from "../../world/clock.ts";

const grain = 1000;

export class Deadlines {
  private readonly clock: Clock;
  private readonly due = new Map<Instant, { readonly acts: Set<() => void>; readonly cancel: () => void }>();

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** Acts at the first whole second not before the instant. The returned function prevents it. */
  at(instant: Instant, act: () => void): () => void {
    const second = Math.ceil(instant / grain) * grain;
    const slot = this.due.get(second) ?? this.open(second);
    // Wrapped, so that the same function may wait twice.
    const once = () => act();
    slot.acts.add(once);
    return () => {
      slot.acts.delete(once);
      if (slot.acts.size === 0 && this.due.get(second) === slot) {
        slot.cancel();
        this.due.delete(second);
      }
    };
  }

  private open(second: Instant) {
    const acts = new Set<() => void>();
    const cancel = this.clock.after(second - this.clock.now(), () => {
      this.due.delete(second);
      for (const act of acts) act();
    });
    const slot = { acts, cancel };
    this.due.set(second, slot);
    return slot;
  }
}
