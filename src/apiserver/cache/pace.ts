// Owns how often watchers are woken: after a change that many were told of, further ones gather while telling it is paid off.
import type { Millis } from "../../lib/units.ts";
import type { Clock } from "../../world/clock.ts";

/** About what telling one more watcher costs: a TLS record and a system call, however many events are in it. */
const costOfOne: Millis = 0.02;
const restMin: Millis = 1;
const restMax: Millis = 10;

/**
 * A few watchers are woken at once, always. Of many, each then gets in one write what came while the last telling went on and
 * for as long again: no more than half of the time goes into it, and no event waits longer than `restMax` for others.
 */
export class Pace {
  private readonly clock: Clock;
  private waiting: (() => void)[] = [];
  private isResting = false;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** A change was told to so many watchers, whose `wake`s came before. */
  told(count: number): void {
    const rest = Math.min(count * costOfOne, restMax);
    if (this.isResting || rest < restMin) return;
    this.isResting = true;
    // The rest begins once the writes are made, which come before any timer.
    this.clock.after(0, () => this.clock.after(rest, () => this.goOn()));
  }

  wake(act: () => void): void {
    if (this.isResting) this.waiting.push(act);
    else act();
  }

  private goOn(): void {
    this.isResting = false;
    const waiting = this.waiting;
    this.waiting = [];
    for (const act of waiting) act();
    this.told(waiting.length);
  }
}
