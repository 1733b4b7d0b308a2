// Owns one open watch: what it still has to tell, its bookmarks and its end.
import type { Instant, Millis } from "../../lib/units.ts";
import { minutes } from "../../lib/units.ts";
import type { KubeObject } from "../../model/meta.ts";
import type { Revision } from "../../store/store.ts";
import type { Deadlines } from "./deadlines.ts";
import type { Emission, ObjectChange } from "./emission.ts";
import type { Watching } from "./kind-cache.ts";
import type { Pace } from "./pace.ts";

const bookmarkPeriod: Millis = minutes(1);
const firstBatchMax = 500;

export interface WatcherParts {
  readonly matches: (object: KubeObject) => boolean;
  /** Changes up to this revision are known to the client or among the initial events. */
  readonly after: Revision;
  /** Told first, one batch at a time. */
  readonly initial: Iterator<Emission>;
  /** Makes a bookmark for now, where the client takes them. */
  readonly bookmark: (() => Emission) | undefined;
  readonly backlogMax: number;
  readonly pace: Pace;
}

export class Watcher implements Watching {
  private readonly parts: WatcherParts;
  private pending: Emission[] = [];
  private state: "open" | "draining" | "ended" = "open";
  private wake: (() => void) | undefined;
  private isCalled = false;
  private readonly goOn = (): void => {
    this.isCalled = false;
    this.wake?.();
  };
  private readonly endings: (() => void)[] = [];

  constructor(parts: WatcherParts) {
    this.parts = parts;
  }

  /** Bookmarks each minute, and ends with one at the deadline. */
  schedule(deadlines: Deadlines, now: Instant, end: Instant): void {
    const { bookmark } = this.parts;
    this.onEnd(deadlines.at(end, () => this.drain()));
    if (bookmark === undefined) return;
    let cancel = (): void => undefined;
    const next = (at: Instant): void => {
      cancel = deadlines.at(at, () => {
        this.push(bookmark());
        if (this.state === "open") next(at + bookmarkPeriod);
      });
    };
    next(now + bookmarkPeriod);
    this.onEnd(() => cancel());
  }

  /** Called once the watch has ended, however it came to it. */
  onEnd(act: () => void): void {
    this.endings.push(act);
  }

  offer(change: ObjectChange): boolean {
    if (change.revision <= this.parts.after) return false;
    const emission = change.emissionFor(this.parts.matches);
    if (emission !== undefined) this.push(emission);
    return emission !== undefined;
  }

  cut(): void {
    this.end();
  }

  /** Ends at once; what is pending is not told. The client resumes from the last event it saw. */
  end(): void {
    if (this.state === "ended") return;
    this.state = "ended";
    this.pending = [];
    for (const act of this.endings.splice(0)) act();
    this.wake?.();
  }

  private drain(): void {
    if (this.state !== "open") return;
    if (this.parts.bookmark !== undefined) this.push(this.parts.bookmark());
    if (this.state === "open") this.state = "draining";
    this.wake?.();
  }

  private push(emission: Emission): void {
    if (this.state !== "open") return;
    // A client that does not keep up is cut rather than remembered without bound.
    if (this.pending.length >= this.parts.backlogMax) return this.end();
    this.pending.push(emission);
    // One that is at work comes by here by itself.
    if (this.wake === undefined || this.isCalled) return;
    this.isCalled = true;
    this.parts.pace.wake(this.goOn);
  }

  async *batches(): AsyncGenerator<readonly Emission[]> {
    try {
      for (let batch = this.nextInitial(); batch.length > 0; batch = this.nextInitial()) yield batch;
      for (;;) {
        if (this.isEnded()) return;
        if (this.pending.length > 0) {
          const batch = this.pending;
          this.pending = [];
          yield batch;
        } else if (this.state === "draining") return;
        else await this.something();
      }
    } finally {
      this.end();
    }
  }

  private isEnded(): boolean {
    return this.state === "ended";
  }

  private nextInitial(): Emission[] {
    const batch: Emission[] = [];
    while (batch.length < firstBatchMax && !this.isEnded()) {
      const next = this.parts.initial.next();
      if (next.done === true) break;
      batch.push(next.value);
    }
    return batch;
  }

  private something(): Promise<void> {
    return new Promise((resolve) => {
      this.wake = () => {
        this.wake = undefined;
        resolve();
      };
    });
  }
}
