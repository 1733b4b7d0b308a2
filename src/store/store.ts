// Owns the port to storage: etcd's data model. One global revision, compare-and-commit, watch from a revision, leases, compaction.
import type { Millis } from "../lib/units.ts";

/** A key such as `/registry/daemonsets/default/rng`. Keys sort by their UTF-8 bytes. */
export type Key = string;
/** Grows by one with every commit that changes something. 0 is the empty store. */
export type Revision = number;
export type LeaseId = number;

export interface Entry {
  readonly key: Key;
  readonly value: Uint8Array;
  /** Revision that created the key (since its last deletion). */
  readonly created: Revision;
  /** Revision of the last write: what Kubernetes shows as resourceVersion. */
  readonly modified: Revision;
  readonly lease?: LeaseId;
}

export type Guard =
  | { readonly key: Key; readonly is: "absent" }
  | { readonly key: Key; readonly is: "at"; readonly modified: Revision };

export type Write =
  | { readonly do: "put"; readonly key: Key; readonly value: Uint8Array; readonly lease?: LeaseId }
  | { readonly do: "delete"; readonly key: Key };

/** All writes of one commit share its revision. */
export interface Committed {
  readonly is: "committed";
  readonly revision: Revision;
}
/** A guard did not hold; nothing was written. `key` is the first guard that failed, `actual` what stands there. */
export interface Conflict {
  readonly is: "conflict";
  readonly key: Key;
  readonly actual: Entry | "absent";
}
/** The revision asked for is older than the last compaction: list anew. */
export interface Compacted {
  readonly is: "compacted";
  readonly oldest: Revision;
}

export interface Page {
  readonly is: "page";
  readonly entries: readonly Entry[];
  /** The revision this page shows. */
  readonly revision: Revision;
  /** More keys follow the last entry. */
  readonly more: boolean;
  /** How many entries follow the last one, where the store knows. */
  readonly remaining?: number;
}

export type Change =
  | { readonly is: "put"; readonly entry: Entry; readonly previous?: Entry }
  | { readonly is: "deleted"; readonly key: Key; readonly revision: Revision; readonly previous?: Entry };

/** Whether a change comes with what stood there before, which may have to be read from the medium. */
export type WatchShows = "with-previous" | "changes-only";

export interface PageRequest {
  readonly limit?: number;
  /** Start at the first key greater than this one. */
  readonly after?: Key;
  readonly at?: Revision;
}

export interface Store {
  /** The newest durable revision this process knows of. */
  revision(): Revision;
  /** The newest durable revision there is, other processes' commits included. */
  latest(): Revision | Promise<Revision>;
  get(key: Key, at?: Revision): Promise<Entry | "absent" | Compacted>;
  /** Entries whose key starts with the prefix, in key order. */
  list(prefix: Key, page?: PageRequest): Promise<Page | Compacted>;
  /**
   * Resolves once durable. Guards are checked and writes applied as one step; a delete of an absent key is no change. Throws
   * `NoSpaceError` where the medium is full.
   */
  commit(guards: readonly Guard[], writes: readonly Write[]): Promise<Committed | Conflict>;
  /**
   * Every change under the prefix with a revision greater than `after`, in order, none skipped, none repeated; one array holds
   * whole commits. Ends when the signal aborts or the store closes. Throws `CompactedError` where it cannot begin or go on.
   */
  watch(
    prefix: Key,
    after: Revision,
    signal: AbortSignal,
    shows?: WatchShows,
  ): AsyncIterable<readonly Change[]>;
  /** Forgets history before the revision: what is visible at it stays. */
  compact(before: Revision): Promise<void>;
  /** Keys put with the lease are deleted when it runs out unless it is kept alive. Leases survive a restart with a full time to live. */
  grant(timeToLive: Millis): Promise<LeaseId>;
  keepAlive(lease: LeaseId): Promise<"alive" | "absent">;
  revoke(lease: LeaseId): Promise<void>;
  close(): Promise<void>;
}

export class CompactedError extends Error {
  readonly oldest: Revision;

  constructor(oldest: Revision) {
    super(`cannot watch from that revision: history before ${oldest} is compacted; list anew`);
    this.name = "CompactedError";
    this.oldest = oldest;
  }
}

/** The store cannot be reached, or has no majority. */
export class StoreUnavailableError extends Error {
  /** Whether what was asked for may have been done all the same. */
  readonly outcome: "not-done" | "unknown";

  constructor(outcome: "not-done" | "unknown", message: string) {
    super(message);
    this.name = "StoreUnavailableError";
    this.outcome = outcome;
  }
}

/** The medium has no room for a write: nothing of it was written, reading goes on, and a later write may succeed. */
export class NoSpaceError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "NoSpaceError";
  }
}
