// Owns the check of a JSON value against the generated schemas: unknown fields, wrong types, and the value made canonical.
import { deepEqual, setKey } from "../lib/json.ts";
import { wrongType, type FieldError } from "./field-error.ts";
import { schemas } from "./generated/schemas.ts";
import { goKind, parseLeaf, type LeafType } from "./schema-leaf.ts";

export interface SchemaFindings {
  /** Full paths of fields the schema doesn't have: `spec.template.spec.containers[0].foo`. */
  readonly unknown: string[];
  /** Worded as upstream's decoder words them. */
  readonly errors: FieldError[];
  /** A private copy: unknown fields and nulls left out, quantities, times and base64 canonical. */
  readonly pruned: unknown;
}

/** A field by name, an item by index, or an entry of a map. Fields are the many, so they cost nothing. */
type Step = string | number | { readonly key: string };

/** Where the walk stands. One mutable path instead of a text per field: paths are only needed where something is wrong. */
interface Walk {
  readonly root: string;
  readonly path: Step[];
  readonly structs: string[];
  readonly unknown: string[];
  readonly errors: FieldError[];
}

/** Returns the canonical copy, or undefined where the value is refused or absent. `known` stands in the known value's same place. */
type Check = (value: unknown, walk: Walk, known: unknown) => unknown;

// Down to here parts are compared with the known value's by what is in them, below by identity alone: so that the whole is not
// compared again at every depth.
const comparedDepth = 2;

const isKnown = (part: unknown, known: unknown, walk: Walk): boolean =>
  typeof part === "object" && (walk.path.length < comparedDepth ? deepEqual(part, known) : part === known);

type Fields = Readonly<Record<string, unknown>>;

const none: Fields = Object.freeze({});

const fieldsIn = (value: unknown): Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : none;

// As upstream's decoder, so that no body can exhaust the stack.
const depthMax = 1000;

function pathText({ root, path }: Walk): string {
  let text = root;
  for (const step of path)
    if (typeof step === "number") text += `[${step}]`;
    else if (typeof step === "object") text += `[${step.key}]`;
    else text += text === "" ? step : `.${step}`;
  return text;
}

/** The decoder names the innermost struct and the fields on the way, without indexes. */
function placeText({ root, path, structs }: Walk): string {
  const fields = path.filter((step) => typeof step === "string");
  if (fields.length === 0) return "Go value";
  const above = root === "" ? "" : `${root.replaceAll(/\[[^\]]*\]/g, "")}.`;
  return `Go struct field ${structs.at(-1) ?? ""}.${above}${fields.join(".")}`;
}

function refuse(walk: Walk, value: unknown, detail: string): undefined {
  walk.errors.push(wrongType(pathText(walk), value, detail));
  return undefined;
}

const mismatch = (walk: Walk, value: unknown, goType: string): undefined =>
  refuse(walk, value, `json: cannot unmarshal ${goKind(value)} into ${placeText(walk)} of type ${goType}`);

const checks = new Map<string, Check>();

function checkOf(type: string, format: string | undefined): Check {
  const key = `${type}/${format ?? ""}`;
  const known = checks.get(key);
  if (known !== undefined) return known;
  const made = makeCheck(type, format);
  checks.set(key, made);
  return made;
}

function makeCheck(type: string, format: string | undefined): Check {
  if (type.startsWith("[]")) return listCheck(checkOf(type.slice(2), format), goTypeOf(type, format), type);
  if (type.startsWith("{}")) return mapCheck(checkOf(type.slice(2), format), goTypeOf(type, format), type);
  if (type === "any") return (value, walk) => copyAny(value, walk, 0);
  if (Object.hasOwn(schemas, type)) return structCheck(type);
  // What is neither list, map, struct nor any is one of the generator's leaf types.
  const leaf = type as LeafType;
  return (value, walk) => {
    const found = parseLeaf(leaf, format, value);
    if (found.is === "ok") return found.value;
    return found.is === "bad"
      ? refuse(walk, value, found.message)
      : mismatch(walk, value, goTypeOf(type, format));
  };
}

function structCheck(name: string): Check {
  let fields: Map<string, Check> | undefined;
  const goType = goTypeOf(name, undefined);
  return (value, walk, known) => {
    if (typeof value !== "object" || value === null || Array.isArray(value))
      return mismatch(walk, value, goType);
    if (walk.path.length > depthMax) return refuse(walk, "…", "exceeded max depth");
    // Made at first use: schemas refer to themselves and to each other.
    fields ??= fieldChecks(name);
    walk.structs.push(name);
    const out: Record<string, unknown> = {};
    const given = fieldsIn(value);
    const before = fieldsIn(known);
    for (const key of Object.keys(given)) {
      const part = given[key];
      const check = fields.get(key);
      if (check !== undefined && isKnown(part, before[key], walk)) {
        if (part !== null) out[key] = before[key];
        continue;
      }
      walk.path.push(key);
      if (check === undefined) walk.unknown.push(pathText(walk));
      else if (part !== null && part !== undefined) {
        const checked = check(part, walk, before[key]);
        if (checked !== undefined) out[key] = checked;
      }
      walk.path.pop();
    }
    walk.structs.pop();
    return out;
  };
}

function fieldChecks(name: string): Map<string, Check> {
  return new Map(Object.entries(schemas[name] ?? {}).map(([key, field]) => [key, checkOf(field.t, field.f)]));
}

/** What null in a list or map decodes to: the zero of its type. */
function zeroOf(type: string): unknown {
  if (type.startsWith("[]")) return [];
  if (type === "string" || type === "time") return "";
  if (type === "quantity") return "0";
  if (type === "number" || type === "int-or-string") return 0;
  if (type === "boolean") return false;
  return type === "any" ? null : {};
}

function listCheck(check: Check, goType: string, type: string): Check {
  const itemType = type.slice(2);
  return (value, walk, known) => {
    if (!Array.isArray(value)) return mismatch(walk, value, goType);
    const before: readonly unknown[] = Array.isArray(known) ? known : [];
    const out: unknown[] = [];
    for (let index = 0; index < value.length; index += 1) {
      // Of a list that is not yet checked.
      const item: unknown = value[index];
      walk.path.push(index);
      if (isKnown(item, before[index], walk) && item !== null) out.push(before[index]);
      else out.push(item === null ? zeroOf(itemType) : check(item, walk, before[index]));
      walk.path.pop();
    }
    return out;
  };
}

function mapCheck(check: Check, goType: string, type: string): Check {
  const itemType = type.slice(2);
  return (value, walk) => {
    if (typeof value !== "object" || value === null || Array.isArray(value))
      return mismatch(walk, value, goType);
    const out: Record<string, unknown> = {};
    const given = fieldsIn(value);
    for (const key of Object.keys(given)) {
      const item = given[key];
      walk.path.push({ key });
      const checked = item === null ? zeroOf(itemType) : check(item, walk, undefined);
      if (checked !== undefined) setKey(out, key, checked);
      walk.path.pop();
    }
    return out;
  };
}

function copyAny(value: unknown, walk: Walk, depth: number): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (depth > depthMax) return refuse(walk, "…", "exceeded max depth");
  if (Array.isArray(value)) return value.map((item) => copyAny(item, walk, depth + 1));
  const out: Record<string, unknown> = {};
  const given = fieldsIn(value);
  for (const key of Object.keys(given)) {
    const part = given[key];
    if (part !== undefined) setKey(out, key, copyAny(part, walk, depth + 1));
  }
  return out;
}

const goLeaves: Readonly<Record<string, string>> = {
  boolean: "bool",
  quantity: "resource.Quantity",
  time: "v1.Time",
  "int-or-string": "intstr.IntOrString",
};

function goTypeOf(type: string, format: string | undefined): string {
  if (type.startsWith("[]")) return `[]${goTypeOf(type.slice(2), format)}`;
  if (type.startsWith("{}")) return `map[string]${goTypeOf(type.slice(2), format)}`;
  if (type === "number") return format === "double" ? "float64" : (format ?? "int64");
  if (type === "string") return format === "byte" ? "[]uint8" : "string";
  return goLeaves[type] ?? `v1.${type}`;
}

/**
 * Checks a value against a schema by name. `path` is put before every path reported. `known` is a value that is canonical already:
 * its parts that stand unchanged in the value are not looked into, and are shared with the copy.
 */
export function checkSchema(schemaName: string, value: unknown, path = "", known?: unknown): SchemaFindings {
  if (!Object.hasOwn(schemas, schemaName)) throw new TypeError(`there is no schema ${schemaName}`);
  const walk: Walk = { root: path, path: [], structs: [], unknown: [], errors: [] };
  const pruned = checkOf(schemaName, undefined)(value, walk, known);
  return { unknown: walk.unknown, errors: walk.errors, pruned };
}
