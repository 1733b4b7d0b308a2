// Owns managedFields: who manages which fields of an object, read from it and written back to it.
import type { ManagedFieldsEntry } from "../generated/types.ts";
import { deepEqual } from "../../lib/json.ts";
import { isEmptySet, isFieldSet, union, type FieldSet } from "./field-set.ts";

/** Who writes: fields are owned by name, operation, version and subresource together. */
export interface Manager {
  readonly name: string;
  readonly operation: "Apply" | "Update";
  readonly apiVersion: string;
  readonly subresource: string | undefined;
}

export interface Managed {
  readonly manager: Manager;
  readonly time: string | undefined;
  readonly fields: FieldSet;
}

/** An applier is the same one whichever version it applies. */
export const isSameManager = (left: Manager, right: Manager): boolean =>
  left.name === right.name &&
  left.operation === right.operation &&
  left.subresource === right.subresource &&
  (left.operation === "Apply" || left.apiVersion === right.apiVersion);

/** Undefined where an entry is none the server would have written. */
export function readManagers(entries: readonly ManagedFieldsEntry[] | undefined): Managed[] | undefined {
  const found: Managed[] = [];
  for (const entry of entries ?? []) {
    const { operation, fieldsV1 = {} } = entry;
    if (operation !== "Apply" && operation !== "Update") return undefined;
    if ((entry.fieldsType ?? "FieldsV1") !== "FieldsV1" || !isFieldSet(fieldsV1)) return undefined;
    found.push({
      manager: {
        name: entry.manager ?? "",
        operation,
        apiVersion: entry.apiVersion ?? "",
        subresource: (entry.subresource ?? "") === "" ? undefined : entry.subresource,
      },
      time: entry.time,
      fields: fieldsV1,
    });
  }
  return found;
}

/** `[{}]` is how a client says that nobody is to manage anything. */
export const isReset = (entries: readonly ManagedFieldsEntry[] | undefined): boolean =>
  entries?.length === 1 && deepEqual(entries[0], {});

const rank = ({ manager }: Managed): number => (manager.operation === "Apply" ? 0 : 1);
const order = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0);

// Appliers are few and named on purpose; updaters may be any program that ever touched the object.
const updatersMax = 10;
const ancient = "ancient-changes";

/** Appliers first, then by age, as upstream lists them. Managers of nothing are left out. */
export function writeManagers(all: readonly Managed[]): ManagedFieldsEntry[] {
  const listed = all
    .filter(({ fields }) => !isEmptySet(fields))
    .sort(
      (left, right) =>
        rank(left) - rank(right) ||
        order(left.time ?? "", right.time ?? "") ||
        order(left.manager.name, right.manager.name),
    );
  return capped(listed).map(entryOf);
}

function capped(listed: readonly Managed[]): readonly Managed[] {
  const appliers = listed.filter(({ manager }) => manager.operation === "Apply");
  const updaters = listed.filter(({ manager }) => manager.operation === "Update");
  const excess = updaters.length - updatersMax;
  if (excess <= 0) return listed;
  const oldest = updaters.slice(0, excess + 1);
  const joined = new Map<string, Managed>();
  for (const one of oldest) {
    const { apiVersion } = one.manager;
    const before = joined.get(apiVersion);
    const manager: Manager = { name: ancient, operation: "Update", apiVersion, subresource: undefined };
    const fields = before === undefined ? one.fields : union(before.fields, one.fields);
    joined.set(apiVersion, { manager, time: one.time, fields });
  }
  return [...appliers, ...joined.values(), ...updaters.slice(excess + 1)];
}

const entryOf = ({ manager, time, fields }: Managed): ManagedFieldsEntry => ({
  manager: manager.name,
  operation: manager.operation,
  apiVersion: manager.apiVersion,
  ...(time === undefined ? {} : { time }),
  fieldsType: "FieldsV1",
  fieldsV1: fields,
  ...(manager.subresource === undefined ? {} : { subresource: manager.subresource }),
});
