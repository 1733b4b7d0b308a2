// Owns the current objects of one kind, their index by node, their recent changes, and who watches what of them.
import type { Descriptor } from "../../model/kinds/descriptor.ts";
import { SortedKeys } from "../../store/sorted-keys.ts";
import type { Key, Revision } from "../../store/store.ts";
import { objectKey, prefixOf } from "../registry/place.ts";
import { ChangeRing } from "./change-ring.ts";
import { ObjectChange } from "./emission.ts";
import type { Held } from "./held.ts";
import { nodeField, type Interest, type Selection } from "./selection.ts";

export interface Watching {
  /** Whether it is told of it. */
  offer(change: ObjectChange): boolean;
  /** The cache starts over and cannot say what happened meanwhile. */
  cut(): void;
}

/** Sets under keys; a set that becomes empty is dropped. */
class Register<V> {
  private readonly sets = new Map<string, Set<V>>();
  private static readonly none: ReadonlySet<never> = new Set<never>();

  at(key: string): ReadonlySet<V> {
    return this.sets.get(key) ?? Register.none;
  }
  add(key: string, value: V): void {
    const set = this.sets.get(key);
    if (set === undefined) this.sets.set(key, new Set([value]));
    else set.add(value);
  }
  delete(key: string, value: V): void {
    const set = this.sets.get(key);
    if (set?.delete(value) === true && set.size === 0) this.sets.delete(key);
  }
  *values(): Generator<V> {
    for (const set of this.sets.values()) yield* set;
  }
}

export class KindCache {
  readonly kind: Descriptor;
  private readonly ringMax: number;
  private readonly items = new Map<Key, Held>();
  private readonly order = new SortedKeys();
  private readonly keysByNode = new Register<Key>();
  private readonly watchers = new Register<Watching>();
  private ring: ChangeRing;
  private changed: Revision = 0;

  constructor(kind: Descriptor, ringMax: number) {
    this.kind = kind;
    this.ringMax = ringMax;
    this.ring = new ChangeRing(ringMax, 0);
  }

  get size(): number {
    return this.items.size;
  }
  /** The revision of the last change: between it and the feed's revision, the kind stood as it stands now. */
  get lastChanged(): Revision {
    return this.changed;
  }
  get floor(): Revision {
    return this.ring.floor;
  }

  get(key: Key): Held | undefined {
    return this.items.get(key);
  }

  /** What is selected, in key order, after the key given. Nothing may change while it is walked. */
  *select(selection: Selection, after = ""): Generator<Held> {
    for (const key of this.keysFor(selection, after)) {
      const held = this.items.get(key);
      if (held !== undefined && selection.matches(held.object)) yield held;
    }
  }

  private keysFor({ interest, namespace }: Selection, after: Key): Iterable<Key> {
    if (interest.in === "object") {
      const key = objectKey(this.kind, interest.namespace, interest.name);
      return key > after ? [key] : [];
    }
    if (interest.in === "node")
      return [...this.keysByNode.at(interest.node)].filter((key) => key > after).sort();
    const within = interest.in === "namespace" ? interest.namespace : namespace;
    return this.walk(prefixOf(this.kind, within), after);
  }

  private *walk(prefix: Key, after: Key): Generator<Key> {
    for (const key of this.order.from(after > prefix ? after : prefix)) {
      if (!key.startsWith(prefix)) return;
      if (key !== after) yield key;
    }
  }

  changesAfter(revision: Revision): ObjectChange[] {
    return this.ring.after(revision);
  }

  /** The returned function ends the watch. */
  watch(interest: Interest, watching: Watching): () => void {
    const shape = this.shapeOf(interest);
    this.watchers.add(shape, watching);
    return () => this.watchers.delete(shape, watching);
  }

  /** Takes in what the store holds at a revision, in place of everything before. */
  load(entries: readonly Held[], revision: Revision): void {
    for (const held of this.items.values()) this.remove(held);
    for (const held of entries) this.place(held);
    this.ring = new ChangeRing(this.ringMax, revision);
    this.changed = revision;
    // Those that are cut leave the register meanwhile.
    const watching = Array.from(this.watchers.values());
    for (const one of watching) one.cut();
  }

  /** Everything stays; those who watch are cut and look anew. */
  restart(revision: Revision): void {
    this.load([...this.items.values()], revision);
  }

  /** How many are told of it. */
  put(held: Held): number {
    const previous = this.items.get(held.key);
    if (previous !== undefined) this.unindex(previous);
    this.place(held);
    return this.tell(new ObjectChange(held.key, held.revision, previous, held));
  }

  delete(key: Key, revision: Revision): number {
    const previous = this.items.get(key);
    if (previous === undefined) return 0;
    this.remove(previous);
    return this.tell(new ObjectChange(key, revision, previous, undefined));
  }

  private tell(change: ObjectChange): number {
    this.changed = change.revision;
    this.ring.push(change);
    let told = 0;
    for (const shape of this.shapesTouched(change))
      for (const watching of this.watchers.at(shape)) if (watching.offer(change)) told += 1;
    return told;
  }

  private shapesTouched(change: ObjectChange): Set<string> {
    const shapes = new Set(["all", `object ${change.key}`]);
    for (const held of [change.previous, change.current]) {
      if (held === undefined) continue;
      if (this.kind.namespaced) shapes.add(`namespace ${held.object.metadata.namespace ?? ""}`);
      const node = this.nodeOf(held);
      if (node !== "") shapes.add(`node ${node}`);
    }
    return shapes;
  }

  private shapeOf(interest: Interest): string {
    if (interest.in === "all") return "all";
    if (interest.in === "namespace") return `namespace ${interest.namespace}`;
    // An unbound pod stands under no node: who asks for those looks at every change.
    if (interest.in === "node") return interest.node === "" ? "all" : `node ${interest.node}`;
    return `object ${objectKey(this.kind, interest.namespace, interest.name)}`;
  }

  private nodeOf(held: Held): string {
    return this.kind.fields[nodeField]?.(held.object) ?? "";
  }

  private place(held: Held): void {
    if (!this.items.has(held.key)) this.order.add(held.key);
    this.items.set(held.key, held);
    if (this.kind.fields[nodeField] !== undefined) this.keysByNode.add(this.nodeOf(held), held.key);
  }

  private unindex(held: Held): void {
    if (this.kind.fields[nodeField] !== undefined) this.keysByNode.delete(this.nodeOf(held), held.key);
  }

  private remove(held: Held): void {
    this.unindex(held);
    this.items.delete(held.key);
    this.order.remove(held.key);
  }
}
