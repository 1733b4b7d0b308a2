// Owns reading protobuf bodies into the JSON they stand for: the envelope, then the object by its kind's schema.
import { schemas } from "../../model/generated/schemas.ts";
import { fieldNumbers, schemaOf, type NumberedField } from "./field-numbers.ts";
import { Malformed, packedNumbers, wireFields } from "./protobuf-reader.ts";
import { doubleOf, eitherOf } from "./protobuf-schema.ts";
import {
  anyOf,
  base64Of,
  bytesOf,
  intOrStringOf,
  numberOf,
  quantityOf,
  stringOf,
  stringsOf,
  timeOf,
  type WireValue,
} from "./protobuf-values.ts";

export type ProtobufBody =
  | {
      readonly is: "read";
      readonly value: unknown;
      /** Fields of numbers not known here, which were passed over: `PodSpec 99`. */
      readonly unknown: readonly string[];
    }
  | { readonly is: "malformed"; readonly because: string }
  /** A kind that is not known here. */
  | { readonly is: "unsupported"; readonly kind: string };

type JsonObject = Record<string, unknown>;
interface Field {
  readonly t: string;
  readonly f?: string;
  readonly r?: 1;
}

const magic = [0x6b, 0x38, 0x73, 0x00];
const empty = new Uint8Array();

/** Schemas hold schemas: deeper ones could exhaust the stack of whoever walks them. */
const depthMax = 500;

/** One body being read. */
class Reading {
  readonly unknown = new Set<string>();
  private depth = 0;

  /** Reads a message into an object; of a field that comes again, lists grow, objects are joined, and the last value counts. */
  message(name: string, bytes: Uint8Array, into: JsonObject = {}, schema = name): JsonObject {
    if (this.depth >= depthMax) throw new Malformed("exceeded max depth");
    this.depth += 1;
    this.fields(name, bytes, into, schema);
    this.depth -= 1;
    return into;
  }

  private fields(name: string, bytes: Uint8Array, into: JsonObject, schema: string): void {
    const numbers = fieldNumbers(name);
    if (numbers === undefined) throw new Malformed(`the fields of ${name} are not known here; send JSON`);
    for (const [number, value] of wireFields(bytes)) {
      const numbered = numbers.get(number);
      if (numbered?.is === "part") this.message(numbered.name, bytesOf(value), into, schema);
      else if (numbered === undefined) this.passOver(name, number, value);
      else if (eitherOf(name, numbered.name) !== undefined) this.either(into, name, numbered.name, value);
      else this.field(into, numbered, schemas[schema]?.[numbered.name], value);
    }
  }

  /** A field that stands for one of two things, or a map of such. */
  private either(into: JsonObject, message: string, name: string, value: WireValue): void {
    const read = (one: WireValue): unknown =>
      eitherOf(message, name)?.(one, (bytes) => this.message("JSONSchemaProps", bytes));
    if (schemas[message]?.[name]?.t.startsWith("{}") !== true) return put(into, name, read(value));
    const parts = new Map(wireFields(bytesOf(value)));
    const map = isObject(into[name]) ? into[name] : {};
    into[name] = map;
    put(map, stringOf(parts.get(1) ?? empty), read(parts.get(2) ?? empty));
  }

  /** What old programs write without having set it is no loss: fields that are no more. */
  private passOver(name: string, number: number, value: WireValue): void {
    const isUnset = typeof value === "number" ? value === 0 : value.length === 0;
    if (!isUnset) this.unknown.add(`${name} ${number}`);
  }

  private field(
    into: JsonObject,
    { name, isAlwaysWritten, isBoxed }: NumberedField,
    field: Field | undefined,
    value: WireValue,
  ): void {
    // A part has fields that some of its owners do not have.
    if (field === undefined) return;
    const { t: type } = field;
    if (isBoxed) into[name] = stringsOf(value);
    else if (type.startsWith("[]")) {
      const list: unknown[] = Array.isArray(into[name]) ? into[name] : [];
      into[name] = list;
      for (const item of this.items({ ...field, t: type.slice(2) }, value)) list.push(item);
    } else if (type.startsWith("{}")) {
      const map = isObject(into[name]) ? into[name] : {};
      into[name] = map;
      put(map, ...this.entry({ ...field, t: type.slice(2) }, value));
    } else if (type in schemas) {
      into[name] = this.message(type, bytesOf(value), isObject(into[name]) ? into[name] : {});
    } else {
      const found = leafOf(field, value);
      // What was never set is written as zero all the same; JSON has it only where it must.
      const isUnset = isAlwaysWritten && field.r !== 1 && hasZero.has(type) && isZero(found);
      if (found === undefined || isUnset) delete into[name];
      else into[name] = found;
    }
  }

  private items(field: Field, value: WireValue): unknown[] {
    if (field.t === "number" && typeof value !== "number") return packedNumbers(value);
    return [this.item(field, value)];
  }

  private item(field: Field, value: WireValue): unknown {
    if (field.t === "[]string") return stringsOf(value);
    return field.t in schemas ? this.message(field.t, bytesOf(value)) : (leafOf(field, value) ?? null);
  }

  private entry(field: Field, value: WireValue): [string, unknown] {
    const parts = new Map(wireFields(bytesOf(value)));
    return [stringOf(parts.get(1) ?? empty), this.item(field, parts.get(2) ?? zeroOf(field))];
  }
}

const zeroOf = ({ t: type }: Field): WireValue => (type === "number" || type === "boolean" ? 0 : empty);
const hasZero: ReadonlySet<string> = new Set(["string", "number", "boolean"]);
const isZero = (value: unknown): boolean => value === "" || value === 0 || value === false;
const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function leafOf({ t: type, f: format }: Field, value: WireValue): unknown {
  if (format === "byte") return base64Of(value);
  switch (type) {
    case "string":
      return stringOf(value);
    case "number":
      return format === "double" ? doubleOf(value) : numberOf(value);
    case "boolean":
      return numberOf(value) !== 0;
    case "time":
      return timeOf(value, format);
    case "quantity":
      return quantityOf(value);
    case "int-or-string":
      return intOrStringOf(value);
    case "any":
      return anyOf(value);
    default:
      throw new Malformed(`the fields of ${type} are not known here; send JSON`);
  }
}

/** Keys come from outside: `__proto__` must become an ordinary one. */
const put = (target: JsonObject, key: string, value: unknown): void => {
  Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
};

/** `Unknown { typeMeta = 1 { apiVersion = 1; kind = 2 }; raw = 2; contentEncoding = 3 }` after four bytes that say so. */
function envelope(bytes: Uint8Array): { apiVersion: string; kind: string; raw: Uint8Array } {
  if (magic.some((byte, at) => bytes[at] !== byte)) throw new Malformed("it does not begin with k8s\\0");
  let [apiVersion, kind, raw] = ["", "", empty];
  for (const [number, value] of wireFields(bytes.subarray(magic.length))) {
    if (number === 2) raw = Uint8Array.from(bytesOf(value));
    if (number === 3 && stringOf(value) !== "") throw new Malformed("its content is encoded once more");
    if (number !== 1) continue;
    for (const [inner, part] of wireFields(bytesOf(value))) {
      if (inner === 1) apiVersion = stringOf(part);
      if (inner === 2) kind = stringOf(part);
    }
  }
  return { apiVersion, kind, raw };
}

export function readProtobuf(bytes: Uint8Array): ProtobufBody {
  try {
    const { apiVersion, kind, raw } = envelope(bytes);
    if (kind === "") throw new Malformed("its envelope names no kind");
    const schema = schemaOf(apiVersion, kind);
    if (schema === undefined) return { is: "unsupported", kind };
    const reading = new Reading();
    const value = reading.message(schema, raw, { kind, apiVersion });
    return { is: "read", value, unknown: [...reading.unknown] };
  } catch (error) {
    if (error instanceof Malformed) return { is: "malformed", because: error.message };
    throw error;
  }
}
