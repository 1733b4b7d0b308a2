// Owns which versions of which keys exist and in which order they came; not their values, and not what is durable.
import { compareKeys } from "./key-order.ts";
import { SortedKeys } from "./sorted-keys.ts";
import type { Entry, Key, LeaseId, Revision, Write } from "./store.ts";

/** One write to one key. A deletion is a version too, until compaction forgets it. */
export interface Version {
  readonly is: "put" | "deleted";
  readonly key: Key;
  readonly modified: Revision;
  /** Its place among the writes of its commit. */
  readonly order: number;
  /** Revision that created the key; of a deletion, its own. */
  readonly created: Revision;
  readonly lease: LeaseId | undefined;
  /** What it replaced, until compaction forgets that. */
  previous: Version | undefined;
  /** Held while recent, so that readers of news need not ask the journal. */
  entry: Entry | undefined;
}

export interface FoundPage {
  readonly versions: readonly Version[];
  readonly more: boolean;
  readonly remaining: number | undefined;
}

// Counting what follows a page costs a look at each key: beyond this many the count is left unknown.
const countMax = 2000;

export class VersionIndex {
  /** The newest revision given out, durable or not. */
  assigned: Revision = 0;
  /** History before this revision is forgotten. */
  oldest: Revision = 0;
  private readonly heads = new Map<Key, Version>();
  private readonly keys = new SortedKeys();
  /** Every version since `oldest`, in the order of their making. */
  private history: Version[] = [];

  head(key: Key): Version | undefined {
    return this.heads.get(key);
  }

  /** The newest puts that hang on a lease. */
  *leased(): Generator<Version> {
    for (const version of this.heads.values()) if (version.lease !== undefined) yield version;
  }

  /** What was visible at the revision. */
  at(key: Key, revision: Revision): Version | undefined {
    let version = this.heads.get(key);
    while (version !== undefined && version.modified > revision) version = version.previous;
    return version?.is === "put" ? version : undefined;
  }

  /** Gives the writes the next revision. Empty where they change nothing. */
  apply(writes: readonly Write[]): Version[] {
    const made: Version[] = [];
    const modified = this.assigned + 1;
    for (const write of writes) {
      const head = this.heads.get(write.key);
      const live = head?.is === "put" ? head : undefined;
      if (write.do === "delete" && live === undefined) continue;
      const created = write.do === "put" ? (live?.created ?? modified) : modified;
      const lease = write.do === "put" ? write.lease : undefined;
      const version: Version = {
        is: write.do === "put" ? "put" : "deleted",
        key: write.key,
        modified,
        order: made.length,
        created,
        lease,
        previous: undefined,
        entry: write.do === "put" ? entryOf(write.key, write.value, { created, modified, lease }) : undefined,
      };
      this.add(version);
      made.push(version);
    }
    return made;
  }

  /** Takes in a version newer than all before it. */
  add(version: Version): void {
    const head = this.heads.get(version.key);
    if (head === undefined) this.keys.add(version.key);
    version.previous = head;
    this.heads.set(version.key, version);
    this.history.push(version);
    this.assigned = version.modified;
  }

  /** Takes back, newest first, what was given a later revision than this one. */
  revert(revision: Revision): Version[] {
    const undone: Version[] = [];
    for (let last = this.history.at(-1); last !== undefined && last.modified > revision;) {
      this.history.pop();
      undone.push(last);
      if (last.previous !== undefined) this.heads.set(last.key, last.previous);
      else {
        this.heads.delete(last.key);
        this.keys.remove(last.key);
      }
      last = this.history.at(-1);
    }
    this.assigned = revision;
    return undone;
  }

  page(prefix: Key, revision: Revision, after: Key | undefined, limit: number): FoundPage {
    const versions: Version[] = [];
    let beyond = 0;
    const start = after !== undefined && compareKeys(after, prefix) > 0 ? after : prefix;
    for (const key of this.keys.from(start)) {
      if (!key.startsWith(prefix)) break;
      if (key === after) continue;
      const version = this.at(key, revision);
      if (version === undefined) continue;
      if (versions.length < limit) versions.push(version);
      else if (++beyond > countMax) break;
    }
    return { versions, more: beyond > 0, remaining: beyond > countMax ? undefined : beyond };
  }

  /** Versions under the prefix after one revision and up to another, whole commits, at least `limit` of them where there are. */
  since(
    prefix: Key,
    after: Revision,
    upTo: Revision,
    limit: number,
  ): { found: Version[]; through: Revision } {
    const found: Version[] = [];
    let through = after;
    for (let at = this.firstAfter(after); at < this.history.length; at++) {
      const version = this.history[at];
      if (version === undefined || version.modified > upTo) break;
      if (found.length >= limit && version.modified > through) return { found, through };
      through = version.modified;
      if (version.key.startsWith(prefix)) found.push(version);
    }
    return { found, through: Math.max(after, upTo) };
  }

  /**
   * Forgets what no revision from `before` on can see. Returns what was forgotten, older versions of a key before newer, so that
   * a crash between two of them never lets an old version rise again.
   */
  compact(before: Revision): Version[] {
    const forgotten: Version[] = [];
    let passed = 0;
    for (const version of this.history) {
      if (version.modified > before) break;
      if (version.previous !== undefined) forgotten.push(version.previous);
      version.previous = undefined;
      // A deletion at the revision itself stays: a watch may still begin just before it.
      if (version.modified === before) continue;
      passed++;
      if (version.is === "deleted" && this.heads.get(version.key) === version) {
        forgotten.push(version);
        this.heads.delete(version.key);
        this.keys.remove(version.key);
      }
    }
    this.history = this.history.slice(passed);
    this.oldest = Math.max(this.oldest, before);
    return forgotten;
  }

  private firstAfter(revision: Revision): number {
    let low = 0;
    let high = this.history.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.history[middle]?.modified ?? Infinity) <= revision) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

export function entryOf(
  key: Key,
  value: Uint8Array,
  facts: Pick<Version, "created" | "modified" | "lease">,
): Entry {
  const { created, modified, lease } = facts;
  return lease === undefined ? { key, value, created, modified } : { key, value, created, modified, lease };
}
