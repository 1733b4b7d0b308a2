// Owns what we wrote or are about to and the informer has not told us yet, so that a plan is made from both and nothing is done twice.
import { keyOf } from "../../client/resource-path.ts";
import type { Informer, InformerChange } from "../../client/client.ts";
import type { KubeObject } from "../../model/meta.ts";
import { controllerOf } from "../../model/owner.ts";
import { IndexedObjects, type IndexesOf } from "./indexed-objects.ts";

const revisionOf = ({ metadata }: KubeObject): number => Number(metadata.resourceVersion);

/** The indexes that `ownedBy` and `orphansIn` read. */
export const ownershipIndexes = {
  controller: (object: KubeObject): readonly string[] => {
    const owner = controllerOf(object);
    return owner === undefined ? [] : [owner.uid];
  },
  orphans: (object: KubeObject): readonly string[] =>
    controllerOf(object) === undefined ? [object.metadata.namespace ?? ""] : [],
};

const nobody = (): void => undefined;

/**
 * Lays the server's answers to our writes over an informer's copy until that copy has caught up. It spares requests and keeps a
 * budget from being spent twice; names and UID preconditions are what keeps repetition harmless.
 */
export class OwnWrites<T extends KubeObject> {
  private readonly informer: Informer<T>;
  private readonly told: (object: T) => void;
  private readonly written = new Map<string, T>();
  /** As they will be once a deletion that was begun has come to the server. */
  private readonly leaving = new Map<string, T>();
  /** Of both, what covers the copy. */
  private readonly laid: IndexedObjects<T>;
  private seen = 0;

  /** `indexes`: the informer's. `told` of what is laid over the copy, and of what is taken off again. */
  constructor(
    informer: Informer<T>,
    indexes: IndexesOf<T> = ownershipIndexes,
    told = nobody as (object: T) => void,
  ) {
    this.informer = informer;
    this.laid = new IndexedObjects(indexes);
    this.told = told;
  }

  /** To be told every change before anyone plans with it. */
  observe({ is, object }: InformerChange<T>): void {
    this.seen = Math.max(this.seen, revisionOf(object) || 0);
    if (this.laid.size === 0) return;
    const key = keyOf(object);
    const presumed = this.leaving.get(key);
    if (presumed !== undefined) this.follow(key, presumed, is === "removed" ? undefined : object);
    const own = this.written.get(key);
    if (own !== undefined && revisionOf(own) <= this.seen) this.forget(key, own);
    // Changes come in the order of their versions: what we wrote before this one has been told, or has gone since.
    for (const [otherKey, other] of this.written) {
      if (revisionOf(other) > this.seen) return;
      this.forget(otherKey, other);
    }
  }

  /** What changes while its deletion is on the way is leaving all the same, until it is seen to leave or be gone. */
  private follow(key: string, presumed: T, object: T | undefined): void {
    const { uid, deletionTimestamp } = presumed.metadata;
    if (object?.metadata.uid === uid && object.metadata.deletionTimestamp === undefined)
      this.leaving.set(key, { ...object, metadata: { ...object.metadata, deletionTimestamp } });
    else this.leaving.delete(key);
    this.lay(key);
  }

  private forget(key: string, own: T): void {
    this.written.delete(key);
    // Made and gone while the informer did not look: nobody will tell that it left.
    if (this.informer.get(key) === undefined) this.leaving.delete(key);
    this.lay(key);
    this.told(own);
  }

  private lay(key: string): void {
    this.laid.put(key, this.leaving.get(key) ?? this.written.get(key));
  }

  /** Takes in the server's answer to a write. Versions that are no numbers can't be compared and are left to the informer. */
  record(object: T): void {
    const key = keyOf(object);
    const presumed = this.leaving.delete(key);
    const news = revisionOf(object) > this.seen || Number.isNaN(revisionOf(object));
    if (news) this.written.set(key, object);
    if (!news && !presumed) return;
    this.lay(key);
    this.told(object);
  }

  /** From now on the object is planned with as one that is leaving: its deletion is about to be asked for. */
  presumeLeaving(object: T, deletionTimestamp: string): void {
    const key = keyOf(object);
    this.leaving.set(key, { ...object, metadata: { ...object.metadata, deletionTimestamp } });
    this.lay(key);
    this.told(object);
  }

  /** The deletion came to nothing. */
  withdraw(object: T): void {
    const key = keyOf(object);
    if (this.leaving.get(key)?.metadata.uid !== object.metadata.uid) return;
    this.leaving.delete(key);
    this.lay(key);
    this.told(object);
  }

  get(key: string): T | undefined {
    return this.laid.get(key) ?? this.informer.get(key);
  }

  /** The objects that an owner controls. */
  ownedBy(uid: string): Iterable<T> {
    return this.under("controller", uid);
  }

  /** The objects of a namespace that nobody controls. */
  orphansIn(namespace: string): Iterable<T> {
    return this.under("orphans", namespace);
  }

  /** The objects that an index has under the value. */
  under(index: string, value: string): Iterable<T> {
    const observed = this.informer.byIndex(index, value);
    return this.laid.size === 0 ? observed : this.merged(observed, this.laid.under(index, value));
  }

  private *merged(observed: Iterable<T>, laid: Iterable<T>): Iterable<T> {
    for (const object of observed) if (!this.laid.has(keyOf(object))) yield object;
    yield* laid;
  }
}
