// Owns the disk beneath the simulated API server's store: what is durable outlives every crash; it fills up, slows down and tears.
import type { Millis } from "../../src/lib/units.ts";
import type { Batch, Journal, Recovered } from "../../src/store/journal.ts";
import type { Revision } from "../../src/store/store.ts";
import type { Version } from "../../src/store/version-index.ts";
import type { Clock } from "../../src/world/clock.ts";
import type { Random } from "../../src/world/random.ts";
import { never, type SimulatedProcess } from "./process.ts";

/** A durable write to one key. */
export interface DurableWrite {
  readonly key: string;
  readonly revision: Revision;
  /** Absent where it deleted the key. */
  readonly value: Uint8Array | undefined;
}

interface Record {
  readonly version: Omit<Version, "previous" | "entry">;
  readonly value: Uint8Array | undefined;
}

export interface DiskParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly trace: (line: string) => void;
}

const placeOf = ({ modified, order }: Pick<Version, "modified" | "order">): string => `${modified}/${order}`;

export class Disk {
  /** Writes are refused while it is. */
  isFull = false;
  /** How long a sync may take at most. */
  syncMax: Millis = 2;
  /** The newest revision that no crash takes back. */
  durable: Revision = 0;
  /** Called in the middle of the next write. */
  tearNext: (() => void) | undefined;
  /** Whether the store that is open now was refused a write: it takes no more until it is opened anew. */
  hasRefused = false;
  private readonly parts: DiskParts;
  private readonly records = new Map<string, Record>();
  private readonly leases = new Map<number, Millis>();
  private lastLease = 0;
  private oldest: Revision = 0;
  private readonly writing = new Set<Batch>();
  private readonly listeners: ((write: DurableWrite) => void)[] = [];

  constructor(parts: DiskParts) {
    this.parts = parts;
  }

  onDurable(told: (write: DurableWrite) => void): void {
    this.listeners.push(told);
  }

  /** What the process finds on it, and where it writes from now on. `early` acknowledges before the sync: a planted fault. */
  open(
    process: SimulatedProcess,
    early = false,
  ): { readonly journal: Journal; readonly recovered: Recovered } {
    this.hasRefused = false;
    return {
      journal: {
        write: (batch) => (process.alive ? this.write(batch, early) : never),
        value: (version) => this.records.get(placeOf(version))?.value,
        breathe: () => Promise.resolve(),
        close: () => Promise.resolve(),
      },
      recovered: {
        versions: Array.from(this.records.values(), ({ version }) => ({
          ...version,
          previous: undefined,
          entry: undefined,
        })),
        oldest: this.oldest,
        leases: Array.from(this.leases, ([id, timeToLive]) => ({ id, timeToLive })),
        lastLease: this.lastLease,
      },
    };
  }

  /** The process that wrote is gone: of what was on its way to the medium, all is there or nothing. */
  crashed(): void {
    this.tearNext = undefined;
    const torn = [...this.writing];
    this.writing.clear();
    for (const batch of torn) {
      const isKept = this.parts.random.int(2) === 0;
      this.parts.trace(`disk torn ${isKept ? "kept" : "lost"} ${batch.made.map(({ key }) => key).join(" ")}`);
      if (isKept) this.place(batch);
    }
  }

  private write(batch: Batch, early: boolean): Promise<void> {
    if (this.isFull) {
      this.hasRefused = true;
      return Promise.reject(
        Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" }),
      );
    }
    const { clock, random } = this.parts;
    const takes = 1 + random.int(this.syncMax);
    this.writing.add(batch);
    const tear = this.tearNext;
    this.tearNext = undefined;
    if (tear !== undefined) clock.after(random.int(takes), tear);
    const synced = new Promise<void>((resolve) => {
      clock.after(takes, () => {
        // A crash came before.
        if (!this.writing.delete(batch)) return;
        this.place(batch);
        resolve();
      });
    });
    return early ? Promise.resolve() : synced;
  }

  private place(batch: Batch): void {
    for (const version of batch.made) {
      const { previous: _previous, entry, ...facts } = version;
      this.records.set(placeOf(version), { version: facts, value: entry?.value });
      this.durable = version.modified;
      for (const told of this.listeners)
        told({ key: version.key, revision: version.modified, value: entry?.value });
    }
    for (const version of batch.forgotten) this.records.delete(placeOf(version));
    for (const { id, timeToLive } of batch.granted) {
      this.leases.set(id, timeToLive);
      this.lastLease = Math.max(this.lastLease, id);
    }
    for (const id of batch.ended) this.leases.delete(id);
    if (batch.oldest !== undefined) this.oldest = batch.oldest;
  }
}
