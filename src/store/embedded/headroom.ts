// Owns the room that lmdb's file has ahead of lmdb: its want is met here, in words, and never by lmdb, whose way with a full disk breaks the heap.
import { closeSync, fstatSync, openSync, readSync, writeSync } from "node:fs";
import type { Bytes } from "../../lib/units.ts";

// Really written, since a hole would want its room only when lmdb writes there. A file system that copies what is
// overwritten (btrfs, ZFS) or leaves zeros out (compression) keeps no such promise.
const zeros = Buffer.alloc(1 << 18);
const zeroBlock = zeros.subarray(0, 4096);
/** Made at once beyond what was asked for. */
const stride: Bytes = 2 << 20;

// lmdb's data format 2 on a little-endian 64-bit machine, as its mdb.c lays it out.
const metaLength = 168;
const pageSizeAt = 48;
const lastPageAt = 144;
const transactionAt = 152;

export class Headroom {
  private readonly file: number;
  readonly pageSize: Bytes;
  private readonly metas: Buffer;
  private readonly append: (file: number, bytes: Uint8Array) => Bytes;
  private end: Bytes;

  /** Of a file that lmdb has made. What `append` does not write is not there. */
  constructor(path: string, append: (file: number, bytes: Uint8Array) => Bytes = writeSync) {
    // Appending, so that zeros can never overwrite anything.
    this.file = openSync(path, "a+");
    this.append = append;
    this.end = fstatSync(this.file).size;
    const first = Buffer.alloc(metaLength);
    readSync(this.file, first, 0, metaLength, 0);
    this.pageSize = first.readUInt32LE(pageSizeAt);
    this.metas = Buffer.alloc(this.pageSize + metaLength);
  }

  /** What lmdb may have taken so far, as of its last transaction. */
  used(): Bytes {
    readSync(this.file, this.metas, 0, this.metas.length, 0);
    const other = this.pageSize;
    const newer =
      this.metas.readBigUInt64LE(other + transactionAt) > this.metas.readBigUInt64LE(transactionAt)
        ? other
        : 0;
    return (Number(this.metas.readBigUInt64LE(newer + lastPageAt)) + 1) * this.pageSize;
  }

  /** Whether the next transaction may take so much beyond what is used; makes the room where it is not there yet. */
  has(wanted: Bytes): boolean {
    const needed = this.used() + wanted;
    if (needed <= this.end) return true;
    const goal = needed + stride;
    try {
      while (this.end < goal)
        this.end += this.append(this.file, zeros.subarray(0, Math.min(zeros.length, goal - this.end)));
    } catch (thrown) {
      if (!isFull(thrown)) throw thrown;
    }
    return needed <= this.end;
  }

  close(): void {
    closeSync(this.file);
  }
}

/** Gives each hole in the file its room, as a copy that left zeros out makes them. False where the disk is full. */
export function fillHoles(path: string): boolean {
  const file = openSync(path, "r+");
  try {
    const { blocks, size } = fstatSync(file);
    if (blocks * 512 >= size) return true;
    const part = Buffer.alloc(zeros.length);
    for (let at = 0, length = 1; length > 0; at += length) {
      length = readSync(file, part, 0, part.length, at);
      for (let block = 0; block + zeroBlock.length <= length; block += zeroBlock.length)
        if (zeroBlock.equals(part.subarray(block, block + zeroBlock.length)))
          writeSync(file, zeroBlock, 0, zeroBlock.length, at + block);
    }
    return true;
  } catch (thrown) {
    if (!isFull(thrown)) throw thrown;
    return false;
  } finally {
    closeSync(file);
  }
}

const isFull = (thrown: unknown): boolean =>
  thrown instanceof Error && "code" in thrown && (thrown.code === "ENOSPC" || thrown.code === "EDQUOT");
