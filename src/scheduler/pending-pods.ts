// Owns the order in which pods are scheduled: by priority, then as they came; what no node would take waits for a change.
import { Line } from "../lib/line.ts";
import { seconds, type Instant } from "../lib/units.ts";
import type { Clock } from "../world/clock.ts";

interface Parked {
  /** Nodes a change of which may help; absent: any. */
  readonly hopes: ReadonlySet<string> | undefined;
  readonly notBefore: Instant;
  readonly priority: number;
}

const delayFirst = seconds(1);
const delayMax = seconds(10);

/** Pods by key. A parked pod is tried again when something changes for it, and never sooner than its back-off. */
export class PendingPods {
  private readonly clock: Clock;
  private readonly onReady: () => void;
  private readonly ready = new Map<number, Line>();
  private readonly priorities: number[] = [];
  private readonly parked = new Map<string, Parked>();
  private readonly parkedAnywhere = new Set<string>();
  private readonly parkedByNode = new Map<string, Set<string>>();
  private readonly attempts = new Map<string, number>();
  private readonly timers = new Map<string, () => void>();

  constructor(clock: Clock, onReady: () => void) {
    this.clock = clock;
    this.onReady = onReady;
  }

  /** A pod to be scheduled now: a new one, or one that was changed. */
  add(key: string, priority: number): void {
    this.unpark(key);
    let keys = this.ready.get(priority);
    if (keys === undefined) {
      this.ready.set(priority, (keys = new Line()));
      this.priorities.push(priority);
      this.priorities.sort((left, right) => right - left);
    }
    keys.add(key);
    this.onReady();
  }

  /** The next pod, or nothing. */
  take(): string | undefined {
    for (const priority of this.priorities) {
      const key = this.ready.get(priority)?.take();
      if (key !== undefined) return key;
    }
    return undefined;
  }

  /** No node would take it: wait for one of the nodes hoped for, or any, to change. */
  park(key: string, priority: number, hopes?: ReadonlySet<string>): void {
    const attempt = (this.attempts.get(key) ?? 0) + 1;
    this.attempts.set(key, attempt);
    const delay = Math.min(delayFirst * 2 ** Math.min(attempt - 1, 10), delayMax);
    this.parked.set(key, { hopes, notBefore: this.clock.now() + delay, priority });
    if (hopes === undefined) this.parkedAnywhere.add(key);
    for (const node of hopes ?? []) {
      const keys = this.parkedByNode.get(node);
      if (keys === undefined) this.parkedByNode.set(node, new Set([key]));
      else keys.add(key);
    }
  }

  /** As `park`, to be tried again after the back-off whether or not anything changes. */
  retry(key: string, priority: number): void {
    this.park(key, priority);
    this.wakeKey(key);
  }

  /** Something on a node changed for the better. */
  wake(node: string): void {
    // A list of its own: a pod that is tried in vain right away is parked again while we go through it.
    const waiting = [...(this.parkedByNode.get(node) ?? []), ...this.parkedAnywhere];
    for (const key of waiting) this.wakeKey(key);
  }

  /** The pod is gone or bound. */
  remove(key: string): void {
    this.unpark(key);
    this.attempts.delete(key);
    for (const keys of this.ready.values()) keys.delete(key);
  }

  stop(): void {
    for (const cancel of this.timers.values()) cancel();
    this.timers.clear();
  }

  private wakeKey(key: string): void {
    const parked = this.parked.get(key);
    if (parked === undefined || this.timers.has(key)) return;
    const rest = parked.notBefore - this.clock.now();
    if (rest <= 0) return this.add(key, parked.priority);
    this.timers.set(
      key,
      this.clock.after(rest, () => this.add(key, parked.priority)),
    );
  }

  private unpark(key: string): void {
    this.timers.get(key)?.();
    this.timers.delete(key);
    const parked = this.parked.get(key);
    if (parked === undefined) return;
    this.parked.delete(key);
    this.parkedAnywhere.delete(key);
    for (const node of parked.hopes ?? []) {
      const keys = this.parkedByNode.get(node);
      keys?.delete(key);
      if (keys?.size === 0) this.parkedByNode.delete(node);
    }
  }
}
