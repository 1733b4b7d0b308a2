// Owns timers in order of their due time, and of their setting where that is the same: thousands of them cost little.
import type { Instant } from "../lib/units.ts";

export interface Timer {
  readonly due: Instant;
  readonly order: number;
  /** Absent once cancelled. */
  act: (() => void) | undefined;
}

const isBefore = (one: Timer, other: Timer): boolean =>
  one.due < other.due || (one.due === other.due && one.order < other.order);

// Below this, cancelled timers are not worth clearing out.
const clutterMin = 64;

export class TimerHeap {
  private heap: Timer[] = [];
  private order = 0;
  private cancelled = 0;

  /** The returned function cancels it. */
  add(due: Instant, act: () => void): () => void {
    const timer: Timer = { due, order: this.order++, act };
    this.heap.push(timer);
    this.rise(this.heap.length - 1);
    return () => {
      if (timer.act === undefined) return;
      timer.act = undefined;
      this.cancelled++;
      if (this.cancelled > clutterMin && this.cancelled > this.heap.length / 2) this.clear();
    };
  }

  first(): Timer | undefined {
    while (this.heap[0] !== undefined && this.heap[0].act === undefined) {
      this.cancelled--;
      this.pop();
    }
    return this.heap[0];
  }

  /** Takes the first out and gives what it does; cancelling it afterwards does nothing. */
  take(): (() => void) | undefined {
    const timer = this.first();
    if (timer === undefined) return undefined;
    const { act } = timer;
    this.pop();
    // The holder's cancel must not count a timer that is no longer here.
    timer.act = undefined;
    return act;
  }

  private pop(): void {
    const last = this.heap.pop();
    if (last === undefined || this.heap.length === 0) return;
    this.heap[0] = last;
    this.sink(0);
  }

  private clear(): void {
    this.heap = this.heap.filter(({ act }) => act !== undefined);
    this.cancelled = 0;
    for (let at = (this.heap.length >> 1) - 1; at >= 0; at--) this.sink(at);
  }

  private rise(from: number): void {
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.swapIfBefore(at, parent)) return;
      at = parent;
    }
  }

  private sink(from: number): void {
    let at = from;
    for (;;) {
      let least = at;
      for (const child of [2 * at + 1, 2 * at + 2]) {
        const [one, other] = [this.heap[child], this.heap[least]];
        if (one !== undefined && other !== undefined && isBefore(one, other)) least = child;
      }
      if (least === at || !this.swapIfBefore(least, at)) return;
      at = least;
    }
  }

  private swapIfBefore(at: number, other: number): boolean {
    const [one, two] = [this.heap[at], this.heap[other]];
    if (one === undefined || two === undefined || !isBefore(one, two)) return false;
    this.heap[at] = two;
    this.heap[other] = one;
    return true;
  }
}
