// Owns reading the fields of a JSON schema's message that stand for one of two things: a schema, or else a list, a boolean or names.
import { Malformed, wireFields } from "./protobuf-reader.ts";
import { bytesOf, numberOf, stringOf, type WireValue } from "./protobuf-values.ts";

type ReadSchema = (bytes: Uint8Array) => unknown;
type Either = (value: WireValue, readSchema: ReadSchema) => unknown;

const partsOf = (value: WireValue, number: number): WireValue[] =>
  [...wireFields(bytesOf(value))].filter(([at]) => at === number).map(([, part]) => part);

const schemaIn = (value: WireValue, number: number, readSchema: ReadSchema): unknown => {
  const found = partsOf(value, number).at(-1);
  return found === undefined ? undefined : readSchema(bytesOf(found));
};

const schemaOrList: Either = (value, readSchema) =>
  schemaIn(value, 1, readSchema) ?? partsOf(value, 2).map((part) => readSchema(bytesOf(part)));

const schemaOrBoolean: Either = (value, readSchema) =>
  schemaIn(value, 2, readSchema) ?? numberOf(partsOf(value, 1).at(-1) ?? 0) !== 0;

const schemaOrNames: Either = (value, readSchema) =>
  schemaIn(value, 1, readSchema) ?? partsOf(value, 2).map(stringOf);

/** By the message and the field. An empty message is an object without fields. */
const either: Readonly<Record<string, Either>> = {
  "JSONSchemaProps items": schemaOrList,
  "JSONSchemaProps additionalProperties": schemaOrBoolean,
  "JSONSchemaProps additionalItems": schemaOrBoolean,
  "JSONSchemaProps dependencies": schemaOrNames,
  "CustomResourceSubresources status": () => ({}),
};

/** Undefined for a field that stands for one thing alone. */
export const eitherOf = (message: string, field: string): Either | undefined => either[`${message} ${field}`];

const doubleLength = 8;

export function doubleOf(value: WireValue): number {
  const bytes = bytesOf(value);
  if (bytes.length !== doubleLength) throw new Malformed("a number is not eight bytes long");
  return Buffer.from(bytes).readDoubleLE();
}
