// Owns a set of keys in order, in chunks, into which what came and went meanwhile is worked in portions.
import { compareKeys } from "./key-order.ts";
import type { Key } from "./store.ts";

const chunkMax = 512;
// To find one key's place among a hundred thousand is to read many strings far apart; thousands share most of that.
const unsortedDefault = 4096;
/** Where units beyond these occur, UTF-8 sorts otherwise than UTF-16. */
const farUnit = /[\ud800-\uffff]/;

/** Calls for `add` only with absent keys and for `remove` only with present ones are the caller's duty. */
export class SortedKeys {
  private chunks: Key[][] = [];
  /** Not in the chunks yet, and still in them. */
  private readonly came = new Set<Key>();
  private readonly gone = new Set<Key>();
  private readonly unsortedMax: number;
  private sortsPlainly = true;

  /** How many may have come or gone before they are worked in, unless somebody asks for the order. */
  constructor(unsortedMax = unsortedDefault) {
    this.unsortedMax = unsortedMax;
  }

  add(key: Key): void {
    if (this.gone.delete(key)) return;
    if (this.sortsPlainly && farUnit.test(key)) this.sortsPlainly = false;
    this.came.add(key);
    if (this.came.size >= this.unsortedMax) this.sort();
  }

  remove(key: Key): void {
    if (this.came.delete(key)) return;
    this.gone.add(key);
    if (this.gone.size >= this.unsortedMax) this.sort();
  }

  /** The keys from this one on. The set must not change meanwhile. */
  *from(key: Key): Generator<Key, void, undefined> {
    this.sort();
    const begin = this.chunkOf(key, 0);
    for (let at = begin; at < this.chunks.length; at++) {
      const chunk = this.chunks[at] ?? [];
      for (let place = at === begin ? firstFrom(chunk, key, 0) : 0; place < chunk.length; place++) {
        const found = chunk[place];
        if (found !== undefined) yield found;
      }
    }
  }

  /** Works in what came and went. */
  private sort(): void {
    if (this.came.size === 0 && this.gone.size === 0) return;
    const came = this.inOrder(this.came);
    const gone = this.inOrder(this.gone);
    this.came.clear();
    this.gone.clear();
    const old = this.chunks.length === 0 ? [[]] : this.chunks;
    const chunks: Key[][] = [];
    let [passed, added, removed] = [0, 0, 0];
    for (let key = first(came[0], gone[0]); key !== undefined; key = first(came[added], gone[removed])) {
      const at = this.chunkOf(key, passed);
      for (const chunk of old.slice(passed, at)) chunks.push(chunk);
      const next = old[at + 1]?.[0];
      const addedEnd = next === undefined ? came.length : firstFrom(came, next, added);
      const removedEnd = next === undefined ? gone.length : firstFrom(gone, next, removed);
      const kept = without(old[at] ?? [], gone.slice(removed, removedEnd));
      pushParts(chunks, merged(kept, came.slice(added, addedEnd)));
      [passed, added, removed] = [at + 1, addedEnd, removedEnd];
    }
    for (const chunk of old.slice(passed)) chunks.push(chunk);
    this.chunks = chunks;
  }

  private inOrder(keys: Iterable<Key>): Key[] {
    const list = [...keys];
    // Without a function to compare, strings are compared by their units, and much faster.
    return this.sortsPlainly ? list.sort() : list.sort(compareKeys);
  }

  /** The last chunk, looked for from one on, whose first key is not greater. */
  private chunkOf(key: Key, from: number): number {
    let low = from;
    let high = this.chunks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      const first = this.chunks[middle]?.[0];
      if (first !== undefined && compareKeys(first, key) <= 0) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

const first = (one: Key | undefined, other: Key | undefined): Key | undefined =>
  one === undefined || (other !== undefined && compareKeys(other, one) < 0) ? other : one;

/** The place of the first key that is not smaller, looked for from a place on. */
function firstFrom(chunk: readonly Key[], key: Key, from: number): number {
  let low = from;
  let high = chunk.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const found = chunk[middle];
    if (found !== undefined && compareKeys(found, key) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

function copy(into: Key[], keys: readonly Key[], from: number, to: number): void {
  for (let at = from; at < to; at++) {
    const key = keys[at];
    if (key !== undefined) into.push(key);
  }
}

function without(chunk: readonly Key[], gone: readonly Key[]): readonly Key[] {
  if (gone.length === 0) return chunk;
  const kept: Key[] = [];
  let from = 0;
  for (const key of gone) {
    const place = firstFrom(chunk, key, from);
    copy(kept, chunk, from, place);
    from = chunk[place] === key ? place + 1 : place;
  }
  copy(kept, chunk, from, chunk.length);
  return kept;
}

function merged(chunk: readonly Key[], came: readonly Key[]): readonly Key[] {
  if (came.length === 0) return chunk;
  const all: Key[] = [];
  let from = 0;
  for (const key of came) {
    const place = firstFrom(chunk, key, from);
    copy(all, chunk, from, place);
    all.push(key);
    from = place;
  }
  copy(all, chunk, from, chunk.length);
  return all;
}

/** In equal parts that leave room; nothing of nothing. A part that is small is joined to the one before it. */
function pushParts(chunks: Key[][], keys: readonly Key[]): void {
  const before = chunks.at(-1);
  if (before !== undefined && before.length + keys.length <= chunkMax / 2) {
    chunks[chunks.length - 1] = before.concat(keys);
    return;
  }
  const parts = Math.ceil(keys.length / chunkMax);
  for (let part = 0; part < parts; part++)
    chunks.push(
      keys.slice(Math.floor((part * keys.length) / parts), Math.floor(((part + 1) * keys.length) / parts)),
    );
}
