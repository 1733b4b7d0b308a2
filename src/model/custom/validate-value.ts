// Owns the check of a value against a structural schema, worded as upstream words it.
import { deepEqual, stableText } from "../../lib/json.ts";
import {
  duplicate,
  invalid,
  notSupported,
  required,
  tooLong,
  wrongType,
  type FieldError,
} from "../field-error.ts";
import { fitsFormat, fitsNumberFormat } from "./formats.ts";
import { readPattern } from "./pattern.ts";
import { nothingOld, oldField, oldItems, oldWhole, type Old } from "./rules/correlate.ts";
import {
  additionalOf,
  isIntOrString,
  isRecord,
  itemsOf,
  joinPath,
  propertyOf,
  typeFields,
  type JsonRecord,
  type Schema,
} from "./schema.ts";

/**
 * Every fault of an object's own fields: type and metadata are checked elsewhere. What is as it was in the object as it stands,
 * where one is given, is not held against it: its definition may have changed since.
 */
export function validateObject(schema: Schema, object: JsonRecord, old?: JsonRecord): FieldError[] {
  const own = schema.properties ?? {};
  const properties = Object.fromEntries(Object.entries(own).filter(([name]) => !typeFields.has(name)));
  const metadata = own["metadata"];
  return [
    ...faultsAt({ ...schema, properties }, object, "", oldWhole(object, old)),
    ...(metadata === undefined ? [] : nameFaults(metadata, object["metadata"])),
  ];
}

/** A schema may bound the names of its objects, and nothing else of their metadata. */
const nameFaults = (schema: Schema, metadata: unknown): FieldError[] =>
  isRecord(metadata)
    ? Object.entries(schema.properties ?? {}).flatMap(([name, property]) =>
        metadata[name] === undefined ? [] : validateValue(property, metadata[name], `metadata.${name}`),
      )
    : [];

export const validateValue = (schema: Schema, value: unknown, path: string): FieldError[] =>
  faultsAt(schema, value, path, nothingOld);

function faultsAt(schema: Schema, value: unknown, path: string, old: Old): FieldError[] {
  if (old.isSame) return [];
  const type = typeFault(schema, value, path);
  // Null has no parts to check.
  if (value === null) return type === undefined ? [] : [type];
  return [
    ...(type === undefined ? [] : [type]),
    ...junctorFaults(schema, value, path),
    ...(typeof value === "string" ? stringFaults(schema, value, path) : []),
    ...(typeof value === "number" ? numberFaults(schema, value, path) : []),
    ...(Array.isArray(value) ? listFaults(schema, value, path, old) : []),
    ...enumFaults(schema, value, path),
    ...(isRecord(value) ? fieldFaults(schema, value, path, old) : []),
  ];
}

const fieldOf = (path: string): string => (path === "" ? "<nil>" : path);
const bad = (path: string, value: unknown, detail: string): FieldError =>
  invalid(fieldOf(path), value, `${path} in body ${detail}`);

function jsonTypeOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "number";
  return typeof value;
}

function typeFault(schema: Schema, value: unknown, path: string): FieldError | undefined {
  const types = isIntOrString(schema) ? ["integer", "string"] : [schema.type ?? ""];
  const is = jsonTypeOf(value);
  if (value === null && schema.nullable === true) return undefined;
  if (types.includes("") || types.includes(is) || (is === "integer" && types.includes("number")))
    return undefined;
  return wrongType(
    fieldOf(path),
    is,
    `${path} in body must be of type ${types.join(",")}: ${JSON.stringify(is)}`,
  );
}

/** In characters: those beyond the basic plane are two units of ours. */
const lengthOf = (text: string): number =>
  text.length - (text.match(/[\ud800-\udbff][\udc00-\udfff]/g)?.length ?? 0);

/** A definition stored before its pattern was read as RE2 bounds nothing by it. */
function isMatched(pattern: string, text: string): boolean {
  const read = readPattern(pattern);
  return read.is === "bad" || read.test(text);
}

function stringFaults(schema: Schema, text: string, path: string): FieldError[] {
  const { minLength, maxLength, pattern, format } = schema;
  const found: FieldError[] = [];
  if (maxLength !== undefined && lengthOf(text) > maxLength) found.push(tooLong(fieldOf(path), maxLength));
  if (minLength !== undefined && lengthOf(text) < minLength)
    found.push(bad(path, text, `should be at least ${minLength} chars long`));
  if (pattern !== undefined && pattern !== "" && !isMatched(pattern, text))
    found.push(bad(path, text, `should match '${pattern}'`));
  if (format !== undefined && !fitsFormat(format, text))
    found.push(
      wrongType(fieldOf(path), text, `${path} in body must be of type ${format}: ${JSON.stringify(text)}`),
    );
  return found;
}

function numberFaults(schema: Schema, value: number, path: string): FieldError[] {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf, format } = schema;
  const found: FieldError[] = [];
  if (multipleOf !== undefined && !isMultiple(value, multipleOf))
    found.push(bad(path, value, `should be a multiple of ${multipleOf}`));
  if (maximum !== undefined && (exclusiveMaximum === true ? value >= maximum : value > maximum))
    found.push(
      bad(path, value, `should be less than ${exclusiveMaximum === true ? "" : "or equal to "}${maximum}`),
    );
  if (minimum !== undefined && (exclusiveMinimum === true ? value <= minimum : value < minimum))
    found.push(
      bad(path, value, `should be greater than ${exclusiveMinimum === true ? "" : "or equal to "}${minimum}`),
    );
  if (format !== undefined && !fitsNumberFormat(format, value))
    found.push(wrongType(fieldOf(path), value, `${path} in body must be of type ${format}: "${value}"`));
  return found;
}

/** With fractions, up to what their decimal form can tell. */
function isMultiple(value: number, of: number): boolean {
  const times = value / of;
  return Math.abs(times - Math.round(times)) < 1e-9;
}

const enumFaults = (schema: Schema, value: unknown, path: string): FieldError[] =>
  schema.enum === undefined || schema.enum.some((one) => deepEqual(one, value))
    ? []
    : [
        notSupported(
          fieldOf(path),
          value,
          schema.enum.map((one) => (typeof one === "string" ? one : JSON.stringify(one))),
        ),
      ];

const tooMany = (path: string, actual: number, most: number): FieldError => ({
  field: fieldOf(path),
  reason: "FieldValueTooMany",
  message: `Too many: ${actual}: must have at most ${most} items`,
});

function listFaults(schema: Schema, list: readonly unknown[], path: string, old: Old): FieldError[] {
  const { minItems, maxItems } = schema;
  const items = itemsOf(schema);
  const found: FieldError[] = [];
  const oldOf = oldItems(schema, old);
  if (items !== undefined)
    for (const [index, item] of list.entries())
      found.push(...faultsAt(items, item, `${path}[${index}]`, oldOf(item)));
  if (minItems !== undefined && list.length < minItems)
    found.push(bad(path, list.length, `should have at least ${minItems} items`));
  if (maxItems !== undefined && list.length > maxItems) found.push(tooMany(path, list.length, maxItems));
  return [...found, ...repeatFaults(schema, list, path)];
}

/** Items of sets, and of lists that are maps in disguise, are told apart. */
function repeatFaults(schema: Schema, list: readonly unknown[], path: string): FieldError[] {
  const type = schema["x-kubernetes-list-type"];
  if (type !== "set" && type !== "map") return [];
  const seen = new Set<string>();
  const found: FieldError[] = [];
  for (const [index, item] of list.entries()) {
    const told = type === "set" ? item : keysOf(item, schema["x-kubernetes-list-map-keys"] ?? []);
    const text = stableText(told);
    if (seen.has(text)) found.push(duplicate(`${path}[${index}]`, told));
    seen.add(text);
  }
  return found;
}

const keysOf = (item: unknown, keys: readonly string[]): JsonRecord =>
  isRecord(item) ? Object.fromEntries(keys.map((key) => [key, item[key]])) : {};

function fieldFaults(schema: Schema, fields: JsonRecord, path: string, old: Old): FieldError[] {
  const found: FieldError[] = [];
  const names = Object.keys(fields).filter((name) => fields[name] !== undefined);
  const { minProperties, maxProperties } = schema;
  if (minProperties !== undefined && names.length < minProperties)
    found.push(bad(path, names.length, `should have at least ${minProperties} properties`));
  if (maxProperties !== undefined && names.length > maxProperties)
    found.push(tooMany(path, names.length, maxProperties));
  const additional = additionalOf(schema);
  for (const name of names) {
    const part = propertyOf(schema, name) ?? additional;
    if (part !== undefined && part !== "anything")
      found.push(
        ...faultsAt(part, fields[name], joinPath(path, name), oldField(schema, fields[name], name, old)),
      );
  }
  for (const name of schema.required ?? [])
    if (fields[name] === undefined) found.push(required(joinPath(path, name)));
  return found;
}

const whole = (path: string, text: string): FieldError =>
  invalid("<nil>", "", `${JSON.stringify(path)} ${text}`);

function junctorFaults(schema: Schema, value: unknown, path: string): FieldError[] {
  const { allOf = [], anyOf = [], oneOf = [], not } = schema;
  const check = (one: Schema): FieldError[] => validateValue(one, value, path);
  const found: FieldError[] = [];
  if (anyOf.length > 0) {
    const tried = anyOf.map(check);
    if (tried.every((faults) => faults.length > 0))
      found.push(whole(path, "must validate at least one schema (anyOf)"), ...(tried[0] ?? []));
  }
  if (oneOf.length > 0) {
    const tried = oneOf.map(check);
    const count = tried.filter((faults) => faults.length === 0).length;
    if (count === 0)
      found.push(
        whole(path, "must validate one and only one schema (oneOf). Found none valid"),
        ...(tried[0] ?? []),
      );
    else if (count > 1)
      found.push(
        whole(path, `must validate one and only one schema (oneOf). Found ${count} valid alternatives`),
      );
  }
  const failed = allOf.flatMap(check);
  if (failed.length > 0) found.push(...failed, whole(path, "must validate all the schemas (allOf)"));
  if (not !== undefined && check(not).length === 0)
    found.push(whole(path, "must not validate the schema (not)"));
  return found;
}
