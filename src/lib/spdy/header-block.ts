// Owns the headers of a SPDY/3 frame: counted names and values, packed with what both ends remember of earlier ones.
import { inflate } from "../inflate.ts";
import { dictionary } from "./dictionary.ts";

/** Names are in lower case. A value that was sent several times is joined with NUL. */
export type Headers = Readonly<Record<string, string>>;

/** Headers unpacked are never larger. */
const unpackedMax = 64 * 1024;
const storedMax = 0xffff;

/** What unpacking the next block needs of those before it. */
export type HeaderMemory = { readonly is: "fresh" } | { readonly is: "begun"; readonly window: Uint8Array };

export type HeadersRead =
  | { readonly is: "read"; readonly headers: Headers; readonly memory: HeaderMemory }
  | { readonly is: "bad"; readonly because: string };

/** The two bytes of RFC 1950, and the dictionary's checksum where one is used; the length of both, or what is wrong. */
function prefixLength(block: Buffer): number | string {
  if (block.length < 2) return "a header block is shorter than its prefix";
  const [method = 0, flags = 0] = block;
  if ((method & 0x0f) !== 8 || (method * 256 + flags) % 31 !== 0)
    return "a header block is not packed with zlib";
  return (flags & 0x20) === 0 ? 2 : 6;
}

export function readHeaders(memory: HeaderMemory, bytes: Uint8Array): HeadersRead {
  const block = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const skip = memory.is === "fresh" ? prefixLength(block) : 0;
  if (typeof skip === "string") return { is: "bad", because: skip };
  const window = memory.is === "fresh" ? (skip === 6 ? dictionary : new Uint8Array()) : memory.window;
  const unpacked = inflate(window, block.subarray(skip), unpackedMax);
  if (unpacked.is === "bad")
    return { is: "bad", because: `a header block cannot be unpacked: ${unpacked.because}` };
  const headers = parseHeaders(Buffer.from(unpacked.bytes));
  return headers === undefined
    ? { is: "bad", because: "a header block is shorter than its counts say" }
    : { is: "read", headers, memory: { is: "begun", window: unpacked.window } };
}

function parseHeaders(block: Buffer): Headers | undefined {
  let at = 0;
  const number = (): number => {
    if (at + 4 > block.length) return Infinity;
    at += 4;
    return block.readUInt32BE(at - 4);
  };
  const text = (): string | undefined => {
    const end = number() + at;
    if (end > block.length) return undefined;
    const found = block.toString("utf8", at, end);
    at = end;
    return found;
  };
  const headers: Record<string, string> = Object.create(null);
  const count = number();
  for (let left = count; left > 0; left -= 1) {
    const name = text();
    const value = text();
    if (name === undefined || value === undefined) return undefined;
    headers[name.toLowerCase()] = value;
  }
  return headers;
}

/** Packed as stored blocks: a few bytes longer than need be, and nothing is to be remembered. `first` of a connection has the prefix. */
export function writeHeaders(headers: Headers, first: boolean): Uint8Array {
  const parts: Buffer[] = [number(Object.keys(headers).length)];
  for (const word of Object.entries(headers).flat())
    parts.push(number(Buffer.byteLength(word)), Buffer.from(word));
  const plain = Buffer.concat(parts);
  const blocks: Buffer[] = first ? [Buffer.from([0x78, 0x01])] : [];
  for (let at = 0; at < plain.length; at += storedMax)
    blocks.push(stored(plain.subarray(at, at + storedMax)));
  // The empty block is the flush: until it comes, readers may keep to themselves what they have.
  return Buffer.concat([...blocks, stored(Buffer.alloc(0))]);
}

function stored(piece: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt16LE(piece.length, 1);
  head.writeUInt16LE(piece.length ^ 0xffff, 3);
  return Buffer.concat([head, piece]);
}

function number(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
