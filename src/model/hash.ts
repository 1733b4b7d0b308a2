// Owns the hashes that names are derived from: FNV-1a, and upstream's alphabet without vowels or look-alikes.
import { stableText } from "../lib/json.ts";

const alphabet = "bcdfghjklmnpqrstvwxz2456789";
const encoder = new TextEncoder();

/** FNV-1a, 32 bits, over the text's UTF-8 bytes. */
export function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    // Nearly all that is hashed is ASCII, where a unit is its own byte; encoding would cost ten times the hash.
    if (unit > 0x7f) return hashOfBytes(encoder.encode(text));
    hash = Math.imul(hash ^ unit, 0x01000193);
  }
  return hash >>> 0;
}

function hashOfBytes(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

/** Maps each character to one that can't spell a word, as upstream's SafeEncodeString. */
export function safeEncode(text: string): string {
  let out = "";
  for (const byte of encoder.encode(text)) out += alphabet[byte % alphabet.length];
  return out;
}

/** The hash of a JSON value, independent of key order, as it stands in `controller-revision-hash`. */
export const hashOf = (value: unknown): string => safeEncode(String(fnv1a(stableText(value))));

/** Five characters derived from the parts, as in `rng-b85tm`. */
export function nameSuffix(...parts: readonly string[]): string {
  let text = "";
  for (const part of parts) text += text === "" ? `${part.length}:${part}` : ` ${part.length}:${part}`;
  let rest = mix(fnv1a(text));
  let out = "";
  for (let index = 0; index < 5; index += 1) {
    out += alphabet[rest % alphabet.length];
    rest = Math.floor(rest / alphabet.length);
  }
  return out;
}

/** Spreads the hash's last bytes over all its bits, so that `node-1` and `node-2` get unlike suffixes. */
function mix(hash: number): number {
  let mixed = hash;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
