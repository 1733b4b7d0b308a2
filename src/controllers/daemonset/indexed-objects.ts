// Owns a few objects by key and by index, as an informer's copy holds many.
import type { KubeObject } from "../../model/meta.ts";

/** Index name to the values an object stands under. */
export type IndexesOf<T extends KubeObject> = Readonly<Record<string, (object: T) => readonly string[]>>;

const nothing: readonly never[] = [];

export class IndexedObjects<T extends KubeObject> {
  private readonly objects = new Map<string, T>();
  private readonly indexes: ReadonlyMap<
    string,
    { readonly of: (object: T) => readonly string[]; readonly under: Map<string, Set<T>> }
  >;

  constructor(indexes: IndexesOf<T>) {
    this.indexes = new Map(Object.entries(indexes).map(([name, of]) => [name, { of, under: new Map() }]));
  }

  get size(): number {
    return this.objects.size;
  }

  has(key: string): boolean {
    return this.objects.has(key);
  }

  get(key: string): T | undefined {
    return this.objects.get(key);
  }

  under(index: string, value: string): Iterable<T> {
    const known = this.indexes.get(index);
    if (known === undefined) throw new Error(`cannot read index ${index}: it is not kept`);
    return known.under.get(value) ?? nothing;
  }

  /** The object of that key from now on; none where it is undefined. */
  put(key: string, object: T | undefined): void {
    const before = this.objects.get(key);
    if (before === object) return;
    for (const { of, under } of this.indexes.values()) {
      if (before !== undefined) for (const value of of(before)) leave(under, value, before);
      if (object !== undefined) for (const value of of(object)) enter(under, value, object);
    }
    if (object === undefined) this.objects.delete(key);
    else this.objects.set(key, object);
  }
}

function enter<T>(under: Map<string, Set<T>>, value: string, object: T): void {
  const there = under.get(value);
  if (there === undefined) under.set(value, new Set([object]));
  else there.add(object);
}

function leave<T>(under: Map<string, Set<T>>, value: string, object: T): void {
  const there = under.get(value);
  there?.delete(object);
  if (there?.size === 0) under.delete(value);
}
