// Owns the port to chance, with its real form and the seeded one.
import { randomBytes, randomInt } from "node:crypto";

export interface Random {
  /** A whole number from 0 up to, not including, `below` (at most 2^32). */
  int(below: number): number;
  bytes(count: number): Uint8Array;
}

export const realRandom: Random = {
  int: (below) => randomInt(below),
  bytes: (count) => new Uint8Array(randomBytes(count)),
};

/** The same seed gives the same numbers for ever (mulberry32). */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const next32 = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  return {
    int: (below) => Math.floor((next32() / 2 ** 32) * below),
    bytes: (count) => Uint8Array.from({ length: count }, () => next32() & 0xff),
  };
}

/** A random (version 4) UUID, as in `metadata.uid`. */
export function uuid(random: Random): string {
  const bytes = random.bytes(16);
  const hex = Array.from(bytes, (byte, at) =>
    (at === 6 ? (byte & 0x0f) | 0x40 : at === 8 ? (byte & 0x3f) | 0x80 : byte).toString(16).padStart(2, "0"),
  ).join("");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
