// Owns the look at lmdb's file before it is mapped: lmdb trusts its pages, and a torn file would end the process with a signal.
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { DamageError } from "./record.ts";

// lmdb's data format 2 on a little-endian 64-bit machine, as its mdb.c lays it out.
const magic = 0xbeefc0de;
const dataVersion = 2;
const headLength = 24;
const metaLength = 168;
const flagBranch = 0x01;
const flagLeaf = 0x02;
const flagOverflow = 0x04;
const flagMeta = 0x08;
const nodeHead = 8;
const nodeBig = 0x01;
const nodeTree = 0x02;
const treeLength = 48;
const noRoot = 2n ** 64n - 1n;
const depthMax = 32;

interface Tree {
  readonly depth: number;
  readonly pages: number;
  readonly entries: number;
  readonly root: number | undefined;
}

/** Throws `DamageError` unless every page that the newest state reaches is there and is what it should be. */
export function checkDataFile(path: string): void {
  const file = openSync(path, "r");
  try {
    const walk = new Walk(file, fstatSync(file).size);
    const [free, main] = walk.newestTrees();
    walk.tree(free, byNumber);
    walk.tree(main, (a, b) => a.compare(b));
  } finally {
    closeSync(file);
  }
}

type Order = (a: Buffer, b: Buffer) => number;

/** lmdb orders its free pages by the number of the transaction that freed them. */
const byNumber: Order = (a, b) =>
  a.length < 8 || b.length < 8 ? 0 : Number(a.readBigUInt64LE(0) - b.readBigUInt64LE(0));

/** The keys a page may hold. */
interface KeyRange {
  readonly order: Order;
  readonly from: Buffer | undefined;
  readonly below: Buffer | undefined;
}

interface Place {
  readonly number: number;
  readonly depth: number;
  readonly keys: KeyRange;
}

/** A search would miss what a walk still finds, were keys out of order. */
function checkOrder(found: readonly Buffer[], { order, from, below }: KeyRange): void {
  let last: Buffer | undefined;
  for (const key of found) {
    if (last !== undefined && order(last, key) >= 0) throw new DamageError("its keys are out of order");
    last = key;
  }
  const first = found[0];
  if (first !== undefined && from !== undefined && order(first, from) < 0)
    throw new DamageError("its keys are out of order");
  if (last !== undefined && below !== undefined && order(last, below) >= 0)
    throw new DamageError("its keys are out of order");
}

class Walk {
  private readonly file: number;
  private readonly size: number;
  private pageSize = 4096;
  private seen = new Uint8Array(0);
  private entries = 0;
  private pages = 0;

  constructor(file: number, size: number) {
    this.file = file;
    this.size = size;
  }

  /** The trees of free pages and of databases, from the newer of the two meta pages. */
  newestTrees(): [free: Tree, main: Tree] {
    const first = this.meta(0);
    this.pageSize = first.readUInt32LE(48);
    if (this.pageSize < 512 || this.pageSize > 65_536 || (this.pageSize & (this.pageSize - 1)) !== 0)
      throw new DamageError(`its page size ${this.pageSize} is impossible`);
    const second = this.meta(this.pageSize);
    this.seen = new Uint8Array(Math.floor(this.size / this.pageSize));
    this.seen.fill(1, 0, 2);
    const newer = second.readBigUInt64LE(152) > first.readBigUInt64LE(152) ? second : first;
    return [readTree(newer, 48), readTree(newer, 96)];
  }

  tree(tree: Tree, order: Order): void {
    const { entries, pages } = this;
    this.entries = 0;
    this.pages = 0;
    const inner: Tree[] = [];
    const keys: KeyRange = { order, from: undefined, below: undefined };
    if (tree.root !== undefined) this.page({ number: tree.root, depth: tree.depth, keys }, inner);
    if (this.entries !== tree.entries || this.pages !== tree.pages)
      throw new DamageError(
        `a tree has ${this.entries} entries on ${this.pages} pages instead of ${tree.entries} on ${tree.pages}`,
      );
    for (const child of inner) this.tree(child, order);
    this.entries = entries;
    this.pages = pages;
  }

  private page({ number, depth, keys }: Place, inner: Tree[]): void {
    const page = this.read(number, 1);
    const flags = page.readUInt16LE(18);
    const expected = depth > 1 ? flagBranch : flagLeaf;
    if ((flags & 0x0f) !== expected || depth < 1)
      throw new DamageError(`page ${number} is of the wrong kind`);
    this.pages++;
    const lower = page.readUInt16LE(20);
    const upper = page.readUInt16LE(22);
    if (lower > upper || headLength + upper > page.length || lower % 2 !== 0)
      throw new DamageError(`page ${number} has impossible bounds`);
    const children: { readonly number: number; readonly key: Buffer }[] = [];
    const found: Buffer[] = [];
    const ends = new Map<number, number>();
    for (let at = 0; at < lower; at += 2) {
      const node = headLength + page.readUInt16LE(headLength + at);
      if (node < headLength + upper || node + nodeHead > page.length)
        throw new DamageError(`page ${number} points outside itself`);
      const keyEnd = node + nodeHead + page.readUInt16LE(node + 6);
      const key = page.subarray(node + nodeHead, keyEnd);
      // The first key of an inner page stands for everything before the second.
      if (depth === 1 || at > 0) found.push(key);
      if (depth > 1) children.push({ number: page.readUIntLE(node, 6), key });
      const end = depth > 1 ? keyEnd : this.leaf(page, { node, keyEnd }, inner);
      ends.set(node, end + (end % 2));
    }
    // Entries lie side by side up to the end of the page, each once.
    let place = headLength + upper;
    for (let left = lower / 2; left > 0; left--) place = ends.get(place) ?? Infinity;
    if (place !== page.length) throw new DamageError(`page ${number} has entries that do not fit together`);
    checkOrder(found, keys);
    for (const [at, child] of children.entries()) {
      const from = at === 0 ? keys.from : child.key;
      const below = children[at + 1]?.key ?? keys.below;
      this.page({ number: child.number, depth: depth - 1, keys: { order: keys.order, from, below } }, inner);
    }
  }

  /** Where the entry ends. */
  private leaf(page: Buffer, { node, keyEnd }: { node: number; keyEnd: number }, inner: Tree[]): number {
    this.entries++;
    const size = page.readUInt32LE(node);
    const flags = page.readUInt16LE(node + 4);
    const end = keyEnd + ((flags & nodeBig) !== 0 ? 24 : size);
    if (end > page.length) throw new DamageError("an entry reaches beyond its page");
    if ((flags & nodeBig) !== 0) this.overflow(page.readUIntLE(keyEnd, 6), size);
    if ((flags & nodeTree) !== 0) {
      if (size !== treeLength) throw new DamageError("a tree's root entry has the wrong size");
      inner.push(readTree(page, keyEnd));
    }
    return end;
  }

  private overflow(number: number, size: number): void {
    const count = Math.floor((headLength - 1 + size) / this.pageSize) + 1;
    const page = this.read(number, count);
    if ((page.readUInt16LE(18) & flagOverflow) === 0 || page.readUInt32LE(20) !== count)
      throw new DamageError(`page ${number} is of the wrong kind`);
    this.pages += count;
  }

  private meta(offset: number): Buffer {
    const page = Buffer.alloc(metaLength);
    if (readSync(this.file, page, 0, metaLength, offset) < metaLength)
      throw new DamageError("it is cut short");
    const ours =
      (page.readUInt16LE(18) & flagMeta) !== 0 &&
      page.readUInt32LE(24) === magic &&
      (page.readUInt32LE(28) & 0xffff) === dataVersion;
    if (!ours) throw new DamageError("it does not begin as a store does");
    return page;
  }

  /** The first of `count` pages in a row, which nothing else may hold. */
  private read(number: number, count: number): Buffer {
    if (number + count > this.seen.length)
      throw new DamageError(`it is cut short: page ${number} is missing`);
    for (let at = number; at < number + count; at++) {
      if (this.seen[at] === 1) throw new DamageError(`page ${at} is in two places`);
      this.seen[at] = 1;
    }
    const page = Buffer.allocUnsafe(this.pageSize);
    if (readSync(this.file, page, 0, this.pageSize, number * this.pageSize) < this.pageSize)
      throw new DamageError(`it is cut short: page ${number} is missing`);
    if (page.readBigUInt64LE(0) !== BigInt(number))
      throw new DamageError(`page ${number} is not where it should be`);
    return page;
  }
}

function readTree(from: Buffer, at: number): Tree {
  const depth = from.readUInt16LE(at + 6);
  const root = from.readBigUInt64LE(at + 40);
  if (depth > depthMax) throw new DamageError(`a tree of depth ${depth} is impossible`);
  const count = (offset: number): number => Number(from.readBigUInt64LE(at + offset));
  return {
    depth,
    pages: count(8) + count(16) + count(24),
    entries: count(32),
    root: root === noRoot ? undefined : Number(root),
  };
}
