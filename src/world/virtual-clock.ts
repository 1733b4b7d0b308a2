// Owns simulated time: it moves only when it is told to, and timers fire in order of their due time.
import type { Instant, Millis } from "../lib/units.ts";
import type { Clock } from "./clock.ts";

interface Timer {
  readonly due: Instant;
  readonly order: number;
  readonly act: () => void;
}

/** Deterministic clock: timers due at the same instant fire in the order they were set. */
export class VirtualClock implements Clock {
  private instant: Instant;
  private order = 0;
  private readonly timers = new Set<Timer>();

  constructor(start: Instant = Date.UTC(2026, 0, 1)) {
    this.instant = start;
  }

  now(): Instant {
    return this.instant;
  }

  after(delay: Millis, act: () => void): () => void {
    const timer: Timer = { due: this.instant + Math.max(0, delay), order: this.order++, act };
    this.timers.add(timer);
    return () => this.timers.delete(timer);
  }

  /** When the next timer is due, or nothing where none is set. */
  nextDue(): Instant | undefined {
    return this.next()?.due;
  }

  /** Moves time forward, firing what falls due; what those timers do synchronously is seen by later ones. */
  advance(by: Millis): void {
    const end = this.instant + by;
    for (let timer = this.next(); timer !== undefined && timer.due <= end; timer = this.next()) {
      this.timers.delete(timer);
      this.instant = Math.max(this.instant, timer.due);
      timer.act();
    }
    this.instant = end;
  }

  /** As `advance`, letting promises settle after each timer. */
  async advanceAsync(by: Millis): Promise<void> {
    const end = this.instant + by;
    await settle();
    for (let timer = this.next(); timer !== undefined && timer.due <= end; timer = this.next()) {
      this.timers.delete(timer);
      this.instant = Math.max(this.instant, timer.due);
      timer.act();
      await settle();
    }
    this.instant = end;
    await settle();
  }

  private next(): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.timers)
      if (
        first === undefined ||
        timer.due < first.due ||
        (timer.due === first.due && timer.order < first.order)
      )
        first = timer;
    return first;
  }
}

/** Lets every promise that can settle without I/O do so. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
