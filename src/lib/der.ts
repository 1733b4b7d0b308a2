// Owns reading DER (ITU-T X.690): a tree of tagged values.

export interface DerValue {
  /** The first byte: class, whether it holds others, number (all numbers used are below 31). */
  readonly tag: number;
  readonly content: Uint8Array;
  /** Of a value that holds others; empty elsewhere. */
  readonly children: readonly DerValue[];
}

const constructed = 0x20;
// Real structures are not deeper; what is made to exhaust the stack is refused.
const depthMax = 32;

class Malformed extends Error {}

/** The one value the bytes are; undefined where they are no DER. */
export function readDer(bytes: Uint8Array): DerValue | undefined {
  try {
    const [value, ...more] = valuesOf(bytes, 0);
    return more.length > 0 ? undefined : value;
  } catch (thrown) {
    if (thrown instanceof Malformed) return undefined;
    throw thrown;
  }
}

function valuesOf(bytes: Uint8Array, depth: number): DerValue[] {
  if (depth > depthMax) throw new Malformed();
  const found: DerValue[] = [];
  for (let at = 0; at < bytes.length;) {
    const tag = bytes[at] ?? 0;
    if ((tag & 0x1f) === 0x1f) throw new Malformed();
    const { length, from } = lengthAt(bytes, at + 1);
    if (from + length > bytes.length) throw new Malformed();
    const content = bytes.subarray(from, from + length);
    found.push({ tag, content, children: (tag & constructed) === 0 ? [] : valuesOf(content, depth + 1) });
    at = from + length;
  }
  return found;
}

function lengthAt(bytes: Uint8Array, at: number): { readonly length: number; readonly from: number } {
  const first = bytes[at];
  if (first === undefined || first === 0x80 || first > 0x84) throw new Malformed();
  if (first < 0x80) return { length: first, from: at + 1 };
  const count = first & 0x7f;
  let length = 0;
  for (let index = 1; index <= count; index += 1) {
    const byte = bytes[at + index];
    if (byte === undefined) throw new Malformed();
    length = length * 256 + byte;
  }
  return { length, from: at + 1 + count };
}

/** `2.5.4.3`. */
export function objectIdentifier({ content }: DerValue): string {
  const parts: number[] = [];
  let value = 0;
  for (const byte of content) {
    value = value * 128 + (byte & 0x7f);
    if ((byte & 0x80) !== 0) continue;
    if (parts.length === 0) {
      const first = Math.min(2, Math.floor(value / 40));
      parts.push(first, value - first * 40);
    } else parts.push(value);
    value = 0;
  }
  return parts.join(".");
}
