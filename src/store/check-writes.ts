// Owns what the writes of one commit must be, whatever is beneath.
import type { Key, Write } from "./store.ts";

const keyBytesMax = 60_000;

/** Throws where a key is no key, or is written twice. */
export function checkWrites(writes: readonly Write[]): void {
  const seen = writes.length > 1 ? new Set<Key>() : undefined;
  for (const { key } of writes) {
    if (key === "" || key.length * 3 > keyBytesMax || /[\ud800-\udfff]/u.test(key))
      throw new RangeError(
        `cannot write key ${JSON.stringify(key.slice(0, 100))}: a key is well-formed Unicode of 1 to ${keyBytesMax / 3} units`,
      );
    if (seen?.has(key) === true)
      throw new RangeError(`cannot write key ${key} twice in one commit: name it once`);
    seen?.add(key);
  }
}
