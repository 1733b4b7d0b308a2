// Owns simulated time: it moves only when it is told to, and timers fire in order of their due time.
import type { Instant, Millis } from "../lib/units.ts";
import type { Clock } from "./clock.ts";
import { TimerHeap } from "./timer-heap.ts";

/** Deterministic clock: timers due at the same instant fire in the order they were set. */
export class VirtualClock implements Clock {
  private instant: Instant;
  private readonly timers = new TimerHeap();

  constructor(start: Instant = Date.UTC(2026, 0, 1)) {
    this.instant = start;
  }

  now(): Instant {
    return this.instant;
  }

  after(delay: Millis, act: () => void): () => void {
    return this.timers.add(this.instant + Math.max(0, delay), act);
  }

  /** When the next timer is due, or nothing where none is set. */
  nextDue(): Instant | undefined {
    return this.timers.first()?.due;
  }

  /** Fires the next timer if it is due by then, moving time to it; whether there was one. */
  fireNext(end: Instant): boolean {
    const due = this.timers.first()?.due;
    if (due === undefined || due > end) return false;
    const act = this.timers.take();
    this.instant = Math.max(this.instant, due);
    act?.();
    return true;
  }

  /** Moves time forward, firing what falls due; what those timers do synchronously is seen by later ones. */
  advance(by: Millis): void {
    const end = this.instant + by;
    while (this.fireNext(end));
    this.instant = end;
  }

  /** As `advance`, letting promises settle after each timer. */
  async advanceAsync(by: Millis): Promise<void> {
    const end = this.instant + by;
    await settle();
    while (this.fireNext(end)) await settle();
    this.instant = end;
    await settle();
  }
}

/** Lets every promise that can settle without I/O do so. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
