// Owns what the conformance suite is given and the short words it speaks in.
import type { Millis } from "../../../src/lib/units.ts";
import type { Change, Entry, Page, Store, Write } from "../../../src/store/store.ts";

/** One fresh, empty store and the means to treat it roughly. */
export interface Subject {
  store: Store;
  /** Closes the store and opens it anew on the same content; absent where nothing lasts. */
  readonly restart?: () => Promise<void>;
  /** False where commits made at once may take effect in any order. */
  readonly takesInOrder?: false;
  /** False where a watch begins some time after it was asked for, and may find its beginning forgotten by then. */
  readonly beginsWatchesAtOnce?: false;
  /** Lets so much of the store's time pass. */
  readonly pass: (time: Millis) => Promise<void>;
  readonly dispose: () => Promise<void>;
}

export const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));
export const put = (key: string, text: string, lease?: number): Write =>
  lease === undefined
    ? { do: "put", key, value: bytes(text) }
    : { do: "put", key, value: bytes(text), lease };
export const remove = (key: string): Write => ({ do: "delete", key });

export async function committed(store: Store, ...writes: Write[]): Promise<number> {
  const answer = await store.commit([], writes);
  if (answer.is !== "committed") throw new Error(`conflict on ${answer.key}`);
  return answer.revision;
}

export async function entry(store: Store, key: string, at?: number): Promise<Entry> {
  const found = await store.get(key, at);
  if (found === "absent" || "is" in found) throw new Error(`${key} is ${JSON.stringify(found)}`);
  return found;
}

export async function page(store: Store, ...asked: Parameters<Store["list"]>): Promise<Page> {
  const found = await store.list(...asked);
  if (found.is !== "page") throw new Error("compacted");
  return found;
}

export const keysOf = (found: Page): string[] => found.entries.map(({ key }) => key);
export const text = (value: Uint8Array): string => Buffer.from(value).toString();
export const brief = (change: Change): string =>
  change.is === "put" ? `${change.entry.key}=${text(change.entry.value)}` : `-${change.key}`;
