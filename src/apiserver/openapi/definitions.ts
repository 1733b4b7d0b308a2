// Owns the schemas of OpenAPI documents, made from the generated ones.
import { listTypeOf } from "../../model/apply/list-types.ts";
import { mergeRuleOf } from "../../model/patch/merge-keys.ts";
import { descriptions } from "../../model/generated/descriptions.ts";
import { schemas } from "../../model/generated/schemas.ts";
import { customDefinitions } from "./custom-definitions.ts";
import type { Dialect, JsonObject } from "./dialect.ts";
import { innermost, reachable, specialTypes, type DefinitionNames } from "./definition-names.ts";

interface Field {
  readonly t: string;
  readonly f?: string;
  readonly r?: 1;
}

const plainTypes: Readonly<Record<string, JsonObject>> = {
  string: { type: "string" },
  boolean: { type: "boolean" },
  object: { type: "object" },
};

const specials = (dialect: Dialect): JsonObject => ({
  [specialTypes.time]: {
    description: "Time is a wrapper around time.Time which supports correct marshaling to YAML and JSON.",
    type: "string",
    format: "date-time",
  },
  [specialTypes.microTime]: {
    description: "MicroTime is version of Time with microsecond level precision.",
    type: "string",
    format: "date-time",
  },
  [specialTypes.quantity]: {
    description: "Quantity is a fixed-point representation of a number: 100m, 1.5, 2Gi, 10e6.",
    ...(dialect.version === 2 ? { type: "string" } : { oneOf: [{ type: "string" }, { type: "number" }] }),
  },
  [specialTypes.intOrString]: {
    description: "IntOrString is a type that can hold an int32 or a string.",
    format: "int-or-string",
    ...(dialect.version === 2 ? { type: "string" } : { oneOf: [{ type: "integer" }, { type: "string" }] }),
  },
  [specialTypes.fields]: {
    description: "FieldsV1 stores a set of fields in a data structure like a Trie, in JSON format.",
    type: "object",
  },
  [specialTypes.raw]: { description: "RawExtension is used to hold extensions.", type: "object" },
});

/** The definition a field's innermost type refers to, where it is no plain type. */
function referred(type: string, fieldName: string, format: string | undefined, names: DefinitionNames) {
  if (type === "time") return format === "date-time-micro" ? specialTypes.microTime : specialTypes.time;
  if (type === "quantity") return specialTypes.quantity;
  if (type === "int-or-string") return specialTypes.intOrString;
  if (type === "any") return fieldName === "fieldsV1" ? specialTypes.fields : specialTypes.raw;
  return schemas[type] === undefined ? undefined : names.of(type);
}

function typeSchema(type: string, name: string, format: string | undefined, within: Within): JsonObject {
  if (type.startsWith("[]")) return { type: "array", items: typeSchema(type.slice(2), name, format, within) };
  if (type.startsWith("{}"))
    return { type: "object", additionalProperties: typeSchema(type.slice(2), name, format, within) };
  const target = referred(type, name, format, within.names);
  if (target !== undefined) return { $ref: within.dialect.refs + target };
  if (type === "number")
    return format === "double"
      ? { type: "number", format }
      : { type: "integer", ...(format === undefined ? {} : { format }) };
  return { ...plainTypes[type], ...(format === undefined ? {} : { format }) };
}

interface Within {
  readonly names: DefinitionNames;
  readonly dialect: Dialect;
}

/** How lists are merged: what kubectl reads for strategic merge patches, and server-side apply for its own. */
function listFacts(schema: string, name: string, type: string): JsonObject {
  const rule = mergeRuleOf(schema, name);
  const patch =
    rule === undefined
      ? {}
      : {
          "x-kubernetes-patch-strategy": rule.strategy,
          ...(rule.key === undefined ? {} : { "x-kubernetes-patch-merge-key": rule.key }),
        };
  if (!type.startsWith("[]")) return patch;
  const list = listTypeOf(schema, name);
  const keys = list.is === "map" ? { "x-kubernetes-list-map-keys": list.keys } : {};
  return { ...patch, "x-kubernetes-list-type": list.is, ...keys };
}

function property(schema: string, name: string, field: Field, within: Within): JsonObject {
  const shape = typeSchema(field.t, name, field.f, within);
  const text = textOf(schema, name, field.t);
  const facts = listFacts(schema, name, field.t);
  const described = { ...(text === undefined ? {} : { description: text }), ...facts };
  // OpenAPI 3.0 passes over whatever stands beside a reference.
  if (within.dialect.version === 3 && "$ref" in shape) return { ...described, default: {}, allOf: [shape] };
  return { ...described, ...shape };
}

/** What the field says of itself, else what its type says. */
function textOf(schema: string, name: string, type: string): string | undefined {
  if (name === "metadata") return metadataText(type);
  return descriptions[schema]?.f[name] ?? (descriptions[innermost(type)]?.d || undefined);
}

const metadataText = (type: string): string =>
  `Standard ${type === "ListMeta" ? "list" : "object's"} metadata. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata`;

function definition(schema: string, fields: Readonly<Record<string, Field>>, within: Within): JsonObject {
  const entries = Object.entries(fields);
  const optional = within.names.optionalIn(schema);
  const required = entries
    .filter(([name, field]) => field.r === 1 && !optional.includes(name))
    .map(([name]) => name);
  const kind = within.names.kindOf(schema);
  const text = descriptions[schema]?.d ?? "";
  return {
    ...(text === "" ? {} : { description: text }),
    type: "object",
    ...(required.length === 0 ? {} : { required }),
    properties: Object.fromEntries(
      entries.map(([name, field]) => [name, property(schema, name, field, within)]),
    ),
    ...(kind === undefined ? {} : { "x-kubernetes-group-version-kind": [kind] }),
  };
}

/** The definitions the roots lead to, by name. */
export function definitions(roots: readonly string[], names: DefinitionNames, dialect: Dialect): JsonObject {
  const within = { names, dialect };
  const found = [...reachable(roots)].map(
    (schema) => [names.of(schema), definition(schema, schemas[schema] ?? {}, within)] as const,
  );
  const custom = [...roots].flatMap((schema) => {
    const kind = names.customOf(schema);
    return kind === undefined ? [] : Object.entries(customDefinitions(kind, within));
  });
  const all = [...found, ...custom, ...Object.entries(specials(dialect))];
  all.sort(([left], [right]) => (left < right ? -1 : 1));
  return Object.fromEntries(all);
}
