// Owns unpacking a deflate stream (RFC 1951) that comes in pieces, each flushed to a whole byte, with what earlier pieces held.

/** How far back a stream may refer to itself. */
const windowMax = 32 * 1024;
const codeBitsMax = 15;

export type Inflated =
  | { readonly is: "unpacked"; readonly bytes: Uint8Array; readonly window: Uint8Array }
  | { readonly is: "bad"; readonly because: string };

const lengthBase = [
  3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195,
  227, 258,
];
const lengthExtra = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
const distanceBase = [
  1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097,
  6145, 8193, 12289, 16385, 24577,
];
const distanceExtra = [
  0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13,
];
const lengthOrder = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/** A canonical Huffman code: how many words of each length there are, and the symbols in the order of their words. */
interface Code {
  readonly counts: readonly number[];
  readonly symbols: readonly number[];
}

function codeOf(lengths: readonly number[]): Code {
  const counts = Array.from<number>({ length: codeBitsMax + 1 }).fill(0);
  for (const length of lengths) counts[length] = (counts[length] ?? 0) + 1;
  counts[0] = 0;
  const symbols = lengths
    .map((length, symbol) => ({ length, symbol }))
    .filter(({ length }) => length > 0)
    .sort((a, b) => a.length - b.length || a.symbol - b.symbol)
    .map(({ symbol }) => symbol);
  return { counts, symbols };
}

const repeated = (length: number, times: number): number[] =>
  Array.from<number>({ length: times }).fill(length);
const fixedLengths = codeOf([
  ...repeated(8, 144),
  ...repeated(9, 112),
  ...repeated(7, 24),
  ...repeated(8, 8),
]);
const fixedDistances = codeOf(repeated(5, 30));

/** What is wrong with the stream; caught where it is entered. */
class Malformed extends Error {}

class Unpacking {
  private readonly from: Uint8Array;
  private readonly limit: number;
  private at = 0;
  private bits = 0;
  private held = 0;
  /** The window, then what has been unpacked. */
  private out: Buffer;
  private size: number;
  private readonly start: number;

  constructor(window: Uint8Array, from: Uint8Array, limit: number) {
    this.from = from;
    this.limit = limit;
    this.start = window.length;
    this.size = window.length;
    this.out = Buffer.alloc(window.length + Math.min(limit, from.length * 4 + 256));
    this.out.set(window);
  }

  private take(count: number): number {
    while (this.held < count) {
      const byte = this.from[this.at];
      if (byte === undefined) throw new Malformed("it ends in the middle of a block");
      this.at += 1;
      this.bits |= byte << this.held;
      this.held += 8;
    }
    const found = this.bits & ((1 << count) - 1);
    this.bits >>>= count;
    this.held -= count;
    return found;
  }

  private symbol({ counts, symbols }: Code): number {
    let word = 0;
    let first = 0;
    let index = 0;
    for (let length = 1; length <= codeBitsMax; length += 1) {
      word |= this.take(1);
      const count = counts[length] ?? 0;
      const symbol = symbols[index + word - first];
      if (word - first < count && symbol !== undefined) return symbol;
      index += count;
      first = (first + count) << 1;
      word <<= 1;
    }
    throw new Malformed("it uses a word that its code does not have");
  }

  private put(byte: number): void {
    if (this.size - this.start >= this.limit)
      throw new Malformed(`it unpacks to more than ${this.limit} bytes`);
    if (this.size === this.out.length) {
      const larger = Buffer.alloc(Math.min(this.start + this.limit, this.out.length * 2 + 64));
      larger.set(this.out);
      this.out = larger;
    }
    this.out[this.size] = byte;
    this.size += 1;
  }

  private stored(): void {
    this.bits = 0;
    this.held = 0;
    const length = this.take(16);
    if (this.take(16) !== (length ^ 0xffff))
      throw new Malformed("a stored block's length does not agree with its check");
    for (let left = length; left > 0; left -= 1) this.put(this.take(8));
  }

  private codes(): readonly [Code, Code] {
    const lengthCount = this.take(5) + 257;
    const distanceCount = this.take(5) + 1;
    const orderCount = this.take(4) + 4;
    const orderLengths = repeated(0, 19);
    for (const symbol of lengthOrder.slice(0, orderCount)) orderLengths[symbol] = this.take(3);
    const code = codeOf(orderLengths);
    const lengths: number[] = [];
    while (lengths.length < lengthCount + distanceCount) {
      const symbol = this.symbol(code);
      if (symbol < 16) lengths.push(symbol);
      else if (symbol === 16) {
        const last = lengths.at(-1);
        if (last === undefined) throw new Malformed("it repeats a length before there is one");
        lengths.push(...repeated(last, this.take(2) + 3));
      } else lengths.push(...repeated(0, symbol === 17 ? this.take(3) + 3 : this.take(7) + 11));
    }
    if (lengths.length > lengthCount + distanceCount)
      throw new Malformed("it gives more lengths than it said");
    return [codeOf(lengths.slice(0, lengthCount)), codeOf(lengths.slice(lengthCount))];
  }

  private packed([lengths, distances]: readonly [Code, Code]): void {
    for (;;) {
      const symbol = this.symbol(lengths);
      if (symbol === 256) return;
      if (symbol < 256) this.put(symbol);
      else {
        const base = lengthBase[symbol - 257];
        const extra = lengthExtra[symbol - 257];
        if (base === undefined || extra === undefined)
          throw new Malformed("it has a length that there is not");
        const length = base + this.take(extra);
        const far = this.symbol(distances);
        const distance = (distanceBase[far] ?? Infinity) + this.take(distanceExtra[far] ?? 0);
        if (distance > this.size) throw new Malformed("it refers to before its beginning");
        for (let left = length; left > 0; left -= 1) this.put(this.out[this.size - distance] ?? 0);
      }
    }
  }

  run(): Inflated {
    try {
      let last = false;
      // What is left of the last byte after a flush is not a block.
      while (!last && this.at < this.from.length) {
        last = this.take(1) === 1;
        const kind = this.take(2);
        if (kind === 0) this.stored();
        else if (kind === 1) this.packed([fixedLengths, fixedDistances]);
        else if (kind === 2) this.packed(this.codes());
        else throw new Malformed("it has a block of no known kind");
      }
    } catch (thrown) {
      if (thrown instanceof Malformed) return { is: "bad", because: thrown.message };
      throw thrown;
    }
    const whole = this.out.subarray(0, this.size);
    return {
      is: "unpacked",
      bytes: Uint8Array.from(whole.subarray(this.start)),
      window: Uint8Array.from(whole.subarray(Math.max(0, this.size - windowMax))),
    };
  }
}

/**
 * Unpacks one flushed piece. `window` is what earlier pieces (or a dictionary) left; the one given back goes with the next piece.
 * A piece that would unpack to more than `limit` bytes is bad.
 */
export const inflate = (window: Uint8Array, piece: Uint8Array, limit: number): Inflated =>
  new Unpacking(window, piece, limit).run();
