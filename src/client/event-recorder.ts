// Owns the writing of events about objects: in the background, one after the other, never more than a bounded number waiting.
import type { Instant } from "../lib/units.ts";
import { Recent } from "../lib/recent.ts";
import { seconds } from "../lib/units.ts";
import type { CoreEvent } from "../model/generated/types.ts";
import { event as eventKind } from "../model/kinds/event.ts";
import type { Draft, KubeObject } from "../model/meta.ts";
import { formatTime } from "../model/time.ts";
import { pause, type Clock } from "../world/clock.ts";
import { wordsOf, type Log } from "../world/log.ts";
import type { Random } from "../world/random.ts";
import type { Client, EventRecorder } from "./client.ts";
import { EventCorrelation } from "./event-correlation.ts";

export interface EventRecorderOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Who reports: `kubelet`, `daemonset-controller`. */
  readonly component: string;
  readonly host?: string;
  /** Once aborted nothing more is written: the reporter has ended, and perhaps the server with it. */
  readonly signal?: AbortSignal;
}

/** What waits to be written. Repeats while it waits only raise the count. */
interface Waiting {
  readonly about: KubeObject;
  readonly type: "Normal" | "Warning";
  readonly reason: string;
  message: string;
  count: number;
  readonly first: Instant;
  last: Instant;
}

interface Written {
  readonly name: string;
  readonly namespace: string;
  readonly count: number;
}

const waitingMax = 1000;
const attemptsMax = 8;

export function createEventRecorder(options: EventRecorderOptions): EventRecorder {
  return new Recorder(options);
}

class Recorder implements EventRecorder {
  private readonly options: EventRecorderOptions;
  private readonly correlation = new EventCorrelation();
  private readonly waiting = new Map<string, Waiting>();
  private readonly written = new Recent<Written>();
  private writing: Promise<void> | undefined;

  constructor(options: EventRecorderOptions) {
    this.options = options;
  }

  private get hasEnded(): boolean {
    return this.options.signal?.aborted ?? false;
  }

  event(about: KubeObject, type: "Normal" | "Warning", reason: string, message: string): void {
    if (this.hasEnded) return;
    const now = this.options.clock.now();
    const identity =
      about.metadata.uid || `${about.kind}/${about.metadata.namespace ?? ""}/${about.metadata.name}`;
    const verdict = this.correlation.judge({ about: identity, type, reason, message }, now);
    if (verdict.is === "dropped") return;
    const before = this.waiting.get(verdict.key);
    if (before !== undefined) {
      before.count += 1;
      before.last = now;
      before.message = verdict.message;
      return;
    }
    if (this.waiting.size >= waitingMax) {
      this.options.log.debug("event dropped: too many are waiting", { reason, about: about.metadata.name });
      return;
    }
    const { message: words } = verdict;
    this.waiting.set(verdict.key, { about, type, reason, message: words, count: 1, first: now, last: now });
    this.writing ??= this.writeAll();
  }

  flush(): Promise<void> {
    return this.writing ?? Promise.resolve();
  }

  private async writeAll(): Promise<void> {
    for (const [key, waiting] of this.waiting) {
      this.waiting.delete(key);
      if (!this.hasEnded) await this.writeStubbornly(key, waiting);
    }
    this.writing = undefined;
  }

  private async writeStubbornly(key: string, waiting: Waiting): Promise<void> {
    const { clock, log } = this.options;
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.write(key, waiting);
      } catch (thrown) {
        if (this.hasEnded) return;
        if (attempt === attemptsMax) {
          log.warn("event given up", { reason: waiting.reason, error: wordsOf(thrown) });
          return;
        }
        await pause(clock, seconds(Math.min(10, 2 ** (attempt - 1))));
      }
    }
  }

  private async write(key: string, waiting: Waiting): Promise<void> {
    const events = this.options.client.of(eventKind);
    const before = this.written.get(key);
    if (before !== undefined) {
      const count = before.count + waiting.count;
      const patch = { count, message: waiting.message, lastTimestamp: formatTime(waiting.last) };
      const answer = await events.patch({ name: before.name, namespace: before.namespace }, "merge", patch);
      if (answer.is === "ok") return this.written.set(key, { ...before, count });
      // The server keeps events for an hour or so.
      this.written.delete(key);
      if (answer.is !== "absent") return this.refused(waiting, answer.status.message);
    }
    const draft = this.draftOf(waiting);
    const answer = await events.create(draft);
    if (answer.is !== "ok") return this.refused(waiting, answer.status.message);
    const { name, namespace = "default" } = answer.object.metadata;
    this.written.set(key, { name, namespace, count: waiting.count });
  }

  private refused(waiting: Waiting, message: string | undefined): void {
    if (this.hasEnded) return;
    this.options.log.warn("event refused", {
      reason: waiting.reason,
      about: waiting.about.metadata.name,
      error: message,
    });
  }

  private draftOf({ about, type, reason, message, count, first, last }: Waiting): Draft<CoreEvent> {
    const { component, host } = this.options;
    const { name, namespace, uid, resourceVersion } = about.metadata;
    return {
      apiVersion: "v1",
      kind: "Event",
      metadata: { name: this.nameOf(name, first), namespace: namespace ?? "default" },
      involvedObject: {
        apiVersion: about.apiVersion,
        kind: about.kind,
        name,
        namespace,
        uid,
        resourceVersion,
      },
      type,
      reason,
      message: message.slice(0, 1024),
      count,
      firstTimestamp: formatTime(first),
      lastTimestamp: formatTime(last),
      source: { component, ...(host === undefined ? {} : { host }) },
      reportingComponent: component,
      reportingInstance: host ?? "",
    };
  }

  // `NAME.hex` of the time in nanoseconds, as upstream; chance stands in for what is below our clock's milliseconds.
  private nameOf(name: string, at: Instant): string {
    const nanoseconds = BigInt(Math.floor(at)) * 1_000_000n + BigInt(this.options.random.int(1_000_000));
    return `${name}.${nanoseconds.toString(16)}`;
  }
}
