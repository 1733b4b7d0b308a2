// Owns lmdb: the log of versions and the few facts beside it. A write here resolves after the medium has synced.
import { type Database, open, type RootDatabase } from "lmdb";
import { writeFileSync } from "node:fs";
import { crc32 } from "node:zlib";
import { wordsOf } from "../../world/log.ts";
import type { Batch, Journal, LeaseTerms, Recovered } from "../journal.ts";
import type { Version } from "../version-index.ts";
import { NoSpaceError } from "../store.ts";
import { commitUnlessFull, freeSpace } from "./free-space.ts";
import { fillHoles, Headroom } from "./headroom.ts";
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
  private readonly headroom: Headroom;
  /** Of the batch being written: lmdb reads it from a thread of its own until the write has ended. */
  private room: Buffer = Buffer.alloc(0);

  /** Throws `DamageError` where an existing file lacks what a new one is given, `NoSpaceError` where the disk is too full to begin. */
  constructor(file: string, state: "new" | "existing") {
    this.file = file;
    // lmdb leaves holes in its file of locks and maps it: on a disk that is full by then, touching one would end the process.
    writeFileSync(`${file}-lock`, Buffer.alloc(lockFileLength));
    if (state === "existing" && !fillHoles(file)) throw this.noSpace();
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
    this.headroom = new Headroom(file);
    try {
      if (state === "new" && !this.headroom.has(roomBeside)) throw this.noSpace();
      this.versions = this.root.openDB<Buffer, Buffer>({ name: "versions", ...part });
      this.facts = this.root.openDB<Buffer, Buffer>({ name: "facts", ...part });
    } catch (thrown) {
      this.headroom.close();
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
    const wanted = this.takenBy(batch);
    if (!this.headroom.has(wanted)) throw this.noSpace();
    const outcome = await commitUnlessFull({
      commit: () => this.commit(batch),
      free: () => freeSpace(this.file),
      wanted,
    });
    if (outcome === "full") throw this.noSpace();
  }

  /** At worst: with each page that it touches written to a place that is new. */
  private takenBy({ made, forgotten, granted, ended }: Batch): number {
    const { pageSize } = this.headroom;
    let room = roomBeside + this.headroom.used() / freeListShare;
    for (const version of made) {
      const record = recordRoom(version) + recordBeside;
      // Small ones leave up to half of a page empty, large ones up to a whole one.
      room += record + Math.min(record, 2 * pageSize);
    }
    room += pagesTouched * pageSize * (2 * granted.length + ended.length);
    if (forgotten.length > 0) room += Math.min(pagesTouched * pageSize * forgotten.length, this.sizeOfTree());
    return Math.ceil(room);
  }

  /** Of what a removal touches: a value that has pages of its own is not written again. */
  private sizeOfTree(): number {
    this.root.resetReadTxn();
    // What lmdb documents of it.
    const { treeBranchPageCount, treeLeafPageCount } = this.versions.getStats() as Record<string, number>;
    return this.headroom.pageSize * ((treeBranchPageCount ?? Infinity) + (treeLeafPageCount ?? Infinity));
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
      if (this.room.length > keptMax) this.room = Buffer.alloc(0);
    } catch (thrown) {
      // Who knows whether it is still looked at.
      this.room = Buffer.alloc(0);
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

  async close(): Promise<void> {
    try {
      await this.root.close();
    } finally {
      this.headroom.close();
    }
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

// For the inner pages above what it writes, the other trees and what becomes free.
const roomBeside = 1 << 18;
// lmdb may write its whole list of free pages anew, at eight bytes a page of 4 KiB; this is four times as much.
const freeListShare = 128;
// Its key and its entry in the page, amply.
const recordBeside = 512;
// The page itself and the neighbour that it is merged with.
const pagesTouched = 2;

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
