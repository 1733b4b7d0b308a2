// Owns taking a protobuf message apart into its numbered fields.

/** What the bytes hold that no message can. */
export class Malformed extends Error {}

/** Varints come as numbers, exact up to 2^53; all else as views on the message. */
export type WireField = readonly [number, number | Uint8Array];

class Cursor {
  readonly bytes: Uint8Array;
  at = 0;

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
        return Number(BigInt.asIntN(64, value));
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

const [varint, eightBytes, delimited, groupStart, groupEnd, fourBytes] = [0, 1, 2, 3, 4, 5] as const;

/** Passes over a group, which no field here is: what an unknown field may be. */
function skipGroup(cursor: Cursor): Uint8Array {
  const start = cursor.at;
  let depth = 1;
  while (depth > 0) {
    const type = cursor.varint() % 8;
    if (type === groupStart) depth += 1;
    else if (type === groupEnd) depth -= 1;
    else valueOf(cursor, type);
  }
  return cursor.bytes.subarray(start, cursor.at);
}

function valueOf(cursor: Cursor, type: number): number | Uint8Array {
  if (type === varint) return cursor.varint();
  if (type === delimited) return cursor.take(cursor.varint());
  if (type === eightBytes) return cursor.take(8);
  if (type === fourBytes) return cursor.take(4);
  if (type === groupStart) return skipGroup(cursor);
  throw new Malformed(`a field has the wire type ${type}, of which there is none`);
}

/** The fields in their order; throws Malformed. */
export function* wireFields(bytes: Uint8Array): Generator<WireField> {
  const cursor = new Cursor(bytes);
  while (!cursor.done) {
    const tag = cursor.varint();
    const number = Math.floor(tag / 8);
    if (number < 1 || number >= 2 ** 29) throw new Malformed("a field has no number");
    yield [number, valueOf(cursor, tag % 8)];
  }
}

/** The numbers of a list that is written without a tag for each. */
export function packedNumbers(bytes: Uint8Array): number[] {
  const cursor = new Cursor(bytes);
  const numbers: number[] = [];
  while (!cursor.done) numbers.push(cursor.varint());
  return numbers;
}
