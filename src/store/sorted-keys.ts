// Owns a set of keys in order, in chunks so that adding one among a hundred thousand moves only a few hundred.
import { compareKeys } from "./key-order.ts";
import type { Key } from "./store.ts";

const chunkMax = 512;

/** Calls for `add` only with absent keys and for `remove` only with present ones are the caller's duty. */
export class SortedKeys {
  private readonly chunks: Key[][] = [[]];

  add(key: Key): void {
    const at = this.chunkOf(key);
    const chunk = this.chunks[at] ?? [];
    // Keys mostly arrive in order within a kind; the end is looked at first.
    const last = chunk.at(-1);
    if (last === undefined || compareKeys(last, key) < 0) chunk.push(key);
    else chunk.splice(firstFrom(chunk, key), 0, key);
    if (chunk.length > chunkMax) this.chunks.splice(at + 1, 0, chunk.splice(chunk.length >> 1));
  }

  remove(key: Key): void {
    const at = this.chunkOf(key);
    const chunk = this.chunks[at] ?? [];
    const place = firstFrom(chunk, key);
    if (chunk[place] !== key) return;
    chunk.splice(place, 1);
    if (chunk.length === 0 && this.chunks.length > 1) this.chunks.splice(at, 1);
  }

  /** The keys from this one on. The set must not change meanwhile. */
  *from(key: Key): Generator<Key, void, undefined> {
    const first = this.chunkOf(key);
    for (let at = first; at < this.chunks.length; at++) {
      const chunk = this.chunks[at] ?? [];
      for (let place = at === first ? firstFrom(chunk, key) : 0; place < chunk.length; place++) {
        const found = chunk[place];
        if (found !== undefined) yield found;
      }
    }
  }

  /** The last chunk whose first key is not greater. */
  private chunkOf(key: Key): number {
    let low = 0;
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

/** The place of the first key that is not smaller. */
function firstFrom(chunk: readonly Key[], key: Key): number {
  let low = 0;
  let high = chunk.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const found = chunk[middle];
    if (found !== undefined && compareKeys(found, key) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
