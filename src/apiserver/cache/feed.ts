// Owns the one stream of changes from the store, and the caches of all kinds it keeps current.
import type { Millis } from "../../lib/units.ts";
import type { Descriptor } from "../../model/kinds/descriptor.ts";
import type { Change, Entry, Key, Revision, Store } from "../../store/store.ts";
import { pause, type Clock } from "../../world/clock.ts";
import { wordsOf, type Log } from "../../world/log.ts";
import { ServedKinds, type KindChange } from "../custom/served-kinds.ts";
import { readKind } from "../custom/read-kind.ts";
import { kindsByKey } from "../registry/place.ts";
import { heldOf, type Held, type Known } from "./held.ts";
import { KindCache } from "./kind-cache.ts";
import { Pace } from "./pace.ts";

interface FeedParts {
  readonly store: Store;
  readonly kinds: readonly Descriptor[];
  readonly clock: Clock;
  readonly log: Log;
  /** How many changes of a kind are kept for resuming watches. */
  readonly ringMax: number;
}

interface Waiter {
  readonly revision: Revision;
  readonly done: (reached: boolean) => void;
}

const pageSize = 1000;
const restartDelay: Millis = 1000;
// What is not told again by then is told to watchers as it comes; reads wait for it anyway.
const replayTimeout: Millis = 10_000;

export class KindGone extends Error {}

const definitionPrefix = "/registry/apiextensions.k8s.io/customresourcedefinitions/";
/** Name of the CustomResourceDefinition that stands there. */
const definitionOf = (key: Key): string | undefined =>
  key.startsWith(definitionPrefix) ? key.slice(definitionPrefix.length) : undefined;

export class Feed {
  /** Of all watchers of all kinds: they are told by one process. */
  readonly pace: Pace;
  private readonly parts: FeedParts;
  private readonly caches: Map<string, KindCache>;
  private readonly kinds: ServedKinds;
  private readonly cacheOfKey: (key: string) => KindCache | undefined;
  // Objects this process wrote, by the bytes it wrote: where the store hands the same bytes back, they are not parsed again.
  private readonly written = new WeakMap<Uint8Array, Known>();
  private readonly stopped = new AbortController();
  private waiters: Waiter[] = [];
  private seen: Revision = 0;
  private following: Promise<void> = Promise.resolve();

  constructor(parts: FeedParts) {
    this.parts = parts;
    this.pace = new Pace(parts.clock);
    this.kinds = new ServedKinds(parts.kinds);
    this.caches = new Map(parts.kinds.map((kind) => [kind.storeFolder, new KindCache(kind, parts.ringMax)]));
    this.cacheOfKey = kindsByKey(this.caches);
  }

  /** Every change up to this revision is in the caches and was told to the watchers. */
  get revision(): Revision {
    return this.seen;
  }

  /** The kinds served now; another list each time they change. */
  get served(): readonly Descriptor[] {
    return this.kinds.all;
  }

  /** @throws KindGone where the kind's definition went since the request came. */
  cacheOf(kind: Descriptor): KindCache {
    const found = this.caches.get(kind.storeFolder);
    if (found === undefined) throw new KindGone(`no cache for ${kind.resource}: the kind is not served`);
    return found;
  }

  remember(bytes: Uint8Array, known: Known): void {
    this.written.set(bytes, known);
  }

  /** Reads everything, then follows the store until `stop`. */
  async start(): Promise<void> {
    const newest = this.parts.store.revision();
    // Told again from a while ago on, so that watches of before a restart can be resumed.
    const isPast = await this.load(Math.max(1, newest - this.parts.ringMax));
    if (!isPast) await this.load();
    this.following = this.follow();
    await this.reached(newest, replayTimeout);
  }

  async stop(): Promise<void> {
    this.stopped.abort();
    await this.following;
    for (const { done } of this.waiters.splice(0)) done(false);
    for (const cache of this.caches.values()) cache.load([], this.seen);
  }

  /** Whether the caches came to hold the revision within the time. */
  async reached(revision: Revision, timeout: Millis): Promise<boolean> {
    if (this.seen >= revision) return true;
    if (this.stopped.signal.aborted) return false;
    return new Promise((resolve) => {
      const waiter: Waiter = {
        revision,
        done: (reached) => {
          cancel();
          resolve(reached);
        },
      };
      const cancel = this.parts.clock.after(timeout, () => {
        this.waiters = this.waiters.filter((one) => one !== waiter);
        resolve(false);
      });
      this.waiters.push(waiter);
    });
  }

  /** Reads what there is, or was at a revision; false where that is no longer kept. */
  private async load(past?: Revision): Promise<boolean> {
    const { store } = this.parts;
    const entries: Entry[] = [];
    if (past !== undefined && past >= store.revision()) return false;
    let page = await store.list("/registry/", {
      limit: pageSize,
      ...(past === undefined ? {} : { at: past }),
    });
    if (page.is === "compacted" && past !== undefined) return false;
    if (page.is === "compacted") throw new Error("a list at the newest revision cannot be compacted");
    const revision = past ?? page.revision;
    entries.push(...page.entries);
    while (page.more) {
      const after = page.entries.at(-1)?.key ?? "";
      page = await store.list("/registry/", { limit: pageSize, after, at: revision });
      // A compaction overtook this reading; what it began with is gone.
      if (page.is === "compacted") return past === undefined ? this.load() : false;
      entries.push(...page.entries);
    }
    this.place(entries, revision);
    return true;
  }

  private place(entries: readonly Entry[], revision: Revision): void {
    const byCache = new Map<KindCache, Held[]>();
    this.placeKinds(entries);
    for (const entry of entries) {
      const cache = this.cacheOfKey(entry.key);
      const held = cache && this.read(entry);
      if (cache === undefined || held === undefined) continue;
      const found = byCache.get(cache);
      if (found === undefined) byCache.set(cache, [held]);
      else found.push(held);
    }
    for (const cache of this.caches.values()) cache.load(byCache.get(cache) ?? [], revision);
    this.advance(revision);
  }

  /** What kinds there are comes before their objects. */
  private placeKinds(entries: readonly Entry[]): void {
    const definitions = entries
      .filter(({ key }) => definitionOf(key) !== undefined)
      .flatMap((entry) => this.read(entry)?.object ?? []);
    const before = this.kinds.stored;
    const now = new Map(this.kinds.reset(definitions).map((kind) => [kind.storeFolder, kind]));
    for (const { storeFolder } of before) if (!now.has(storeFolder)) this.close(storeFolder);
    for (const [folder, kind] of now)
      if (!this.caches.has(folder)) this.caches.set(folder, new KindCache(kind, this.parts.ringMax));
  }

  private close(storeFolder: string): void {
    const cache = this.caches.get(storeFolder);
    this.caches.delete(storeFolder);
    cache?.load([], this.seen);
  }

  private async follow(): Promise<void> {
    const { store, clock, log } = this.parts;
    const { signal } = this.stopped;
    while (!signal.aborted) {
      try {
        for await (const changes of store.watch("", this.seen, signal, "changes-only")) {
          const opening = this.take(changes);
          if (opening !== undefined) await opening;
        }
        if (signal.aborted) return;
        throw new Error("the store ended the watch");
      } catch (thrown) {
        if (signal.aborted) return;
        log.error("cannot follow the store: reading it anew", { because: wordsOf(thrown) });
      }
      // Watchers are cut by the load and list again; only a store that stays broken is asked once a second.
      await this.load().catch(() => pause(clock, restartDelay, signal).catch(() => undefined));
    }
  }

  /** A kind that begins to be served is read first; what came after waits for it. */
  private take(changes: readonly Change[], from = 0): Promise<void> | undefined {
    let newest = this.seen;
    for (let at = from; at < changes.length; at += 1) {
      const change = changes[at];
      if (change === undefined) break;
      const key = change.is === "put" ? change.entry.key : change.key;
      newest = change.is === "put" ? change.entry.modified : change.revision;
      const cache = this.cacheOfKey(key);
      if (cache === undefined) continue;
      const held = change.is === "put" ? this.read(change.entry) : undefined;
      const name = definitionOf(key);
      const kindChange = name === undefined ? undefined : this.kinds.changeFor(name, held?.object);
      if (kindChange?.is === "opened")
        return this.open(kindChange, newest).then(() => this.take(changes, at));
      // Who is told of the definition finds its kind as it says.
      if (kindChange !== undefined) this.makeKindChange(kindChange, newest);
      this.pace.told(held === undefined ? cache.delete(key, newest) : cache.put(held));
    }
    this.advance(newest);
    return undefined;
  }

  private async open(change: KindChange, revision: Revision): Promise<void> {
    const { stored } = change;
    const entries = await readKind(this.parts.store, stored, revision);
    const cache = new KindCache(stored, this.parts.ringMax);
    cache.load(
      entries.flatMap((entry) => this.read(entry) ?? []),
      revision,
    );
    this.caches.set(stored.storeFolder, cache);
    this.kinds.make(change);
  }

  private makeKindChange(change: KindChange, revision: Revision): void {
    this.kinds.make(change);
    const { storeFolder } = change.stored;
    if (change.is === "closed") this.close(storeFolder);
    // Watchers were shown the kind as it was: they begin anew.
    else this.caches.get(storeFolder)?.restart(revision);
  }

  /** An entry that is no object of ours (written by someone else) is reported and stays invisible. */
  private read(entry: Entry): Held | undefined {
    const known = this.written.get(entry.value);
    // Asked for once: a store in memory keeps the bytes of all its history, and would keep every object with them.
    if (known !== undefined) this.written.delete(entry.value);
    try {
      return heldOf(entry, known);
    } catch (thrown) {
      this.parts.log.error("cannot read an entry of the store", { key: entry.key, because: wordsOf(thrown) });
      return undefined;
    }
  }

  private advance(revision: Revision): void {
    this.seen = revision;
    const ready = this.waiters.filter((waiter) => waiter.revision <= revision);
    if (ready.length === 0) return;
    this.waiters = this.waiters.filter((waiter) => waiter.revision > revision);
    for (const { done } of ready) done(true);
  }
}
