// Owns the queue of keys that wait for work.
import { Line } from "../lib/line.ts";
import type { Instant, Millis } from "../lib/units.ts";
import { seconds } from "../lib/units.ts";
import type { Clock } from "../world/clock.ts";
import { wordsOf, type Log } from "../world/log.ts";
import type { Random } from "../world/random.ts";
import type { WorkQueue } from "./client.ts";

export interface WorkQueueOptions {
  readonly clock: Clock;
  /** With it, back-off delays are spread upwards by up to a tenth. */
  readonly random?: Random;
  readonly log?: Log;
  readonly backoffBase?: Millis;
  readonly backoffMax?: Millis;
}

type Work = (key: string) => Promise<void>;

/** A queue whose keys wait at most once, are never worked on twice at a time, and back off one by one. */
export function createWorkQueue(options: WorkQueueOptions): WorkQueue {
  return new KeyQueue(options);
}

class KeyQueue implements WorkQueue {
  private readonly options: WorkQueueOptions;
  /** In the order they came; a key being worked on waits in `again` instead. */
  private readonly waiting = new Line();
  private readonly working = new Set<string>();
  private readonly again = new Set<string>();
  private readonly failures = new Map<string, number>();
  private readonly timers = new Map<string, { readonly due: Instant; readonly cancel: () => void }>();
  private runner: { readonly workers: number; readonly work: Work; readonly idle: () => void } | undefined;

  constructor(options: WorkQueueOptions) {
    this.options = options;
  }

  get length(): number {
    return this.waiting.size + this.again.size;
  }

  add(key: string): void {
    if (this.working.has(key)) this.again.add(key);
    else this.waiting.add(key);
    this.pump();
  }

  addAfter(key: string, delay: Millis): void {
    if (delay <= 0) return this.add(key);
    const due = this.options.clock.now() + delay;
    const earlier = this.timers.get(key);
    if (earlier !== undefined && earlier.due <= due) return;
    earlier?.cancel();
    const cancel = this.options.clock.after(delay, () => {
      this.timers.delete(key);
      this.add(key);
    });
    this.timers.set(key, { due, cancel });
  }

  addLimited(key: string): void {
    const before = this.failures.get(key) ?? 0;
    this.failures.set(key, before + 1);
    const { backoffBase = 5, backoffMax = seconds(1000), random } = this.options;
    const delay = Math.min(backoffMax, backoffBase * 2 ** Math.min(before, 40));
    this.addAfter(key, random === undefined ? delay : delay + (delay / 10) * (random.int(1000) / 1000));
  }

  forget(key: string): void {
    this.failures.delete(key);
  }

  run(workers: number, work: Work, signal: AbortSignal): Promise<void> {
    if (this.runner !== undefined) throw new Error("cannot run the work queue: it is running already");
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const stop = () => {
        for (const { cancel } of this.timers.values()) cancel();
        this.timers.clear();
        this.runner = { workers: 0, work, idle: resolve };
        if (this.working.size === 0) resolve();
      };
      this.runner = { workers, work, idle: () => undefined };
      signal.addEventListener("abort", stop, { once: true });
      this.pump();
    });
  }

  private pump(): void {
    const runner = this.runner;
    if (runner === undefined) return;
    while (this.working.size < runner.workers) {
      const key = this.waiting.take();
      if (key === undefined) return;
      this.working.add(key);
      void this.work(key, runner.work);
    }
  }

  private async work(key: string, work: Work): Promise<void> {
    try {
      await work(key);
    } catch (thrown) {
      this.options.log?.warn("work failed; trying again", { key, error: wordsOf(thrown) });
      this.addLimited(key);
    }
    this.working.delete(key);
    if (this.again.delete(key)) this.waiting.add(key);
    if (this.working.size === 0) this.runner?.idle();
    this.pump();
  }
}
