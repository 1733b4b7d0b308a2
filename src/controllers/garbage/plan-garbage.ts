// Owns what becomes of an object whose owners go, and of an owner whose deletion waits for its dependents.
import type { OwnerReference } from "../../model/generated/types.ts";
import type { KubeObject } from "../../model/meta.ts";

export const foregroundFinalizer = "foregroundDeletion";
export const orphanFinalizer = "orphan";

/** `unknown`: of a kind we don't serve, or out of reach by scope. Nothing is deleted for its sake. */
export type OwnerState = "present" | "absent" | "waits-for-dependents" | "unknown";

export type Propagation = "Background" | "Foreground" | "Orphan";

export type GarbageAction =
  | { readonly do: "delete"; readonly propagation: Propagation }
  /** Takes references to these owners off the object. */
  | { readonly do: "disown"; readonly uids: readonly string[] }
  /** Takes the references to this object off its dependents, then the finalizer off it. */
  | { readonly do: "orphan-dependents" }
  | { readonly do: "remove-finalizer"; readonly finalizer: string }
  /** Looks at every dependent that is not being deleted yet. */
  | { readonly do: "look-at-dependents" };

const isDeleting = (object: KubeObject): boolean => object.metadata.deletionTimestamp !== undefined;
const hasFinalizer = (object: KubeObject, finalizer: string): boolean =>
  object.metadata.finalizers?.includes(finalizer) === true;

export const waitsForDependents = (object: KubeObject): boolean =>
  isDeleting(object) && hasFinalizer(object, foregroundFinalizer);

/** Whether garbage collection may have anything to do with the object as it is. */
export const concerns = ({ metadata }: KubeObject): boolean =>
  metadata.deletionTimestamp === undefined
    ? (metadata.ownerReferences ?? []).length > 0
    : (metadata.finalizers ?? []).some((name) => name === foregroundFinalizer || name === orphanFinalizer);

/** Whether the plan can depend on who depends on the object. */
export const asksForDependents = (
  { metadata }: KubeObject,
  owners: ReadonlyMap<OwnerReference, OwnerState>,
): boolean =>
  metadata.deletionTimestamp !== undefined || [...owners.values()].includes("waits-for-dependents");

/** Source: upstream's garbage collector, attemptToDeleteItem and processDeletingDependentsItem. */
export function planGarbage(
  object: KubeObject,
  owners: ReadonlyMap<OwnerReference, OwnerState>,
  dependents: readonly KubeObject[],
): GarbageAction | "nothing" {
  if (isDeleting(object)) return planDeleting(object, dependents);
  const inState = (state: OwnerState) =>
    [...owners].flatMap(([owner, is]) => (is === state ? [owner.uid] : []));
  const [absent, waiting] = [inState("absent"), inState("waits-for-dependents")];
  if (absent.length + waiting.length === 0) return "nothing";
  if (absent.length + waiting.length < owners.size) return { do: "disown", uids: [...absent, ...waiting] };
  return { do: "delete", propagation: propagationOf(object, waiting.length > 0 && dependents.length > 0) };
}

function propagationOf(object: KubeObject, ownerWaits: boolean): Propagation {
  if (hasFinalizer(object, orphanFinalizer)) return "Orphan";
  return ownerWaits || hasFinalizer(object, foregroundFinalizer) ? "Foreground" : "Background";
}

function planDeleting(object: KubeObject, dependents: readonly KubeObject[]): GarbageAction | "nothing" {
  if (hasFinalizer(object, orphanFinalizer)) return { do: "orphan-dependents" };
  if (!hasFinalizer(object, foregroundFinalizer)) return "nothing";
  const blocks = (dependent: KubeObject): boolean =>
    (dependent.metadata.ownerReferences ?? []).some(
      (owner) => owner.uid === object.metadata.uid && owner.blockOwnerDeletion === true,
    );
  if (!dependents.some(blocks)) return { do: "remove-finalizer", finalizer: foregroundFinalizer };
  return dependents.every(isDeleting) ? "nothing" : { do: "look-at-dependents" };
}
