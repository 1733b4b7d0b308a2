// Owns the port to chance, with its real form and the seeded one.
import { randomBytes, randomInt } from "node:crypto";

export interface Random {
  /** A whole number from 0 up to, not including, `below` (at most 2^32). */
  int(below: number): number;
  bytes(count: number): Uint8Array;
}

const poolSize = 4096;
let pool: Uint8Array = new Uint8Array();
let poolUsed = 0;

/** Asking the machine for a few bytes costs as much as for thousands. No byte is given out twice. */
function realBytes(count: number): Uint8Array {
  if (count > poolSize) return new Uint8Array(randomBytes(count));
  if (poolUsed + count > pool.length) {
    pool = randomBytes(poolSize);
    poolUsed = 0;
  }
  poolUsed += count;
  return Uint8Array.from(pool.subarray(poolUsed - count, poolUsed));
}

export const realRandom: Random = {
  int: (below) => randomInt(below),
  bytes: realBytes,
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
  const bytes = Buffer.from(random.bytes(16));
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x40, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
