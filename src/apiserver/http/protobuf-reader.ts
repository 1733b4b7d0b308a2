// Owns taking a protobuf message apart into its numbered fields.

/** What the bytes hold that no message can. */
export class Malformed extends Error {}

/** Varints come as numbers, exact up to 2^53; length-delimited values as views on the message. */
export type WireField = readonly [number, number | Uint8Array];

const two64 = 2n ** 64n;
const two63 = 2n ** 63n;

class Cursor {
  private readonly bytes: Uint8Array;
  private at = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  get done(): boolean {
    return this.at >= this.bytes.length;
  }

  /** Negative numbers come as ten bytes of two's complement. */
  varint(): number {
    let value = 0;
    for (let count = 0; count < 10; count += 1) {
      const byte = this.bytes[this.at];
      if (byte === undefined) break;
      this.at += 1;
      if (count === 7 && byte >= 0x80) return this.long(count);
      value += (byte & 0x7f) * 2 ** (7 * count);
      if (byte < 0x80) return value;
    }
    throw new Malformed("a number does not end");
  }

  /** Reads the number from its start again, too long for a double. */
  private long(read: number): number {
    const start = this.at - read - 1;
    let value = 0n;
    for (let count = 0; count < 10; count += 1) {
      const byte = this.bytes[start + count];
      if (byte === undefined) break;
      value += BigInt(byte & 0x7f) << BigInt(7 * count);
      if (byte < 0x80) {
        this.at = start + count + 1;
        const low = value % two64;
        return Number(low >= two63 ? low - two64 : low);
      }
    }
    throw new Malformed("a number does not end");
  }

  take(length: number): Uint8Array {
    const end = this.at + length;
    if (length < 0 || end > this.bytes.length) throw new Malformed("a value is longer than the message");
    const part = this.bytes.subarray(this.at, end);
    this.at = end;
    return part;
  }
}

/** The fields in their order; throws Malformed. */
export function* wireFields(bytes: Uint8Array): Generator<WireField> {
  const cursor = new Cursor(bytes);
  while (!cursor.done) {
    const tag = cursor.varint();
    const number = Math.floor(tag / 8);
    const wireType = tag % 8;
    if (number < 1) throw new Malformed("a field has no number");
    if (wireType === 0) yield [number, cursor.varint()];
    else if (wireType === 2) yield [number, cursor.take(cursor.varint())];
    else throw new Malformed(`field ${number} has the unknown wire type ${wireType}`);
  }
}
