// Owns what we wrote and the informer has not told us yet, so that a plan is made from both and nothing is done twice.
import { keyOf } from "../../client/resource-path.ts";
import type { Informer, InformerChange } from "../../client/client.ts";
import type { KubeObject } from "../../model/meta.ts";
import { controllerOf } from "../../model/owner.ts";

const revisionOf = ({ metadata }: KubeObject): number => Number(metadata.resourceVersion);

/**
 * Lays the server's answers to our writes over an informer's copy until that copy has caught up. It spares requests and keeps a
 * budget from being spent twice; names and UID preconditions are what keeps repetition harmless.
 */
export class OwnWrites<T extends KubeObject> {
  private readonly informer: Informer<T>;
  private readonly told: (object: T) => void;
  private readonly written = new Map<string, T>();
  private seen = 0;

  /** `told` of what is laid over the copy, and of what is taken off again. */
  constructor(informer: Informer<T>, told: (object: T) => void = () => undefined) {
    this.informer = informer;
    this.told = told;
  }

  /** To be told every change before anyone plans with it. */
  observe({ object }: InformerChange<T>): void {
    this.seen = Math.max(this.seen, revisionOf(object) || 0);
    if (this.written.size === 0) return;
    const own = this.written.get(keyOf(object));
    if (own !== undefined && revisionOf(own) <= this.seen) this.forget(keyOf(object), own);
    // Changes come in the order of their versions: what we wrote before this one has been told, or has gone since.
    for (const [key, other] of this.written) {
      if (revisionOf(other) > this.seen) return;
      this.forget(key, other);
    }
  }

  private forget(key: string, own: T): void {
    this.written.delete(key);
    this.told(own);
  }

  /** Takes in the server's answer to a write. Versions that are no numbers can't be compared and are left to the informer. */
  record(object: T): void {
    if (revisionOf(object) <= this.seen) return;
    this.written.set(keyOf(object), object);
    this.told(object);
  }

  get(key: string): T | undefined {
    return this.written.get(key) ?? this.informer.get(key);
  }

  /** What we wrote and the informer has not told. */
  unseen(): Iterable<T> {
    return this.written.values();
  }

  /** The objects that an owner controls. */
  *ownedBy(uid: string): Iterable<T> {
    yield* this.under("controller", uid, (object) => controllerOf(object)?.uid === uid);
  }

  /** The objects that an index of the informer has under the value. */
  *under(index: string, value: string, belongs: (object: T) => boolean): Iterable<T> {
    yield* this.over(this.informer.byIndex(index, value), belongs);
  }

  /** The objects of a namespace that nobody controls. */
  *orphansIn(namespace: string): Iterable<T> {
    yield* this.under(
      "orphans",
      namespace,
      (object) => object.metadata.namespace === namespace && controllerOf(object) === undefined,
    );
  }

  private over(observed: Iterable<T>, belongs: (object: T) => boolean): Iterable<T> {
    return this.written.size === 0 ? observed : this.merged(observed, belongs);
  }

  private *merged(observed: Iterable<T>, belongs: (object: T) => boolean): Iterable<T> {
    for (const object of observed) if (!this.written.has(keyOf(object))) yield object;
    for (const object of this.written.values()) if (belongs(object)) yield object;
  }
}

/** The indexes it reads. */
export const ownershipIndexes = {
  controller: (object: KubeObject): readonly string[] => {
    const owner = controllerOf(object);
    return owner === undefined ? [] : [owner.uid];
  },
  orphans: (object: KubeObject): readonly string[] =>
    controllerOf(object) === undefined ? [object.metadata.namespace ?? ""] : [],
};
