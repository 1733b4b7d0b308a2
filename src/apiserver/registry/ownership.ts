// Owns who owns the fields of a stored object: managedFields after a creation, an update and an applied configuration.
import { Lately } from "../../lib/lately.ts";
import { cloneJson, deepEqual, deepFreeze } from "../../lib/json.ts";
import type { ManagedFieldsEntry } from "../../model/generated/types.ts";
import type { Descriptor } from "../../model/kinds/descriptor.ts";
import type { Draft, KubeObject } from "../../model/meta.ts";
import { fieldsOf } from "../../model/apply/compare.ts";
import { isEmptySet, type FieldSet } from "../../model/apply/field-set.ts";
import { isReset, readManagers, writeManagers, type Managed } from "../../model/apply/managers.ts";
import { shapeOfKind, type Shape } from "../../model/apply/shape.ts";
import { trackUpdate, type Mine, type Writer } from "../../model/apply/track.ts";
import type { JsonObject } from "../../model/patch/patched.ts";
import { formatTime } from "../../model/time.ts";
import { groupVersion } from "./decode.ts";
import type { Registry } from "./registry.ts";
import type { CreateOptions, Part, UpdateAsked } from "./asked.ts";

/** The entries for the object that is to be stored instead of the old one. */
export type Owned = (next: KubeObject, old: KubeObject) => ManagedFieldsEntry[];

type Entries = readonly ManagedFieldsEntry[] | undefined;

/** Objects come from JSON, and are JSON. */
export const asJson = (object: Draft<KubeObject>): JsonObject => object as unknown as JsonObject;

/** The shape that the kind's objects are shared by. */
export const shapeOf = (kind: Descriptor): Shape => kind.custom?.shape() ?? shapeOfKind(kind.schema);

function mineOf(kind: Descriptor, part: Part): Mine {
  if (part === "status" || part === "approval") return (field) => field === "status" || field === "metadata";
  return kind.hasStatus ? (field) => field !== "status" : () => true;
}

export function writerOf(
  { clock }: Registry,
  { place: { kind }, part, options }: UpdateAsked,
  operation: "Apply" | "Update",
): Writer {
  return {
    manager: {
      name: options.manager,
      operation,
      apiVersion: groupVersion(kind),
      subresource: part === "object" ? undefined : part,
    },
    now: formatTime(clock.now()),
    mine: mineOf(kind, part),
  };
}

// Entries of stored objects are frozen, and read again with each change of the object.
const known = new Lately<readonly ManagedFieldsEntry[], readonly Managed[]>();

/** What stands in a stored object. Entries that nobody can read are as good as none. */
export function managersOf(entries: Entries): readonly Managed[] {
  if (entries === undefined) return [];
  const read = known.get(entries) ?? readManagers(entries) ?? [];
  if (Object.isFrozen(entries)) known.set(entries, read);
  return read;
}

/** What the client says of ownership, where it says something; a subresource's request is not asked. */
function managedBefore(given: Entries, old: Entries, part: Part): readonly Managed[] {
  if (part !== "object" || given === undefined || given.length === 0) return managersOf(old);
  if (isReset(given)) return [];
  if (old !== undefined && deepEqual(given, old)) return managersOf(old);
  return readManagers(cloneJson(given)) ?? managersOf(old);
}

export function ownedAfterUpdate(registry: Registry, asked: UpdateAsked, draft: Draft<KubeObject>): Owned {
  const given = draft.metadata.managedFields;
  return (next, old) => {
    const before = managedBefore(given, old.metadata.managedFields, asked.part);
    const writer = writerOf(registry, asked, "Update");
    const managed = trackUpdate(
      shapeOf(asked.place.kind),
      { old: asJson(old), next: asJson(next), managed: before },
      writer,
    );
    return entriesOf(managed, old.metadata.managedFields);
  };
}

/** To be asked before defaults are filled in: what is applied is owned, and no more. */
export function ownedAtBirth(
  registry: Registry,
  kind: Descriptor,
  draft: Draft<KubeObject>,
  options: CreateOptions,
): (object: KubeObject) => ManagedFieldsEntry[] {
  const operation = options.isApplied === true ? "Apply" : "Update";
  const place = { kind, namespace: undefined, name: "" };
  const writer = writerOf(registry, { place, part: "object", options }, operation);
  const shape = shapeOf(kind);
  if (options.isApplied === true) {
    const { status: _status, ...desired } = asJson(draft);
    const fields = fieldsOf(shape, kind.hasStatus ? desired : asJson(draft));
    const managed = isEmptySet(fields) ? [] : [{ manager: writer.manager, time: writer.now, fields }];
    return () => entriesOf(managed, undefined);
  }
  const given = managedBefore(draft.metadata.managedFields, undefined, "object");
  return (object) =>
    entriesOf(trackUpdate(shape, { old: {}, next: asJson(object), managed: given }, writer), undefined);
}

/** The entries as they were, where nothing about them changed. */
export function entriesOf(managed: readonly Managed[], old: Entries): ManagedFieldsEntry[] {
  // Frozen by the store's cache, and only ever shared.
  if (old !== undefined && managersOf(old) === managed) return old as ManagedFieldsEntry[];
  const kept = managed.map((one) => ({ ...one, fields: shared(one.fields) }));
  const entries = writeManagers(kept);
  // What was written need not be read again, unless entries were joined.
  if (entries.length === kept.length) known.set(entries, kept);
  return entries;
}

// Pods of one set are made and changed by the same managers in the same way: thousands of objects, a few trees.
const sharedMax = 2048;
const trees = new Map<string, FieldSet>();

function shared(fields: FieldSet): FieldSet {
  if (Object.isFrozen(fields)) return fields;
  const text = JSON.stringify(fields);
  const tree = trees.get(text);
  if (tree !== undefined) return tree;
  if (trees.size >= sharedMax) trees.clear();
  trees.set(text, deepFreeze(fields));
  return fields;
}
