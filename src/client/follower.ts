// Owns the driving of one followed collection: performs what step-informer orders and tells those who listen.
import { minutes, seconds, type Millis } from "../lib/units.ts";
import type { Descriptor } from "../model/kinds/descriptor.ts";
import type { KubeObject } from "../model/meta.ts";
import type { Status } from "../model/generated/types.ts";
import type { ApiRequest, Transport, WatchEvent } from "../model/wire.ts";
import type { Clock } from "../world/clock.ts";
import { wordsOf, type Log } from "../world/log.ts";
import type { Random } from "../world/random.ts";
import type { InformerChange, ListOptions } from "./client.ts";
import { InformerCopy } from "./informer-copy.ts";
import { listPage, pageLimit } from "./kube-client.ts";
import { isGone } from "./refusal.ts";
import { collectionPath } from "./resource-path.ts";
import {
  startInformer,
  stepInformer,
  type InformerOrder,
  type InformerSignal,
  type InformerState,
  type ObjectEvent,
} from "./step-informer.ts";

export interface FollowPorts {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** How long the server is asked to keep a watch, as client-go does; and how long after that we end it ourselves. */
const watchLifetimeMin: Millis = minutes(5);
const watchOvertime: Millis = seconds(30);

type Told<T> = (change: InformerChange<T>) => void;

export class Follower<T extends KubeObject> {
  readonly copy = new InformerCopy<T>();
  readonly synced: Promise<void>;
  private readonly listeners = new Set<Told<T>>();
  private readonly abort = new AbortController();
  private readonly ports: FollowPorts;
  private readonly kind: Descriptor<T>;
  private readonly selection: ListOptions;
  private markSynced: () => void = () => undefined;
  private state: InformerState<T>;
  /** Ends the watch or the wait that the present state is in. */
  private leave: () => void = () => undefined;

  constructor(ports: FollowPorts, kind: Descriptor<T>, selection: ListOptions) {
    this.ports = ports;
    this.kind = kind;
    this.selection = selection;
    this.synced = new Promise((resolve) => (this.markSynced = resolve));
    const [state, ...orders] = startInformer<T>();
    this.state = state;
    this.perform(orders);
  }

  onChange(told: Told<T>): () => void {
    for (const object of this.copy.list()) this.tellOne(told, { is: "added", object });
    this.listeners.add(told);
    return () => this.listeners.delete(told);
  }

  stop(): void {
    this.abort.abort();
    this.leave();
    this.listeners.clear();
  }

  private signal(signal: InformerSignal<T>): void {
    if (this.abort.signal.aborted) return;
    const at = { now: this.ports.clock.now(), chance: this.ports.random.int(2 ** 31) / 2 ** 31 };
    const [state, ...orders] = stepInformer(this.state, signal, at);
    this.state = state;
    this.perform(orders);
  }

  private perform(orders: readonly InformerOrder<T>[]): void {
    const tell = (change: InformerChange<T>) => this.tell(change);
    for (const order of orders) {
      switch (order.do) {
        case "list":
          this.leave();
          void this.list(order);
          break;
        case "watch":
          this.leave();
          this.startWatch(order.from);
          break;
        case "wait":
          this.leave();
          this.leave = this.ports.clock.after(order.for, () => this.signal({ is: "timer-due" }));
          break;
        case "replace":
          this.copy.replace(order.items, tell);
          this.markSynced();
          break;
        case "tell":
          this.copy.take(order.events, tell);
          break;
      }
    }
  }

  private tell(change: InformerChange<T>): void {
    for (const told of this.listeners) this.tellOne(told, change);
  }

  // One listener's bug must not cost the others their change, nor be taken for a broken watch.
  private tellOne(told: Told<T>, change: InformerChange<T>): void {
    try {
      told(change);
    } catch (thrown) {
      this.ports.log.error(`a listener to ${this.kind.resource} failed`, { error: wordsOf(thrown) });
    }
  }

  private async list(order: InformerOrder<T> & { readonly do: "list" }): Promise<void> {
    let signal: InformerSignal<T>;
    try {
      const page = await listPage(this.ports.transport, this.kind, {
        ...this.selection,
        ...(order.whole ? {} : { limit: pageLimit }),
        ...(order.continue === undefined ? {} : { continue: order.continue }),
        signal: this.abort.signal,
      });
      if (page.is === "page") signal = { ...page, is: "listed-page" };
      else {
        this.warn("list", page.status.message);
        signal = { is: isGone(page.status) ? "gone" : "list-failed" };
      }
    } catch (thrown) {
      this.warn("list", wordsOf(thrown));
      signal = { is: "list-failed" };
    }
    this.signal(signal);
  }

  private startWatch(from: string): void {
    const { clock, random } = this.ports;
    const lifetime = watchLifetimeMin + random.int(watchLifetimeMin);
    const ended = new AbortController();
    // A server that vanished without a word would leave the watch silent for ever.
    const cancel = clock.after(lifetime + watchOvertime, () => {
      ended.abort();
      this.signal({ is: "watch-ended" });
    });
    this.leave = () => {
      cancel();
      ended.abort();
    };
    const query = {
      labelSelector: this.selection.labelSelector,
      fieldSelector: this.selection.fieldSelector,
      resourceVersion: from,
      allowWatchBookmarks: "true",
      timeoutSeconds: String(Math.round(lifetime / 1000)),
    };
    const path = collectionPath(this.kind, this.selection.namespace);
    void this.watch({ method: "GET", path, query }, ended.signal);
  }

  private async watch(request: ApiRequest, ended: AbortSignal): Promise<void> {
    let last: InformerSignal<T> = { is: "watch-ended" };
    try {
      for await (const batch of this.ports.transport.watch(request, ended)) {
        if (ended.aborted) return;
        const { events, refusal } = sorted<T>(batch);
        if (events.length > 0) this.signal({ is: "events", events });
        if (refusal === undefined) continue;
        if (!isGone(refusal)) this.warn("watch", refusal.message);
        last = { is: isGone(refusal) ? "gone" : "watch-failed" };
        break;
      }
    } catch (thrown) {
      this.warn("watch", wordsOf(thrown));
      last = { is: "watch-failed" };
    }
    if (!ended.aborted) this.signal(last);
  }

  private warn(verb: string, words: string | undefined): void {
    if (this.abort.signal.aborted) return;
    this.ports.log.warn(`cannot ${verb} ${this.kind.resource}; trying again`, { error: words });
  }
}

/** The objects' events before a refusal, and the refusal, which is the last that a watch says. */
function sorted<T extends KubeObject>(
  batch: readonly WatchEvent[],
): { readonly events: readonly ObjectEvent<T>[]; readonly refusal?: Status } {
  const at = batch.findIndex((event) => event.type === "ERROR");
  const refusal = batch[at];
  // The path watched names the kind: every object in it is a T.
  const events = (at < 0 ? batch : batch.slice(0, at)) as readonly ObjectEvent<T>[];
  return refusal?.type === "ERROR" ? { events, refusal: refusal.object } : { events };
}
