// Owns the metadata the server keeps: what a new object gets, what an update carries over, when the generation grows.
import type { Instant } from "../../lib/units.ts";
import { deepEqual } from "../../lib/json.ts";
import type { Descriptor } from "../../model/kinds/descriptor.ts";
import type { KubeObject, Meta } from "../../model/meta.ts";
import type { ObjectMeta } from "../../model/generated/types.ts";
import { formatTime } from "../../model/time.ts";

export interface Birth {
  readonly uid: string;
  readonly name: string;
  readonly namespace: string | undefined;
  readonly hasGeneration: boolean;
  readonly now: Instant;
}

/** Metadata of a new object; what only the server sets is not taken from the client. */
export function newMetadata(given: ObjectMeta, birth: Birth): Meta {
  const {
    uid: _uid,
    resourceVersion: _resourceVersion,
    creationTimestamp: _creationTimestamp,
    generation: _generation,
    deletionTimestamp: _deletionTimestamp,
    deletionGracePeriodSeconds: _deletionGracePeriodSeconds,
    selfLink: _selfLink,
    managedFields: _managedFields,
    namespace: _namespace,
    ...kept
  } = given;
  const born = {
    ...kept,
    name: birth.name,
    ...(birth.namespace === undefined ? {} : { namespace: birth.namespace }),
    uid: birth.uid,
    creationTimestamp: formatTime(birth.now),
    ...(birth.hasGeneration ? { generation: 1 } : {}),
  };
  dropEmpty(born);
  // resourceVersion is the store's to give; every reader of the object sees it after the commit.
  return born as Meta;
}

/** What is empty is not written, as upstream has it. */
function dropEmpty(metadata: ObjectMeta): void {
  for (const field of ["labels", "annotations"] as const)
    if (metadata[field] !== undefined && Object.keys(metadata[field]).length === 0) delete metadata[field];
  for (const field of ["finalizers", "ownerReferences"] as const)
    if (metadata[field]?.length === 0) delete metadata[field];
}

/** Fields a client may leave out of an update, or repeat, but not change. */
export const keptFields = [
  "uid",
  "creationTimestamp",
  "deletionTimestamp",
  "deletionGracePeriodSeconds",
] as const;

/**
 * Metadata of an update: kept fields that were left out come from the old object, and when it was made and is to end in any
 * case. Others that were changed stay, to be refused.
 */
export function carriedMetadata(given: ObjectMeta, old: Meta): Meta {
  const { selfLink: _selfLink, managedFields: _managedFields, generation: _generation, ...rest } = given;
  const carried: Meta = {
    ...rest,
    name: rest.name ?? old.name,
    uid: rest.uid ?? old.uid,
    creationTimestamp: old.creationTimestamp,
    resourceVersion: old.resourceVersion,
  };
  if (old.deletionTimestamp !== undefined) carried.deletionTimestamp = old.deletionTimestamp;
  if (old.deletionGracePeriodSeconds !== undefined)
    carried.deletionGracePeriodSeconds ??= old.deletionGracePeriodSeconds;
  if (old.namespace !== undefined) carried.namespace ??= old.namespace;
  if (old.generation !== undefined) carried.generation = old.generation;
  dropEmpty(carried);
  return carried;
}

/** Whether anything differs outside metadata and status: what a controller has to act on. */
export function isNewGeneration(
  { custom, hasStatus }: Pick<Descriptor, "custom" | "hasStatus">,
  next: KubeObject,
  old: KubeObject,
): boolean {
  const hasPlainStatus = custom !== undefined && !hasStatus;
  const outside = ({ metadata: _metadata, ...rest }: KubeObject): Record<string, unknown> => {
    const fields: Record<string, unknown> = rest;
    const { status: _status, ...desired } = fields;
    // Of a kind without `/status` it is a field like any other.
    return hasPlainStatus ? fields : desired;
  };
  return !deepEqual(outside(next), outside(old));
}
