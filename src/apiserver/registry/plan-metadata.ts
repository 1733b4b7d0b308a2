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
  const born = kept(given, serverSet);
  born.name = birth.name;
  if (birth.namespace !== undefined) born.namespace = birth.namespace;
  born.uid = birth.uid;
  born.creationTimestamp = formatTime(birth.now);
  if (birth.hasGeneration) born.generation = 1;
  // resourceVersion is the store's to give; every reader of the object sees it after the commit.
  return born as Meta;
}

const serverSet: ReadonlySet<string> = new Set([
  "uid",
  "resourceVersion",
  "creationTimestamp",
  "generation",
  "deletionTimestamp",
  "deletionGracePeriodSeconds",
  "selfLink",
  "managedFields",
  "namespace",
] satisfies (keyof ObjectMeta)[]);

const notCarried: ReadonlySet<string> = new Set([
  "selfLink",
  "managedFields",
  "generation",
] satisfies (keyof ObjectMeta)[]);

const emptiable: ReadonlySet<string> = new Set([
  "labels",
  "annotations",
  "finalizers",
  "ownerReferences",
] satisfies (keyof ObjectMeta)[]);

/** A copy without what is left out, nor what is empty, as upstream has it. */
function kept(given: ObjectMeta, left: ReadonlySet<string>): ObjectMeta {
  const out: Record<string, unknown> = {};
  // Any object's fields by name.
  const fields = given as Readonly<Record<string, unknown>>;
  for (const field of Object.keys(fields)) {
    const value = fields[field];
    if (left.has(field) || (emptiable.has(field) && isEmpty(value))) continue;
    out[field] = value;
  }
  return out;
}

function isEmpty(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  for (const _ in value) return false;
  return true;
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
  const rest = kept(given, notCarried);
  // The four that every object has are set here.
  const carried = rest as Meta;
  carried.name = rest.name ?? old.name;
  carried.uid = rest.uid ?? old.uid;
  carried.creationTimestamp = old.creationTimestamp;
  carried.resourceVersion = old.resourceVersion;
  if (old.deletionTimestamp !== undefined) carried.deletionTimestamp = old.deletionTimestamp;
  if (old.deletionGracePeriodSeconds !== undefined)
    carried.deletionGracePeriodSeconds ??= old.deletionGracePeriodSeconds;
  if (old.namespace !== undefined) carried.namespace ??= old.namespace;
  if (old.generation !== undefined) carried.generation = old.generation;
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
