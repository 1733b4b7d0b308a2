// Owns the defaults of a structural schema, filled into a private value in place.
import { cloneJson, setKey } from "../../lib/json.ts";
import { additionalOf, isRecord, itemsOf, propertyOf, type Schema } from "./schema.ts";

export function fillDefaults(schema: Schema, value: unknown): void {
  if (Array.isArray(value)) fillItems(schema, value);
  else if (isRecord(value)) fillFields(schema, value);
}

function fillItems(schema: Schema, items: unknown[]): void {
  const item = itemsOf(schema);
  if (item === undefined) return;
  for (const [index, value] of items.entries()) {
    if (isReplaced(item, value)) items[index] = cloneJson(item.default);
    fillDefaults(item, items[index]);
  }
}

function fillFields(schema: Schema, fields: Record<string, unknown>): void {
  for (const [name, property] of Object.entries(schema.properties ?? {}))
    if (
      property.default !== undefined &&
      (!Object.hasOwn(fields, name) || isReplaced(property, fields[name]))
    )
      setKey(fields, name, cloneJson(property.default));
  const additional = additionalOf(schema);
  for (const name of Object.keys(fields)) {
    const found = propertyOf(schema, name) ?? additional;
    if (found === undefined || found === "anything") continue;
    if (isReplaced(found, fields[name])) setKey(fields, name, cloneJson(found.default));
    fillDefaults(found, fields[name]);
  }
}

/** A null where none may stand makes way for the default. */
const isReplaced = (schema: Schema, value: unknown): boolean =>
  value === null && schema.nullable !== true && schema.default !== undefined;
