// Owns what is left of a value under a structural schema: fields it does not describe go, and nulls that say nothing.
import { setKey } from "../../lib/json.ts";
import type { FieldError } from "../field-error.ts";
import { checkSchema } from "../schema-check.ts";
import {
  additionalOf,
  isEmbedded,
  isRecord,
  itemsOf,
  joinPath,
  preservesUnknown,
  propertyOf,
  typeFields,
  type JsonRecord,
  type Schema,
} from "./schema.ts";

export interface Pruned {
  /** A private copy. */
  readonly value: unknown;
  /** Paths of the fields left out. */
  readonly unknown: readonly string[];
  /** Of metadata, which is typed whatever the schema says. */
  readonly errors: readonly FieldError[];
}

interface Walk {
  readonly unknown: string[];
  readonly errors: FieldError[];
}

/** A whole object: its type and metadata are as every object's, the rest as the schema says. */
export function pruneObject(schema: Schema, object: unknown): Pruned {
  const walk: Walk = { unknown: [], errors: [] };
  const value = prune(schema, object, "", { ...walk, isObject: true });
  return { value, ...walk };
}

interface At extends Walk {
  readonly isObject: boolean;
}

function prune(schema: Schema | undefined, value: unknown, path: string, at: At): unknown {
  if (Array.isArray(value)) return pruneItems(schema, value, path, at);
  if (!isRecord(value)) return value;
  const out: JsonRecord = {};
  for (const key of Object.keys(value)) {
    const part = value[key];
    if (part === undefined) continue;
    const place = joinPath(path, key);
    if (at.isObject && typeFields.has(key)) {
      setKey(out, key, key === "metadata" ? pruneMetadata(part, place, at) : part);
      continue;
    }
    const found = schemaFor(schema, key);
    if (found === "unknown") at.unknown.push(place);
    else if (part !== null || !isIdleNull(found)) setKey(out, key, pruneField(found, part, place, at));
  }
  return out;
}

function pruneItems(
  schema: Schema | undefined,
  value: readonly unknown[],
  path: string,
  at: At,
): readonly unknown[] {
  const items = schema && itemsOf(schema);
  const isKept = items === undefined && (schema === undefined || preservesUnknown(schema));
  return value.map((item, index) => pruneField(isKept ? "anything" : items, item, `${path}[${index}]`, at));
}

function pruneField(found: Schema | "anything" | undefined, value: unknown, path: string, at: At): unknown {
  if (found === "anything") return copy(value);
  const isObject = found !== undefined && isEmbedded(found);
  return prune(found, value, path, { unknown: at.unknown, errors: at.errors, isObject });
}

function schemaFor(schema: Schema | undefined, key: string): Schema | "anything" | "unknown" {
  if (schema === undefined) return "unknown";
  return (
    propertyOf(schema, key) ?? additionalOf(schema) ?? (preservesUnknown(schema) ? "anything" : "unknown")
  );
}

/** A null that neither may stand nor makes way for a default is as good as absent. */
const isIdleNull = (found: Schema | "anything"): boolean =>
  found !== "anything" && found.nullable !== true && found.default === undefined && isTyped(found);

const isTyped = (schema: Schema): boolean => (schema.type ?? "") !== "" || !preservesUnknown(schema);

function pruneMetadata(value: unknown, path: string, { unknown, errors }: Walk): unknown {
  if (value === null) return {};
  const found = checkSchema("ObjectMeta", value, path);
  unknown.push(...found.unknown);
  errors.push(...found.errors);
  return found.pruned;
}

function copy(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copy);
  if (!isRecord(value)) return value;
  const out: JsonRecord = {};
  for (const key of Object.keys(value)) if (value[key] !== undefined) setKey(out, key, copy(value[key]));
  return out;
}
