// Owns lmdb: the log of versions and the few facts beside it. A write here resolves after the medium has synced.
import { type Database, open, type RootDatabase } from "lmdb";
import { writeFileSync } from "node:fs";
import { crc32 } from "node:zlib";
import { wordsOf } from "../../world/log.ts";
import type { Batch, Journal, LeaseTerms, Recovered } from "../journal.ts";
import type { Version } from "../version-index.ts";
import { NoSpaceError } from "../store.ts";
import { freeSpace, isForWantOfSpace } from "./free-space.ts";
import { DamageError, decodeRecord, encodeRecord, recordKey, recordRoom } from "./record.ts";

type Bytes = Database<Buffer, Buffer>;
/** What `put` takes besides what its types say: lmdb documents the options for `putSync` and reads them in both. */
interface Appendable {
  put(key: Buffer, value: Buffer, options: { readonly append: true }): Promise<boolean>;
}

const oldestKey = Buffer.from("oldest");
const lastLeaseKey = Buffer.from("last-lease");
// More than lmdb wants for its table of readers. The folder is ours alone, so that nobody has the file open.
const lockFileLength = 16_384;
// Fills pages to the end, where an ordinary put would leave each half empty.
const atTheEnd = { append: true } as const;
// What the records of one batch may fill of memory that is kept for the next.
const keptMax = 1 << 20;
const leasePrefix = "lease/";
const leaseKey = (id: number): Buffer => Buffer.from(`${leasePrefix}${id}`);

export class LmdbJournal implements Journal {
  private readonly root: RootDatabase<Buffer, Buffer>;
  private readonly versions: Bytes;
  private readonly facts: Bytes;
  private readonly file: string;
  private full = false;
  /** Of the batch being written: lmdb reads it from a thread of its own until the write has ended. */
  private room: Buffer = Buffer.alloc(0);

  /** Throws `DamageError` where an existing file lacks what a new one is given. */
  constructor(file: string, state: "new" | "existing") {
    this.file = file;
    // lmdb leaves holes in its file of locks and maps it: on a disk that is full by then, touching one would end the process.
    writeFileSync(`${file}-lock`, Buffer.alloc(lockFileLength));
    const binary = { encoding: "binary", keyEncoding: "binary" } as const;
    // Without overlapping syncs what can be read is durable, and a torn write needs no repair at the next start.
    this.root = open<Buffer, Buffer>({
      path: file,
      noSubdir: true,
      maxDbs: 2,
      overlappingSync: false,
      // A batch of ours is one transaction anyway; with it lmdb makes a promise that nobody can handle when a write fails.
      eventTurnBatching: false,
      ...binary,
    });
    // An option that its types do not name.
    const part = { create: state === "new", ...binary };
    try {
      this.versions = this.root.openDB<Buffer, Buffer>({ name: "versions", ...part });
      this.facts = this.root.openDB<Buffer, Buffer>({ name: "facts", ...part });
    } catch (thrown) {
      void this.root.close();
      if (state === "new") throw thrown;
      throw new DamageError(`a part of it does not open: ${wordsOf(thrown)}`, { cause: thrown });
    }
  }

  /** What an earlier process left. Throws `DamageError` where that is not whole. */
  recover(): Recovered {
    const leases: LeaseTerms[] = [];
    let oldest = 0;
    let lastLease = 0;
    for (const { key, value } of this.facts.getRange({})) {
      const name = key.toString();
      const fact = decodeFact(key, value);
      if (key.equals(oldestKey)) oldest = fact;
      else if (key.equals(lastLeaseKey)) lastLease = fact;
      else if (name.startsWith(leasePrefix))
        leases.push({ id: Number(name.slice(leasePrefix.length)), timeToLive: fact });
      else throw new DamageError(`the fact ${JSON.stringify(name)} is not known`);
    }
    return { versions: this.recoverVersions(), oldest, leases, lastLease };
  }

  async write(batch: Batch): Promise<void> {
    const wanted = roomFor(batch);
    // Asked before lmdb once it is known to be full: a failed transaction costs more than a question.
    if (this.full && batch.made.length > 0 && freeSpace(this.file) < wanted) throw this.noSpace();
    try {
      await this.commit(batch);
      this.full = false;
      if (this.room.length > keptMax) this.room = Buffer.alloc(0);
    } catch (thrown) {
      // Who knows whether it is still looked at.
      this.room = Buffer.alloc(0);
      if (!isForWantOfSpace(thrown, freeSpace(this.file), wanted)) throw thrown;
      this.full = true;
      throw this.noSpace();
    }
  }

  private noSpace(): NoSpaceError {
    return new NoSpaceError(
      `cannot write to the store: the disk that holds ${this.file} is full; free some space there, writing then goes on by itself`,
    );
  }

  private async commit(batch: Batch): Promise<void> {
    const appended: Promise<boolean>[] = [];
    const done = this.root.batch(() => this.enqueue(batch, appended));
    try {
      const [, ...placed] = await Promise.all([done, ...appended]);
      if (placed.includes(false)) throw new DamageError("the file holds revisions that were never given out");
    } catch (thrown) {
      throw await causeOf(thrown);
    }
  }

  value(version: Version): Uint8Array | undefined {
    const key = recordKey(version);
    const record = this.versions.getBinary(key);
    return record === undefined ? undefined : decodeRecord(key, record).value;
  }

  breathe(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve));
  }

  close(): Promise<void> {
    return this.root.close();
  }

  private *recoverVersions(): Generator<Version> {
    let last: Buffer = Buffer.alloc(0);
    let count = 0;
    for (const { key, value } of this.versions.getRange({})) {
      const { version } = decodeRecord(key, value);
      if (Buffer.compare(last, key) >= 0)
        throw new DamageError(`the record at ${key.toString("hex")} is out of order`);
      last = key;
      count++;
      yield version;
    }
    const { entryCount }: { entryCount?: unknown } = this.versions.getStats();
    if (count !== entryCount)
      throw new DamageError(`it yields ${count} of its ${String(entryCount)} records`);
  }

  private enqueue(batch: Batch, appended: Promise<boolean>[]): void {
    const log = this.versions as unknown as Appendable; // see there
    this.makeRoom(batch.made.reduce((sum, version) => sum + recordRoom(version), 0));
    let at = 0;
    for (const version of batch.made) {
      const key = recordKey(version);
      const record = encodeRecord(version, key, this.room.subarray(at));
      at += record.length;
      appended.push(log.put(key, record, atTheEnd));
    }
    // In their order: see VersionIndex.compact.
    for (const version of batch.forgotten) void this.versions.remove(recordKey(version));
    for (const { id, timeToLive } of batch.granted) {
      this.putFact(leaseKey(id), timeToLive);
      this.putFact(lastLeaseKey, id);
    }
    for (const id of batch.ended) void this.facts.remove(leaseKey(id));
    if (batch.oldest !== undefined) this.putFact(oldestKey, batch.oldest);
  }

  private makeRoom(needed: number): void {
    if (needed > this.room.length) this.room = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.room.length));
  }

  private putFact(key: Buffer, fact: number): void {
    const value = Buffer.alloc(12);
    value.writeDoubleLE(fact, 4);
    value.writeUInt32LE(crc32(value.subarray(4), crc32(key)), 0);
    void this.facts.put(key, value);
  }
}

// Beside its own bytes a transaction writes the inner pages above them and its list of free pages.
const roomBeside = 1 << 20;

const roomFor = ({ made }: Batch): number =>
  made.reduce((sum, { entry }) => sum + 2 * (entry?.value.length ?? 0), roomBeside);

function decodeFact(key: Buffer, value: Buffer): number {
  if (value.length !== 12 || value.readUInt32LE(0) !== crc32(value.subarray(4), crc32(key)))
    throw new DamageError(`the fact ${JSON.stringify(key.toString())} is damaged`);
  return value.readDoubleLE(4);
}

/** lmdb tells why a commit failed in a promise of its own. */
async function causeOf(thrown: unknown): Promise<unknown> {
  if (!(thrown instanceof Error) || !("commitError" in thrown)) return thrown;
  try {
    await thrown.commitError;
    return thrown;
  } catch (cause) {
    return cause;
  }
}
