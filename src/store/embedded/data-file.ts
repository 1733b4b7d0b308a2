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
    for (const tree of walk.newestTrees()) walk.tree(tree);
  } finally {
    closeSync(file);
  }
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
  newestTrees(): Tree[] {
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

  tree(tree: Tree): void {
    const { entries, pages } = this;
    this.entries = 0;
    this.pages = 0;
    const inner: Tree[] = [];
    if (tree.root !== undefined) this.page(tree.root, tree.depth, inner);
    if (this.entries !== tree.entries || this.pages !== tree.pages)
      throw new DamageError(
        `a tree has ${this.entries} entries on ${this.pages} pages instead of ${tree.entries} on ${tree.pages}`,
      );
    for (const child of inner) this.tree(child);
    this.entries = entries;
    this.pages = pages;
  }

  private page(number: number, depth: number, inner: Tree[]): void {
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
    const children: number[] = [];
    for (let at = 0; at < lower; at += 2) {
      const node = headLength + page.readUInt16LE(headLength + at);
      if (node < headLength + upper || node + nodeHead > page.length)
        throw new DamageError(`page ${number} points outside itself`);
      if (depth > 1) children.push(page.readUIntLE(node, 6));
      else this.leaf(page, node, inner);
    }
    for (const child of children) this.page(child, depth - 1, inner);
  }

  private leaf(page: Buffer, node: number, inner: Tree[]): void {
    this.entries++;
    const size = page.readUInt32LE(node);
    const flags = page.readUInt16LE(node + 4);
    const at = node + nodeHead + page.readUInt16LE(node + 6);
    const inPage = (flags & nodeBig) !== 0 ? 24 : size;
    if (at + inPage > page.length) throw new DamageError("an entry reaches beyond its page");
    if ((flags & nodeBig) !== 0) this.overflow(page.readUIntLE(at, 6), size);
    if ((flags & nodeTree) !== 0) {
      if (size !== treeLength) throw new DamageError("a tree's root entry has the wrong size");
      inner.push(readTree(page, at));
    }
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
