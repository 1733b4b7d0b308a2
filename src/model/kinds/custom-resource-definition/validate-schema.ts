// Owns the rules by which a schema is structural: every value's type is said once, where the value is.
import { fillDefaults } from "../../custom/defaults.ts";
import { readPattern } from "../../custom/pattern.ts";
import { pruneObject } from "../../custom/prune.ts";
import {
  additionalOf,
  isEmbedded,
  isIntOrString,
  isRecord,
  itemsOf,
  preservesUnknown,
  propertyOf,
  type Schema,
} from "../../custom/schema.ts";
import { validateValue } from "../../custom/validate-value.ts";
import { cloneJson } from "../../../lib/json.ts";
import { forbidden, invalid, notSupported, required, type FieldError } from "../../field-error.ts";
import { checkSchema } from "../../schema-check.ts";
import { ruleFaults } from "./validate-rules.ts";

const types = ["array", "boolean", "integer", "number", "object", "string"];

/** A schema stands at the root, where a value is, or in a junctor, which only bounds a value described elsewhere. */
interface Place {
  readonly is: "root" | "value" | "junctor";
  /** As upstream words it where the type is missing. */
  readonly of: string;
}

export function validateSchema(schema: Schema, path: string): FieldError[] {
  const malformed = malformedParts(schema, path);
  if (malformed.length > 0) return malformed;
  const found = schemaFaults(schema, path, { is: "root", of: "at the root" });
  // Rules are typed by the schema, which has to be sound first.
  return found.length > 0 ? found : ruleFaults(schema, path);
}

/** The decoder leaves open what stands where a schema or something else may: it is read here. */
function malformedParts(schema: Schema, path: string): FieldError[] {
  const found: FieldError[] = [];
  const open = (value: unknown, place: string): void => {
    if (!isRecord(value)) return;
    const { errors } = checkSchema("JSONSchemaProps", value, place);
    if (errors.length > 0) found.push(...errors);
    else found.push(...malformedParts(value, place));
  };
  if (Array.isArray(schema.items))
    found.push(forbidden(`${path}.items`, "items must be a schema object and not an array"));
  else if (schema.items !== undefined && !isRecord(schema.items))
    found.push(invalid(`${path}.items`, schema.items, "must be a schema object"));
  open(schema.items, `${path}.items`);
  const { additionalProperties } = schema;
  if (
    additionalProperties !== undefined &&
    typeof additionalProperties !== "boolean" &&
    !isRecord(additionalProperties)
  )
    found.push(
      invalid(`${path}.additionalProperties`, additionalProperties, "must be a schema object or true"),
    );
  open(additionalProperties, `${path}.additionalProperties`);
  for (const [place, part] of namedParts(schema, path)) found.push(...malformedParts(part, place));
  return found;
}

function junctorsOf(schema: Schema, path: string): [string, Schema][] {
  const listed = (["allOf", "anyOf", "oneOf"] as const).flatMap((name) =>
    (schema[name] ?? []).map((part, index): [string, Schema] => [`${path}.${name}[${index}]`, part]),
  );
  return schema.not === undefined ? listed : [...listed, [`${path}.not`, schema.not]];
}

const propertiesOf = (schema: Schema, path: string): [string, Schema][] =>
  Object.entries(schema.properties ?? {}).map(([name, part]) => [`${path}.properties[${name}]`, part]);

const namedParts = (schema: Schema, path: string): [string, Schema][] => [
  ...propertiesOf(schema, path),
  ...junctorsOf(schema, path),
];

function schemaFaults(schema: Schema, path: string, place: Place): FieldError[] {
  const additional = additionalOf(schema);
  const items = itemsOf(schema);
  const within = (of: string): Place => (place.is === "junctor" ? place : { is: "value", of });
  return [
    ...unsupportedFaults(schema, path),
    ...(place.is === "junctor" ? junctorFaults(schema, path) : typeFaults(schema, path, place)),
    ...(place.is === "root" ? rootFaults(schema, path) : []),
    ...extensionFaults(schema, path),
    ...listFaults(schema, path),
    ...(place.is === "junctor" ? [] : defaultFaults(schema, path)),
    ...propertiesOf(schema, path).flatMap(([at, part]) =>
      at === `${path}.properties[metadata]` && (place.is === "root" || isEmbedded(schema))
        ? metadataFaults(part, at)
        : schemaFaults(part, at, within("for specified object fields")),
    ),
    ...(items === undefined ? [] : schemaFaults(items, `${path}.items`, within("for specified array items"))),
    ...(additional === undefined || additional === "anything"
      ? []
      : schemaFaults(additional, `${path}.additionalProperties`, within("for specified object fields"))),
    ...junctorsOf(schema, path).flatMap(([at, part]) =>
      isIntOrStringChoice(schema, part) ? [] : schemaFaults(part, at, { is: "junctor", of: "" }),
    ),
  ];
}

/** `anyOf: [{type: integer}, {type: string}]` repeats what the mark says, as generators write it. */
const isIntOrStringChoice = (schema: Schema, part: Schema): boolean =>
  isIntOrString(schema) &&
  (part.type === "integer" || part.type === "string") &&
  Object.keys(part).length === 1;

const refused: readonly (readonly [keyof Schema, string])[] = [
  ["$ref", "$ref is not supported"],
  ["definitions", "definitions is not supported"],
  ["dependencies", "dependencies is not supported"],
  ["id", "id is not supported"],
  ["patternProperties", "patternProperties is not supported"],
  ["additionalItems", "additionalItems is not supported"],
];

function unsupportedFaults(schema: Schema, path: string): FieldError[] {
  const found = refused
    .filter(([name]) => schema[name] !== undefined)
    .map(([name, why]) => forbidden(`${path}.${name}`, why));
  if (schema.uniqueItems === true)
    found.push(
      forbidden(
        `${path}.uniqueItems`,
        "uniqueItems cannot be set to true since the runtime complexity becomes quadratic",
      ),
    );
  if (schema.additionalProperties === false)
    found.push(forbidden(`${path}.additionalProperties`, "additionalProperties cannot be set to false"));
  if (schema.additionalProperties !== undefined && Object.keys(schema.properties ?? {}).length > 0)
    found.push(
      forbidden(`${path}.additionalProperties`, "additionalProperties and properties are mutual exclusive"),
    );
  const { pattern } = schema;
  const read = pattern === undefined ? undefined : readPattern(pattern);
  if (read?.is === "bad")
    found.push(
      invalid(`${path}.pattern`, pattern, `must be a valid regular expression, but isn't: ${read.because}`),
    );
  return found;
}

function typeFaults(schema: Schema, path: string, place: Place): FieldError[] {
  const { type = "" } = schema;
  if (place.is === "root" && type !== "object")
    return [
      type === ""
        ? required(`${path}.type`, "must not be empty at the root")
        : invalid(`${path}.type`, type, "must be object at the root"),
    ];
  if (type === "")
    return isIntOrString(schema) || preservesUnknown(schema)
      ? []
      : [required(`${path}.type`, `must not be empty ${place.of}`)];
  if (!types.includes(type)) return [notSupported(`${path}.type`, type, types)];
  return type === "array" && schema.items === undefined
    ? [required(`${path}.items`, "must be specified")]
    : [];
}

const emptyInJunctors = [
  "type",
  "default",
  "additionalProperties",
  "nullable",
  "title",
  "description",
  "x-kubernetes-preserve-unknown-fields",
  "x-kubernetes-embedded-resource",
  "x-kubernetes-int-or-string",
  "x-kubernetes-validations",
] as const;

const junctorFaults = (schema: Schema, path: string): FieldError[] =>
  emptyInJunctors
    .filter((name) => schema[name] !== undefined && schema[name] !== false && schema[name] !== "")
    .map((name) => forbidden(`${path}.${name}`, "must be empty to be structural"));

function rootFaults(schema: Schema, path: string): FieldError[] {
  return schema.nullable === true
    ? [forbidden(`${path}.nullable`, "nullable cannot be true at the root")]
    : [];
}

/** Metadata is as in every object; only names may be bounded further. */
function metadataFaults(schema: Schema, path: string): FieldError[] {
  const { type = "", properties = {}, description: _description, ...rest } = schema;
  const found = type === "object" ? [] : [invalid(`${path}.type`, type, "must be object")];
  const others = Object.keys(properties).filter((name) => name !== "name" && name !== "generateName");
  if (others.length > 0 || Object.keys(rest).length > 0)
    found.push(
      forbidden(
        path,
        "must not specify anything other than name and generateName, but metadata is implicitly specified",
      ),
    );
  return [
    ...found,
    ...propertiesOf(schema, path).flatMap(([at, part]) =>
      schemaFaults(part, at, { is: "value", of: "for specified object fields" }),
    ),
  ];
}

function extensionFaults(schema: Schema, path: string): FieldError[] {
  const found: FieldError[] = [];
  if (schema["x-kubernetes-preserve-unknown-fields"] === false)
    found.push(invalid(`${path}.x-kubernetes-preserve-unknown-fields`, false, "must be true or undefined"));
  if (isEmbedded(schema) && schema.type !== "object")
    found.push(
      invalid(`${path}.type`, schema.type ?? "", "must be object if x-kubernetes-embedded-resource is true"),
    );
  if (isEmbedded(schema) && schema.properties === undefined && !preservesUnknown(schema))
    found.push(
      required(
        `${path}.properties`,
        "must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields",
      ),
    );
  if (isIntOrString(schema) && (schema.type ?? "") !== "")
    found.push(forbidden(`${path}.type`, "must be empty if x-kubernetes-int-or-string is true"));
  const mapType = schema["x-kubernetes-map-type"];
  if (mapType !== undefined && mapType !== "granular" && mapType !== "atomic")
    found.push(notSupported(`${path}.x-kubernetes-map-type`, mapType, ["atomic", "granular"]));
  if (mapType !== undefined && schema.type !== "object")
    found.push(
      invalid(`${path}.type`, schema.type ?? "", "must be object if x-kubernetes-map-type is specified"),
    );
  return found;
}

const listTypes = ["atomic", "map", "set"];
const scalars: ReadonlySet<string> = new Set(["boolean", "integer", "number", "string"]);

function listFaults(schema: Schema, path: string): FieldError[] {
  const type = schema["x-kubernetes-list-type"];
  const keys = schema["x-kubernetes-list-map-keys"] ?? [];
  const at = `${path}.x-kubernetes-list-map-keys`;
  const found: FieldError[] = [];
  if (type !== undefined && !listTypes.includes(type))
    found.push(notSupported(`${path}.x-kubernetes-list-type`, type, listTypes));
  if (type !== undefined && schema.type !== "array")
    found.push(
      invalid(`${path}.type`, schema.type ?? "", "must be array if x-kubernetes-list-type is specified"),
    );
  if (type !== "map")
    return keys.length === 0
      ? found
      : [...found, forbidden(at, "must be empty unless x-kubernetes-list-type is map")];
  if (keys.length === 0) found.push(required(at, "must not be empty if x-kubernetes-list-type is map"));
  const items = itemsOf(schema);
  if (items?.type !== "object")
    return [
      ...found,
      invalid(
        `${path}.items.type`,
        items?.type ?? "",
        "must be object if parent array's x-kubernetes-list-type is map",
      ),
    ];
  return [
    ...found,
    ...keys.flatMap((key, index) => keyFaults(items, key, { path, field: `${at}[${index}]` })),
  ];
}

function keyFaults(
  items: Schema,
  key: string,
  { path, field }: { path: string; field: string },
): FieldError[] {
  const property = propertyOf(items, key);
  if (property === undefined) return [invalid(field, key, "entries must all be names of item properties")];
  const at = `${path}.items.properties[${key}]`;
  if (!scalars.has(property.type ?? ""))
    return [
      invalid(
        `${at}.type`,
        property.type ?? "",
        "must be a scalar type if parent array's x-kubernetes-list-type is map",
      ),
    ];
  return property.default === undefined && !(items.required ?? []).includes(key)
    ? [
        required(
          `${at}.default`,
          "this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property",
        ),
      ]
    : [];
}

/** A default must be what it would be taken for in an object. */
function defaultFaults(schema: Schema, path: string): FieldError[] {
  if (schema.default === undefined) return [];
  const value = cloneJson(schema.default);
  const { unknown } = pruneObject(schema, value);
  if (unknown.length > 0)
    return unknown.map((at) => invalid(`${path}.default`, value, `must not have unknown fields: ${at}`));
  fillDefaults(schema, value);
  return validateValue(schema, value, `${path}.default`);
}
