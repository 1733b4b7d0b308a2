// Owns the order of keys: by their UTF-8 bytes, which UTF-16 strings only share below the surrogates.
import type { Key } from "./store.ts";

/** Where a UTF-16 unit ranks among UTF-8 bytes: surrogates encode code points above every other unit's. */
const rank = (unit: number): number => (unit < 0xd800 ? unit : unit < 0xe000 ? unit + 0x2000 : unit - 0x800);

/** Negative where `a` sorts before `b`. */
export function compareKeys(a: Key, b: Key): number {
  if (a === b) return 0;
  const shared = Math.min(a.length, b.length);
  for (let at = 0; at < shared; at++) {
    const unitA = a.charCodeAt(at);
    const unitB = b.charCodeAt(at);
    if (unitA !== unitB) return rank(unitA) - rank(unitB);
  }
  return a.length - b.length;
}
