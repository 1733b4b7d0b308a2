// Owns reading protobuf bodies into the JSON they stand for: the envelope, then the object by its kind's schema.
import { schemas } from "../../model/generated/schemas.ts";
import { fieldNumbers } from "./field-numbers.ts";
import { Malformed, wireFields } from "./protobuf-reader.ts";

export type ProtobufBody =
  | { readonly is: "read"; readonly value: unknown }
  | { readonly is: "malformed"; readonly because: string }
  /** A kind whose field numbers are not known here. */
  | { readonly is: "unsupported"; readonly kind: string };

type JsonObject = Record<string, unknown>;
interface Field {
  readonly t: string;
  readonly f?: string;
}

const magic = [0x6b, 0x38, 0x73, 0x00];
const text = new TextDecoder("utf-8", { fatal: true });

const bytesOf = (value: number | Uint8Array): Uint8Array => {
  if (typeof value === "number") throw new Malformed("a number stands where text or an object should");
  return value;
};
const numberOf = (value: number | Uint8Array): number => {
  if (typeof value !== "number") throw new Malformed("text stands where a number should");
  return value;
};
const stringOf = (value: number | Uint8Array): string => {
  try {
    return text.decode(bytesOf(value));
  } catch (error) {
    if (error instanceof Malformed) throw error;
    throw new Malformed("text is not UTF-8");
  }
};
const base64Of = (value: number | Uint8Array): string => Buffer.from(bytesOf(value)).toString("base64");

/** Seconds and nanoseconds since 1970; an empty message is the zero time, which JSON leaves out. */
function timeOf(value: number | Uint8Array, format: string | undefined): string | undefined {
  let seconds: number | undefined;
  let nanos = 0;
  for (const [number, part] of wireFields(bytesOf(value))) {
    if (number === 1) seconds = numberOf(part);
    if (number === 2) nanos = numberOf(part);
  }
  if (seconds === undefined) return undefined;
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime())) throw new Malformed("a time is out of range");
  const whole = date.toISOString().slice(0, 19);
  return format === "date-time-micro"
    ? `${whole}.${String(Math.floor(nanos / 1000)).padStart(6, "0")}Z`
    : `${whole}Z`;
}

/** Messages that wrap one JSON text (FieldsV1, RawExtension) or one string (Quantity). */
function wrapped(value: number | Uint8Array): string {
  for (const [number, part] of wireFields(bytesOf(value))) if (number === 1) return stringOf(part);
  return "";
}

function anyOf(value: number | Uint8Array): unknown {
  const json = wrapped(value);
  try {
    return json === "" ? undefined : JSON.parse(json);
  } catch {
    throw new Malformed("a nested object is not JSON");
  }
}

function intOrStringOf(value: number | Uint8Array): number | string {
  const parts = new Map(wireFields(bytesOf(value)));
  return parts.get(1) === 1 ? stringOf(parts.get(3) ?? new Uint8Array()) : numberOf(parts.get(2) ?? 0);
}

// Numbers that Go always writes, and that JSON leaves out when they are zero.
const omittedZeros = new Set(["ObjectMeta.generation", "CoreEvent.count", "CoreEventSeries.count"]);

/** Undefined for what JSON would leave out: Go writes empty strings and zero times as if they were set. */
function valueOf(field: Field, value: number | Uint8Array): unknown {
  if (field.f === "byte") return base64Of(value);
  switch (field.t) {
    case "string":
      return stringOf(value) || undefined;
    case "number":
      return numberOf(value);
    case "boolean":
      return numberOf(value) !== 0;
    case "time":
      return timeOf(value, field.f);
    case "quantity":
      return wrapped(value);
    case "int-or-string":
      return intOrStringOf(value);
    case "any":
      return anyOf(value);
    default:
      return objectOf(field.t, bytesOf(value));
  }
}

function entryOf(field: Field, value: number | Uint8Array): [string, unknown] {
  const parts = new Map(wireFields(bytesOf(value)));
  const inner = { ...field, t: field.t.slice(2) };
  const key = stringOf(parts.get(1) ?? new Uint8Array());
  const found = valueOf(inner, parts.get(2) ?? new Uint8Array());
  return [key, found ?? ""];
}

/** Keys come from outside: `__proto__` must become an ordinary one. */
const put = (target: JsonObject, key: string, value: unknown): void => {
  Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
};

function objectOf(schema: string, bytes: Uint8Array): JsonObject {
  const numbers = fieldNumbers(schema);
  if (numbers === undefined) throw new Malformed(`the fields of ${schema} are not known here; send JSON`);
  const out: JsonObject = {};
  const maps = new Map<string, JsonObject>();
  const lists = new Map<string, unknown[]>();
  for (const [number, value] of wireFields(bytes)) {
    const name = numbers.get(number);
    const field = name === undefined ? undefined : schemas[schema]?.[name];
    if (name === undefined || field === undefined)
      throw new Malformed(`${schema} has no field of number ${number} here; send JSON`);
    if (field.t.startsWith("[]")) {
      const list = lists.get(name) ?? [];
      lists.set(name, list);
      list.push(valueOf({ ...field, t: field.t.slice(2) }, value) ?? "");
      out[name] = list;
    } else if (field.t.startsWith("{}")) {
      const map = maps.get(name) ?? {};
      maps.set(name, map);
      put(map, ...entryOf(field, value));
      out[name] = map;
    } else {
      const found = valueOf(field, value);
      if (found !== undefined && !(found === 0 && omittedZeros.has(`${schema}.${name}`))) out[name] = found;
    }
  }
  return out;
}

/** `Unknown { typeMeta = 1 { apiVersion = 1; kind = 2 }; raw = 2 }` after four bytes that say so. */
function envelope(bytes: Uint8Array): { apiVersion: string; kind: string; raw: Uint8Array } {
  if (magic.some((byte, at) => bytes[at] !== byte)) throw new Malformed("it does not begin with k8s\\0");
  let [apiVersion, kind, raw] = ["", "", new Uint8Array()];
  for (const [number, value] of wireFields(bytes.subarray(magic.length))) {
    if (number === 2) raw = Uint8Array.from(bytesOf(value));
    if (number !== 1) continue;
    for (const [inner, part] of wireFields(bytesOf(value))) {
      if (inner === 1) apiVersion = stringOf(part);
      if (inner === 2) kind = stringOf(part);
    }
  }
  return { apiVersion, kind, raw };
}

// Kinds whose schema goes by another name, to tell two groups' kinds apart.
const schemaNames: Readonly<Record<string, string>> = { Event: "CoreEvent" };

export function readProtobuf(bytes: Uint8Array): ProtobufBody {
  try {
    const { apiVersion, kind, raw } = envelope(bytes);
    const schema = schemaNames[kind] ?? kind;
    if (fieldNumbers(schema) === undefined || apiVersion === "events.k8s.io/v1")
      return { is: "unsupported", kind };
    return { is: "read", value: { kind, apiVersion, ...objectOf(schema, raw) } };
  } catch (error) {
    if (error instanceof Malformed) return { is: "malformed", because: error.message };
    throw error;
  }
}
