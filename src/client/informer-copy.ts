// Owns the local copy of a collection with its indexes, and the changes that bring it up to date.
import type { KubeObject } from "../model/meta.ts";
import type { InformerChange } from "./client.ts";
import { keyOf } from "./resource-path.ts";
import type { ObjectEvent } from "./step-informer.ts";

/** The values an object stands under in one index. The function itself names the index. */
export type IndexOf<T> = (object: T) => readonly string[];

/** Most values of most indexes have one object, which then stands for itself: a map for each would weigh more than it. */
type Index<T> = Map<string, T | Map<string, T>>;

export class InformerCopy<T extends KubeObject> {
  private readonly objects = new Map<string, T>();
  private readonly indexes = new Map<IndexOf<T>, Index<T>>();

  get size(): number {
    return this.objects.size;
  }

  get(key: string): T | undefined {
    return this.objects.get(key);
  }

  list(): Iterable<T> {
    return this.objects.values();
  }

  byIndex(index: IndexOf<T>, value: string): Iterable<T> {
    const bucket = this.indexes.get(index)?.get(value);
    if (bucket === undefined) return [];
    return bucket instanceof Map ? bucket.values() : [bucket];
  }

  /** Keeps an index from now on; one already kept stays. */
  addIndex(indexOf: IndexOf<T>): void {
    if (this.indexes.has(indexOf)) return;
    const index: Index<T> = new Map();
    this.indexes.set(indexOf, index);
    for (const [key, object] of this.objects) enter(index, indexOf(object), key, object);
  }

  /** Makes the copy exactly these objects; each change is told when the copy shows it. */
  replace(items: readonly T[], tell: (change: InformerChange<T>) => void): void {
    const present = new Set<string>();
    for (const item of items) present.add(keyOf(item));
    for (const [key, object] of this.objects) if (!present.has(key)) this.remove(key, object, tell);
    for (const item of items) this.put(item, tell);
  }

  take(events: readonly ObjectEvent<T>[], tell: (change: InformerChange<T>) => void): void {
    for (const event of events) {
      if (event.type === "BOOKMARK") continue;
      if (event.type === "DELETED") this.remove(keyOf(event.object), event.object, tell);
      else this.put(event.object, tell);
    }
  }

  private put(object: T, tell: (change: InformerChange<T>) => void): void {
    const key = keyOf(object);
    const previous = this.objects.get(key);
    if (previous === undefined) {
      this.set(key, object);
      return tell({ is: "added", object });
    }
    if (previous.metadata.uid !== object.metadata.uid) {
      // Deleted and created again while we did not look.
      this.remove(key, previous, tell);
      this.set(key, object);
      return tell({ is: "added", object });
    }
    if (previous.metadata.resourceVersion === object.metadata.resourceVersion) return;
    this.set(key, object, previous);
    tell({ is: "changed", object, previous });
  }

  private set(key: string, object: T, previous?: T): void {
    this.objects.set(key, object);
    for (const [indexOf, index] of this.indexes) {
      const values = indexOf(object);
      if (previous !== undefined)
        for (const value of indexOf(previous)) if (!values.includes(value)) leave(index, value, key, object);
      enter(index, values, key, object);
    }
  }

  private remove(key: string, last: T, tell: (change: InformerChange<T>) => void): void {
    const previous = this.objects.get(key);
    if (previous === undefined) return;
    this.objects.delete(key);
    for (const [indexOf, index] of this.indexes)
      for (const value of indexOf(previous)) leave(index, value, key, previous);
    // A watch tells the object as it was when it was deleted, unless that was another one of the name.
    tell({ is: "removed", object: last.metadata.uid === previous.metadata.uid ? last : previous });
  }
}

const isNamed = ({ metadata: one }: KubeObject, { metadata: other }: KubeObject): boolean =>
  one.name === other.name && one.namespace === other.namespace;

function enter<T extends KubeObject>(
  index: Index<T>,
  values: readonly string[],
  key: string,
  object: T,
): void {
  for (const value of values) {
    const bucket = index.get(value);
    if (bucket instanceof Map) bucket.set(key, object);
    else if (bucket === undefined || isNamed(bucket, object)) index.set(value, object);
    else index.set(value, new Map([[keyOf(bucket), bucket]]).set(key, object));
  }
}

/** `object`: any version of the one that leaves. */
function leave<T extends KubeObject>(index: Index<T>, value: string, key: string, object: T): void {
  const bucket = index.get(value);
  if (bucket === undefined) return;
  if (!(bucket instanceof Map)) {
    if (isNamed(bucket, object)) index.delete(value);
    return;
  }
  bucket.delete(key);
  if (bucket.size === 0) index.delete(value);
}
