// Owns the port between the store's logic and the medium: what is written together, and what a restart gives back.
import type { Millis } from "../lib/units.ts";
import type { LeaseId, Revision } from "./store.ts";
import type { Version } from "./version-index.ts";

/** Written as one step: after a crash all of it is there or nothing. */
export interface Batch {
  /** Versions to keep, whole commits in order. A put carries its entry. */
  readonly made: readonly Version[];
  /** Versions to forget. */
  readonly forgotten: readonly Version[];
  readonly granted: readonly LeaseTerms[];
  readonly ended: readonly LeaseId[];
  /** The new oldest revision. */
  readonly oldest: Revision | undefined;
}

export interface LeaseTerms {
  readonly id: LeaseId;
  readonly timeToLive: Millis;
}

/** What the medium held when it was opened. */
export interface Recovered {
  /** By revision and order. */
  readonly versions: Iterable<Version>;
  readonly oldest: Revision;
  readonly leases: readonly LeaseTerms[];
  readonly lastLease: LeaseId;
}

export interface Journal {
  /** Resolves once durable. One at a time. Rejects with `NoSpaceError` where nothing was written for want of room; anything else is final. */
  write(batch: Batch): Promise<void>;
  /** The value of a durable put; nothing where it was forgotten. Absent where each version keeps its own for as long as it lives. */
  readonly value?: (version: Version) => Uint8Array | undefined;
  /** Lets other work of the process have its turn. */
  breathe(): Promise<void>;
  close(): Promise<void>;
}
