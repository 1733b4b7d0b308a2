// Owns the seats of one level: who sits, who waits, and that every flow has its turn before any has a second one.

export interface FairQueueOptions {
  /** How many requests are worked on at once. */
  readonly seats: number;
  /** How many of one flow may wait. */
  readonly waitingMax: number;
  /** How many may wait in all. */
  readonly waitingAllMax: number;
}

export interface Waiting {
  /** Takes the request out of the queue, if it is still there. */
  leave(): void;
}

interface Waiter {
  readonly flow: string;
  readonly seated: () => void;
  hasLeft: boolean;
}

/** First come, first served within a flow; of the flows that wait, one request each in turn. */
export class FairQueue {
  private readonly options: FairQueueOptions;
  /** In the order of their turns. */
  private readonly flows = new Map<string, Waiter[]>();
  private taken = 0;
  private waiting = 0;

  constructor(options: FairQueueOptions) {
    this.options = options;
  }

  get seated(): number {
    return this.taken;
  }
  get queued(): number {
    return this.waiting;
  }

  /** A seat at once, a place among those who wait, or neither. Whoever sat calls `release`, once. */
  enter(flow: string, seated: () => void): "seated" | "full" | Waiting {
    const { seats, waitingMax, waitingAllMax } = this.options;
    if (this.taken < seats) {
      this.taken += 1;
      return "seated";
    }
    const queue = this.flows.get(flow) ?? [];
    if (queue.length >= waitingMax || this.waiting >= waitingAllMax) return "full";
    const waiter: Waiter = { flow, seated, hasLeft: false };
    if (queue.length === 0) this.flows.set(flow, queue);
    queue.push(waiter);
    this.waiting += 1;
    return { leave: () => this.drop(waiter) };
  }

  release(): void {
    const next = this.next();
    if (next === undefined) this.taken -= 1;
    else next.seated();
  }

  private next(): Waiter | undefined {
    for (const [flow, queue] of this.flows) {
      this.flows.delete(flow);
      const waiter = queue.shift();
      // To the end of the line of flows.
      if (queue.length > 0) this.flows.set(flow, queue);
      if (waiter === undefined) continue;
      this.waiting -= 1;
      waiter.hasLeft = true;
      return waiter;
    }
    return undefined;
  }

  private drop(waiter: Waiter): void {
    if (waiter.hasLeft) return;
    waiter.hasLeft = true;
    this.waiting -= 1;
    const queue = this.flows.get(waiter.flow);
    if (queue === undefined) return;
    queue.splice(queue.indexOf(waiter), 1);
    if (queue.length === 0) this.flows.delete(waiter.flow);
  }
}
