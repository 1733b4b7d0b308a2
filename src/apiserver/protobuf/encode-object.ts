// Owns writing objects as protobuf messages, byte for byte as programs in Go do: fields by number, maps by key, and zeros where no pointer is.
import { schemas } from "../../model/generated/schemas.ts";
import { fieldNumbers, type NumberedField } from "../http/field-numbers.ts";
import { BackwardWriter } from "./backward-writer.ts";
import { eitherWriter, schemaMessage } from "./encode-schema.ts";
import { text, writerOf, writeTagged, type Field, type WriteValue } from "./encode-values.ts";

type JsonObject = Readonly<Record<string, unknown>>;
/** Writes what the owner has of a field, with its tags. */
type WriteField = (out: BackwardWriter, owner: JsonObject) => void;

const nothing: JsonObject = Object.freeze({});
const isObject = (value: unknown): value is JsonObject => typeof value === "object" && value !== null;
const delimited = 2;

interface FieldOf {
  readonly message: string;
  readonly number: number;
  readonly numbered: NumberedField;
}

function fieldWriter({ message, number, numbered }: FieldOf, field: Field): WriteField | undefined {
  const { name, isAlwaysWritten, isBoxed } = numbered;
  const isList = field.t.startsWith("[]") && !isBoxed;
  const isMap = field.t.startsWith("{}");
  const value =
    eitherWriter(message, name, (out, schema) => writeSchema(out, schema)) ??
    valueWriter(isList || isMap ? { ...field, t: field.t.slice(2) } : field);
  if (value === undefined) return undefined;
  if (isList)
    return (out, owner) => {
      const items = owner[name];
      if (!Array.isArray(items)) return;
      for (let at = items.length - 1; at >= 0; at -= 1) writeTagged(out, number, value, items[at]);
    };
  if (isMap)
    return (out, owner) => {
      const map = owner[name];
      if (!isObject(map)) return;
      const keys = Object.keys(map).sort();
      for (let at = keys.length - 1; at >= 0; at -= 1) entry(out, number, value, [keys[at] ?? "", map]);
    };
  return (out, owner) => {
    const one = owner[name];
    if (isAlwaysWritten || (one !== undefined && one !== null)) writeTagged(out, number, value, one);
  };
}

function entry(out: BackwardWriter, number: number, value: WriteValue, of: [string, JsonObject]): void {
  const [name, map] = of;
  const before = out.written;
  writeTagged(out, 2, value, map[name]);
  writeTagged(out, 1, text, name);
  out.varint(out.written - before);
  out.varint(number * 8 + delimited);
}

/** Undefined for a message whose numbers are not known. */
function valueWriter(field: Field): WriteValue | undefined {
  if (!(field.t in schemas)) return writerOf(field);
  if (fieldNumbers(field.t) === undefined) return undefined;
  let fields: readonly WriteField[] | undefined;
  return {
    wire: delimited,
    write: (out, value) => {
      // Made when first needed: messages may hold themselves.
      fields ??= messageWriter(field.t, field.t);
      writeFields(out, fields, isObject(value) ? value : nothing);
    },
  };
}

function writeFields(out: BackwardWriter, fields: readonly WriteField[], owner: JsonObject): void {
  for (const field of fields) field(out, owner);
}

const made = new Map<string, readonly WriteField[]>();

/** Its fields, the last one first; `schema` is the owner's where the message is a part of it. */
function messageWriter(name: string, schema: string): readonly WriteField[] {
  const id = `${name} ${schema}`;
  const known = made.get(id);
  if (known !== undefined) return known;
  const numbers = [...(fieldNumbers(name) ?? [])].sort(([left], [right]) => right - left);
  const fields = numbers.flatMap(([number, numbered]): WriteField[] => {
    if (numbered.is === "part") return [partWriter(number, numbered.name, schema)];
    const field = schemas[schema]?.[numbered.name];
    return field === undefined ? [] : asList(fieldWriter({ message: name, number, numbered }, field));
  });
  made.set(id, fields);
  return fields;
}

const asList = (writer: WriteField | undefined): WriteField[] => (writer === undefined ? [] : [writer]);

const writeSchema = (out: BackwardWriter, schema: unknown): void =>
  writeFields(out, messageWriter(schemaMessage, schemaMessage), isObject(schema) ? schema : nothing);

/** A part is a message of its own that holds fields of its owner. */
function partWriter(number: number, name: string, schema: string): WriteField {
  const fields = messageWriter(name, schema);
  const part: WriteValue = {
    wire: delimited,
    write: (out, owner) => writeFields(out, fields, isObject(owner) ? owner : nothing),
  };
  return (out, owner) => writeTagged(out, number, part, owner);
}

const out = new BackwardWriter();

/** Whether objects of this schema can be written. */
export const isEncodable = (schema: string): boolean => fieldNumbers(schema) !== undefined;

/** The message's bytes, without kind and version: those stand in the envelope. */
export function encodeObject(schema: string, object: object): Uint8Array {
  const fields = messageWriter(schema, schema);
  try {
    // An object of the API is read by the names of its fields.
    writeFields(out, fields, object as JsonObject);
    return out.take();
  } finally {
    out.clear();
  }
}
