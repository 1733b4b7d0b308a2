// Owns the question whose an object is.
import type { ObjectMeta, OwnerReference } from "./generated/types.ts";

/** The one owner that manages the object, if any. */
export const controllerOf = (object: { readonly metadata: ObjectMeta }): OwnerReference | undefined =>
  object.metadata.ownerReferences?.find((owner) => owner.controller === true);
