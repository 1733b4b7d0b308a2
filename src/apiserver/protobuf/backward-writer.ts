// Owns writing protobuf messages back to front: a length is known when it is written, for what it is of is there already.

const sizeAtFirst = 64 * 1024;
/** A buffer grown beyond this is not kept for the next message. */
const sizeKept = 4 * 1024 * 1024;
/** Texts up to this length are faster written here than by a call into the runtime. */
const shortMax = 40;

export class BackwardWriter {
  private bytes = Buffer.allocUnsafeSlow(sizeAtFirst);
  private start = sizeAtFirst;

  /** How much is written; lengths are differences of it. */
  get written(): number {
    return this.bytes.length - this.start;
  }

  private room(size: number): number {
    if (this.start < size) this.grow(size);
    this.start -= size;
    return this.start;
  }

  private grow(size: number): void {
    const { written } = this;
    const grown = Buffer.allocUnsafeSlow(Math.max(this.bytes.length * 2, written + size));
    this.bytes.copy(grown, grown.length - written, this.start);
    this.bytes = grown;
    this.start = grown.length - written;
  }

  /** Integers, exact to 2^53; negative ones as ten bytes of two's complement. */
  varint(value: number): void {
    if (value >= 0 && value < 0x80) {
      this.bytes[this.room(1)] = value;
      return;
    }
    const bytes = value < 0 ? varintOfNegative(value) : varintOf(value);
    let at = this.room(bytes.length);
    for (const byte of bytes) {
      this.bytes[at] = byte;
      at += 1;
    }
  }

  /** Eight bytes, as of a double. */
  double(value: number): void {
    const at = this.room(8);
    this.bytes.writeDoubleLE(value, at);
  }

  raw(bytes: Uint8Array): void {
    const at = this.room(bytes.byteLength);
    this.bytes.set(bytes, at);
  }

  text(text: string): void {
    if (text.length <= shortMax && this.shortText(text)) return;
    const size = Buffer.byteLength(text);
    const at = this.room(size);
    this.bytes.write(text, at, size, size === text.length ? "latin1" : "utf8");
  }

  private shortText(text: string): boolean {
    const { length } = text;
    const at = this.room(length);
    const { bytes } = this;
    for (let index = 0; index < length; index += 1) {
      const code = text.charCodeAt(index);
      if (code > 0x7f) {
        this.start += length;
        return false;
      }
      bytes[at + index] = code;
    }
    return true;
  }

  /** Ends the message: a copy of its bytes. The writer is empty again. */
  take(): Uint8Array {
    const taken = Uint8Array.prototype.slice.call(this.bytes, this.start);
    this.clear();
    return taken;
  }

  clear(): void {
    if (this.bytes.length > sizeKept) this.bytes = Buffer.allocUnsafeSlow(sizeAtFirst);
    this.start = this.bytes.length;
  }
}

function varintOf(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  bytes.push(rest);
  return bytes;
}

function varintOfNegative(value: number): number[] {
  let rest = BigInt.asUintN(64, BigInt(value));
  const bytes: number[] = [];
  while (rest >= 0x80n) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return bytes;
}

/** How many bytes a length takes. */
export function sizeOfVarint(value: number): number {
  let size = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) size += 1;
  return size;
}
