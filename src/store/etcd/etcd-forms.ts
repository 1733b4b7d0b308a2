// Owns how keys, ranges and entries look in etcd's messages.
import type { Entry, Key } from "../store.ts";
import type { KeyValue } from "./protocol.ts";

export const keyBytes = (key: Key): Buffer => Buffer.from(key, "utf8");

const zero = Buffer.of(0);

/** The keys that start with the prefix and are greater than `after`. */
export function rangeOf(prefix: Key, after?: Key): { readonly key: Buffer; readonly rangeEnd: Buffer } {
  const first = keyBytes(prefix);
  const begin = after === undefined ? first : laterOf(first, Buffer.concat([keyBytes(after), zero]));
  return { key: begin.length === 0 ? zero : begin, rangeEnd: endOf(first) };
}

const laterOf = (one: Buffer, other: Buffer): Buffer => (Buffer.compare(one, other) >= 0 ? one : other);

/** The first key that no longer has the prefix; a zero byte means that there is none. */
function endOf(prefix: Buffer): Buffer {
  const end = Buffer.from(prefix);
  for (let at = end.length - 1; at >= 0; at--) {
    const byte = end.readUInt8(at);
    if (byte === 0xff) continue;
    end.writeUInt8(byte + 1, at);
    return end.subarray(0, at + 1);
  }
  return zero;
}

export function entryOf({ key, value, createRevision, modRevision, lease }: KeyValue): Entry {
  return {
    key: key.toString("utf8"),
    // A copy: the message it came in holds many.
    value: new Uint8Array(value),
    created: createRevision,
    modified: modRevision,
    ...(lease === 0 ? {} : { lease }),
  };
}
