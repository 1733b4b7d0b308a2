// Owns what every store of ours does alike: guards, revisions, reading, watching, leases. The journal beneath makes it durable.
import type { Millis } from "../lib/units.ts";
import type { Clock } from "../world/clock.ts";
import { type Log, wordsOf } from "../world/log.ts";
import { checkWrites } from "./check-writes.ts";
import { GroupCommit } from "./group-commit.ts";
import type { Journal, Recovered } from "./journal.ts";
import { LeaseBook } from "./lease-book.ts";
import {
  type Change,
  type Committed,
  type Compacted,
  CompactedError,
  type Conflict,
  type Entry,
  type Guard,
  type Key,
  type LeaseId,
  type Page,
  type PageRequest,
  type Revision,
  type Store,
  type WatchShows,
  type Write,
} from "./store.ts";
import { entryOf, type Version, VersionIndex } from "./version-index.ts";
import { WatchHub } from "./watch-hub.ts";

// Values of this many newest versions, and of at most this many bytes, are kept at hand.
const recentMax = 1024;
const recentBytesMax = 4 << 20;
// So many revisions of history are kept whatever a caller's rhythm of compaction, and half as many more may gather.
const historyDefault = 100_000;
// A reader takes turns with the rest of the process after this many values.
const stretch = 512;

export interface VersionedStoreOptions {
  readonly journal: Journal;
  readonly recovered: Recovered;
  readonly clock: Clock;
  readonly log: Log;
  /** Revisions of history that are kept until they are compacted; older ones the store forgets by itself. */
  readonly historyMax?: number;
}

export class VersionedStore implements Store {
  private readonly journal: Journal;
  private readonly log: Log;
  private readonly historyMax: number;
  private readonly index = new VersionIndex();
  private readonly group: GroupCommit;
  private readonly hub = new WatchHub();
  private readonly leases: LeaseBook;
  private lastLease: LeaseId;
  /** The newest durable revision: nobody is shown anything beyond it. */
  private shown: Revision;
  private recent: Version[] = [];
  private recentBytes = 0;
  /** What compactions have forgotten, in the order in which it has to go from the medium; so many at its head have gone. */
  private forgotten: Version[] = [];
  private dropped = 0;
  private dropping: Promise<void> = Promise.resolve();
  private closing: Promise<void> | undefined;

  constructor(options: VersionedStoreOptions) {
    const { journal, recovered, clock } = options;
    this.journal = journal;
    this.log = options.log;
    this.historyMax = options.historyMax ?? historyDefault;
    this.group = new GroupCommit(
      journal,
      (made) => this.publish(made),
      () => this.takeBack(),
    );
    this.leases = new LeaseBook(clock, (lease) => void this.expire(lease));
    this.lastLease = recovered.lastLease;
    for (const version of recovered.versions) this.index.add(version);
    // Only now, when nothing can fail any more: leases set a timer.
    for (const terms of recovered.leases) this.leases.add(terms);
    for (const version of this.index.leased()) this.leases.move(version.key, undefined, version.lease);
    this.shown = this.index.assigned;
    // A crash may have cut the last compaction short.
    this.forget(recovered.oldest);
    this.dropForgotten().catch((thrown: unknown) => this.log.error(wordsOf(thrown)));
  }

  revision(): Revision {
    return this.shown;
  }

  latest(): Revision {
    return this.shown;
  }

  async get(key: Key, at: Revision = this.shown): Promise<Entry | "absent" | Compacted> {
    this.refuseIfClosed("read");
    const compacted = this.compactedAt(at);
    if (compacted !== undefined) return compacted;
    const version = this.index.at(key, at);
    return version === undefined ? "absent" : this.read(version);
  }

  async list(prefix: Key, page: PageRequest = {}): Promise<Page | Compacted> {
    this.refuseIfClosed("list");
    const revision = page.at ?? this.shown;
    const compacted = this.compactedAt(revision);
    if (compacted !== undefined) return compacted;
    const found = this.index.page(prefix, revision, page.after, page.limit || Infinity);
    const entries: Entry[] = [];
    for (const version of found.versions) {
      entries.push(this.read(version));
      if (entries.length % stretch !== 0) continue;
      await this.journal.breathe();
      this.refuseIfClosed("list");
      // A compaction overtook this long read.
      if (this.index.oldest > revision)
        return page.at === undefined ? this.list(prefix, page) : this.nowCompacted();
    }
    const { more, remaining } = found;
    return { is: "page", entries, revision, more, ...(remaining === undefined ? {} : { remaining }) };
  }

  async commit(guards: readonly Guard[], writes: readonly Write[]): Promise<Committed | Conflict> {
    this.refuseIfClosed("write");
    this.group.refuseIfFailed();
    checkWrites(writes);
    for (const write of writes)
      if (write.do === "put" && write.lease !== undefined && !this.leases.has(write.lease))
        throw new Error(`cannot write key ${write.key}: its lease ${write.lease} is absent; grant a new one`);
    const conflict = this.conflictOf(guards);
    if (conflict !== undefined) {
      // What it shows may not be durable yet.
      await this.group.settled();
      return conflict;
    }
    return this.write(writes);
  }

  async *watch(
    prefix: Key,
    after: Revision,
    signal: AbortSignal,
    shows: WatchShows = "with-previous",
  ): AsyncGenerator<readonly Change[], void> {
    const watcher = this.hub.join(prefix, after);
    try {
      while (!signal.aborted && this.closing === undefined) {
        if (watcher.position + 1 < this.index.oldest) throw new CompactedError(this.index.oldest);
        const { found, through } = this.index.since(prefix, watcher.position, this.shown, stretch);
        const changes = found.map((version) => this.changeOf(version, shows));
        watcher.position = through;
        if (changes.length > 0) yield changes;
        if (through < this.shown) await this.journal.breathe();
        else if (changes.length === 0) await this.hub.news(watcher, signal);
      }
    } finally {
      this.hub.leave(watcher);
    }
  }

  async compact(before: Revision): Promise<void> {
    this.refuseIfClosed("compact");
    if (before > this.shown)
      throw new RangeError(`cannot compact before revision ${before}: the newest is ${this.shown}`);
    if (before <= this.index.oldest) return;
    this.forget(before);
    await this.group.submit({ oldest: before });
    await this.dropForgotten();
  }

  private boundHistory(): void {
    if (this.shown - this.index.oldest < 1.5 * this.historyMax || this.closing !== undefined) return;
    this.compact(this.shown - this.historyMax).catch((thrown: unknown) => this.log.error(wordsOf(thrown)));
  }

  private forget(before: Revision): void {
    for (const version of this.index.compact(before)) this.forgotten.push(version);
  }

  /** What a full medium refuses to drop stays first in line: a newer deletion must not go before what it deletes. */
  private dropForgotten(): Promise<void> {
    const dropping = this.dropping.then(async () => {
      // In portions, so that writers in between do not wait for the whole.
      while (this.dropped < this.forgotten.length) {
        const portion = this.forgotten.slice(this.dropped, this.dropped + stretch);
        await this.group.submit({ forgotten: portion });
        this.dropped += portion.length;
        if (2 * this.dropped < this.forgotten.length) continue;
        this.forgotten = this.forgotten.slice(this.dropped);
        this.dropped = 0;
      }
    });
    this.dropping = dropping.catch(() => undefined);
    return dropping;
  }

  async grant(timeToLive: Millis): Promise<LeaseId> {
    this.refuseIfClosed("grant a lease in");
    if (!(timeToLive > 0))
      throw new RangeError(`cannot grant a lease of ${timeToLive} ms: it must be positive`);
    const terms = { id: ++this.lastLease, timeToLive };
    await this.group.submit({ granted: [terms] });
    this.leases.add(terms);
    return terms.id;
  }

  async keepAlive(lease: LeaseId): Promise<"alive" | "absent"> {
    this.refuseIfClosed("keep a lease alive in");
    return this.leases.keepAlive(lease);
  }

  async revoke(lease: LeaseId): Promise<void> {
    this.refuseIfClosed("revoke a lease in");
    this.group.refuseIfFailed();
    const timeToLive = this.leases.timeToLive(lease);
    const keys = this.leases.remove(lease);
    if (keys === "absent" || timeToLive === undefined) return this.group.settled();
    const made = this.index.apply(keys.map((key) => ({ do: "delete", key })));
    try {
      await this.group.submit({ made, ended: [lease] });
    } catch (thrown) {
      // It is still on the medium: as after a restart, it lives its time once more.
      this.leases.add({ id: lease, timeToLive });
      for (const version of this.index.leased())
        if (version.lease === lease) this.leases.move(version.key, undefined, lease);
      throw thrown;
    }
  }

  close(): Promise<void> {
    this.closing ??= this.end();
    return this.closing;
  }

  private async end(): Promise<void> {
    this.leases.stop();
    // The reads that follow see `closing` only once this function has returned its promise.
    await Promise.resolve();
    this.hub.wakeAll();
    await this.group.idle();
    await this.journal.close();
  }

  private async write(writes: readonly Write[]): Promise<Committed> {
    for (const write of writes)
      this.leases.move(
        write.key,
        this.index.head(write.key)?.lease,
        write.do === "put" ? write.lease : undefined,
      );
    const made = this.index.apply(writes);
    const revision = this.index.assigned;
    await (made.length > 0 ? this.group.submit({ made }) : this.group.settled());
    return { is: "committed", revision };
  }

  private conflictOf(guards: readonly Guard[]): Conflict | undefined {
    for (const { key, ...guard } of guards) {
      const head = this.index.head(key);
      const live = head?.is === "put" ? head : undefined;
      const holds = guard.is === "absent" ? live === undefined : live?.modified === guard.modified;
      if (holds) continue;
      const actual = live === undefined ? "absent" : this.read(live);
      if (actual === undefined)
        throw new Error(`cannot read ${key}: its newest version is not in the journal`);
      return { is: "conflict", key, actual };
    }
    return undefined;
  }

  /** Nothing beyond the newest durable revision came to be. */
  private takeBack(): void {
    for (const { key, lease } of this.index.revert(this.shown))
      this.leases.move(key, lease, this.index.head(key)?.lease);
  }

  private publish(made: readonly Version[]): void {
    const newest = made.at(-1)?.modified;
    if (newest === undefined) return;
    const before = this.shown;
    this.shown = newest;
    this.hub.publish(made, before, newest);
    this.boundHistory();
    if (this.journal.value === undefined) return;
    for (const version of made) {
      if (version.entry === undefined) continue;
      this.recent.push(version);
      this.recentBytes += version.entry.value.length;
    }
    this.dropOldNews();
  }

  private dropOldNews(): void {
    let dropped = 0;
    const surplus = this.recent.length - recentMax;
    // Half as much again may gather, so that the list is seldom moved.
    if (surplus < recentMax / 2 && this.recentBytes <= recentBytesMax) return;
    for (const version of this.recent) {
      if (dropped >= surplus && this.recentBytes <= recentBytesMax) break;
      this.recentBytes -= version.entry?.value.length ?? 0;
      version.entry = undefined;
      dropped++;
    }
    this.recent.splice(0, dropped);
  }

  /** Of a durable version the index still holds, so that the journal must have its value. */
  private read(version: Version): Entry {
    if (version.entry !== undefined) return version.entry;
    const value = this.journal.value?.(version);
    if (value === undefined)
      throw new Error(
        `cannot read ${version.key}: what was written at revision ${version.modified} is gone from the medium; restore the store from a backup`,
      );
    return entryOf(version.key, value, version);
  }

  private changeOf(version: Version, shows: WatchShows): Change {
    const before =
      shows === "with-previous" && version.previous?.is === "put"
        ? { previous: this.read(version.previous) }
        : {};
    return version.is === "deleted"
      ? { is: "deleted", key: version.key, revision: version.modified, ...before }
      : { is: "put", entry: this.read(version), ...before };
  }

  private async expire(lease: LeaseId): Promise<void> {
    try {
      await this.revoke(lease);
    } catch (thrown) {
      this.log.error("a lease that ran out could not be removed", { lease, error: wordsOf(thrown) });
    }
  }

  private compactedAt(revision: Revision): Compacted | undefined {
    if (revision > this.shown)
      throw new RangeError(`cannot read at revision ${revision}: the newest is ${this.shown}`);
    return revision < this.index.oldest ? this.nowCompacted() : undefined;
  }

  private nowCompacted(): Compacted {
    return { is: "compacted", oldest: this.index.oldest };
  }

  private refuseIfClosed(verb: string): void {
    if (this.closing !== undefined) throw new Error(`cannot ${verb} the store: it is closed`);
  }
}
