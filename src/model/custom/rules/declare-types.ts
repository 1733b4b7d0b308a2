// Owns the types that a schema declares for rules, and the way of its values to those.
import { parseTime } from "../../time.ts";
import {
  additionalOf,
  isEmbedded,
  isIntOrString,
  isRecord,
  itemsOf,
  preservesUnknown,
  type Schema,
} from "../schema.ts";
import type { Environment } from "./cel.ts";
import { durationOf } from "./metered.ts";
import { escapedName } from "./property-names.ts";
import { asMapList } from "./values.ts";

/** Values made already, by the part of the object they were made from: rules at several heights share them. */
export type Converted = Map<unknown, unknown>;

export interface Declared {
  /** Its name for the library. */
  readonly type: string;
  readonly convert: (value: unknown, known: Converted) => unknown;
}

/** A value of which no schema says more. */
function plain(value: unknown): unknown {
  if (typeof value === "number") return Number.isInteger(value) ? BigInt(value) : value;
  if (Array.isArray(value)) return value.map(plain);
  if (!isRecord(value)) return value;
  return new Map(
    Object.entries(value).flatMap(([key, part]) => (part === undefined ? [] : [[key, plain(part)]])),
  );
}

const dyn: Declared = { type: "dyn", convert: plain };

/** A value that is not as the schema says, as an old one may be, is shown as it is. */
const scalar = (
  type: string,
  test: (value: unknown) => boolean,
  convert: (value: never) => unknown,
): Declared => ({
  type,
  convert: (value) => (test(value) ? convert(value as never) : plain(value)),
});

const isText = (value: unknown): boolean => typeof value === "string";

const scalars: Readonly<Record<string, Declared>> = {
  string: scalar("string", isText, (text: string) => text),
  boolean: scalar(
    "bool",
    (value) => typeof value === "boolean",
    (value: boolean) => value,
  ),
  integer: scalar("int", Number.isInteger, (value: number) => BigInt(value)),
  number: scalar(
    "double",
    (value) => typeof value === "number",
    (value: number) => value,
  ),
};

function timeOf(text: string): unknown {
  const at = parseTime(/^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00:00Z` : text.toUpperCase());
  return at === undefined ? text : new Date(at);
}

function durationIn(text: string): unknown {
  try {
    return durationOf(text);
  } catch {
    return text;
  }
}

const time = scalar("google.protobuf.Timestamp", isText, timeOf);
const textFormats: Readonly<Record<string, Declared>> = {
  date: time,
  "date-time": time,
  duration: scalar("google.protobuf.Duration", isText, durationIn),
  byte: scalar("bytes", isText, (text: string) => new Uint8Array(Buffer.from(text, "base64"))),
};

const string: Schema = { type: "string" };
const namesOfMetadata: Schema = { type: "object", properties: { name: string, generateName: string } };

/** What a whole object has, whatever its schema says. */
const withTypeAndNames = (schema: Schema): Schema => ({
  ...schema,
  properties: { ...schema.properties, apiVersion: string, kind: string, metadata: namesOfMetadata },
});

/** Declares types in one environment, each once. */
export class TypeDeclarations {
  private readonly environment: Environment;
  private readonly known = new Map<Schema, Declared>();
  private count = 0;

  constructor(environment: Environment) {
    this.environment = environment;
  }

  /** `isObject`: the schema is that of a whole object. */
  of(schema: Schema, isObject = false): Declared {
    const found = this.known.get(schema);
    if (found !== undefined) return found;
    const made = this.make(isObject || isEmbedded(schema) ? withTypeAndNames(schema) : schema);
    const declared = schema.nullable === true ? { ...made, type: "dyn" } : made;
    this.known.set(schema, declared);
    return declared;
  }

  private make(schema: Schema): Declared {
    const { type = "", format = "" } = schema;
    if (isIntOrString(schema)) return dyn;
    if (type === "string" && Object.hasOwn(textFormats, format)) return textFormats[format] ?? dyn;
    if (type === "array") return this.list(schema);
    if (type === "object") return this.object(schema);
    return (Object.hasOwn(scalars, type) ? scalars[type] : undefined) ?? dyn;
  }

  private list(schema: Schema): Declared {
    const items = itemsOf(schema);
    const item = items === undefined ? dyn : this.of(items);
    const kind = schema["x-kubernetes-list-type"];
    const keys = (schema["x-kubernetes-list-map-keys"] ?? []).map((key) => escapedName(key) ?? key);
    const isScalarSet = kind === "set" && items !== undefined && Object.hasOwn(scalars, items.type ?? "");
    return {
      type: `list<${item.type}>`,
      convert: shared((value, known) => {
        if (!Array.isArray(value)) return plain(value);
        const made = value.map((one: unknown) => item.convert(one, known));
        if (isScalarSet) return new Set(made);
        return kind === "map" ? asMapList(made, keys) : made;
      }),
    };
  }

  private object(schema: Schema): Declared {
    const additional = additionalOf(schema);
    if (additional === "anything") return { type: "map<string, dyn>", convert: plain };
    if (additional !== undefined) return this.map(this.of(additional));
    if (schema.properties === undefined && preservesUnknown(schema)) return dyn;
    return this.message(schema.properties ?? {});
  }

  private map(value: Declared): Declared {
    return {
      type: `map<string, ${value.type}>`,
      convert: shared((given, known) =>
        isRecord(given)
          ? new Map(Object.entries(given).map(([key, part]) => [key, value.convert(part, known)]))
          : plain(given),
      ),
    };
  }

  private message(properties: Readonly<Record<string, Schema>>): Declared {
    const fields = new Map<string, readonly [string, Declared]>();
    for (const [name, property] of Object.entries(properties)) {
      const escaped = escapedName(name);
      if (escaped !== undefined) fields.set(name, [escaped, this.of(property)]);
    }
    const type = `Object${(this.count += 1)}`;
    // The library tells types of objects apart by their constructor.
    const Message = class extends Map<string, unknown> {};
    this.environment
      .registerType(type, {
        ctor: Message,
        fields: Object.fromEntries([...fields.values()].map(([name, field]) => [name, field.type])),
      })
      // Replaced where expressions are metered; here it says that there is such an operator.
      .registerOperator(`${type} == ${type}`, (left: unknown, right: unknown) => left === right);
    return {
      type,
      convert: shared((given, known) => {
        if (!isRecord(given)) return plain(given);
        const made = new Message();
        for (const [name, [escaped, field]] of fields)
          if (given[name] !== undefined && Object.hasOwn(given, name))
            made.set(escaped, field.convert(given[name], known));
        return made;
      }),
    };
  }
}

function shared(convert: Declared["convert"]): Declared["convert"] {
  return (value, known) => {
    if (known.has(value)) return known.get(value);
    const made = convert(value, known);
    // A scalar that stands where an object should says nothing of other places.
    if (typeof value === "object" && value !== null) known.set(value, made);
    return made;
  };
}
