// Owns the protobuf form of an OpenAPI 2 document, which kubectl up to 1.28 asks for. Numbers as in gnostic's openapiv2 messages.
import type { JsonObject } from "./dialect.ts";
import { message, type ProtobufField } from "./protobuf.ts";

/** Reads a JSON value as an object; anything else has no fields. */
const objectOf = (value: unknown): JsonObject =>
  // Nothing is assumed of the fields: each is unknown.
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

const text = (number: number, value: unknown): ProtobufField[] =>
  typeof value === "string" && value !== "" ? [[number, value]] : [];
const texts = (number: number, value: unknown): ProtobufField[] =>
  listOf(value).map((one): ProtobufField => [number, String(one)]);
const part = (number: number, value: unknown, encode: (value: unknown) => Uint8Array): ProtobufField[] =>
  value === undefined ? [] : [[number, encode(value)]];

/** `NamedX { name = 1; value = 2 }` for each key. */
const named = (number: number, value: unknown, encode: (value: unknown) => Uint8Array): ProtobufField[] =>
  Object.entries(objectOf(value)).map(([name, one]): ProtobufField => [
    number,
    message([
      [1, name],
      [2, encode(one)],
    ]),
  ]);

/** `Any { yaml = 2 }`; JSON is YAML. */
const anyValue = (value: unknown): Uint8Array => message([[2, `${JSON.stringify(value)}\n`]]);

const extensions = (number: number, value: JsonObject): ProtobufField[] =>
  named(number, Object.fromEntries(Object.entries(value).filter(([key]) => key.startsWith("x-"))), anyValue);

function schema(value: unknown): Uint8Array {
  const given = objectOf(value);
  return message([
    ...text(1, given["$ref"]),
    ...text(2, given["format"]),
    ...text(4, given["description"]),
    ...texts(19, given["required"]),
    ...part(21, given["additionalProperties"], (inner) => message([[1, schema(inner)]])),
    ...part(22, given["type"], (type) => message([[1, String(type)]])),
    ...part(23, given["items"], (items) => message([[1, schema(items)]])),
    ...part(25, given["properties"], (properties) => message(named(1, properties, schema))),
    ...extensions(31, given),
  ]);
}

const bodyParameter = (given: JsonObject): Uint8Array =>
  message([
    ...text(2, given["name"]),
    ...text(3, given["in"]),
    [4, true],
    ...part(5, given["schema"], schema),
  ]);

const queryParameter = (given: JsonObject): Uint8Array =>
  message([
    ...text(2, given["in"]),
    ...text(3, given["description"]),
    ...text(4, given["name"]),
    ...text(6, given["type"]),
  ]);

const pathParameter = (given: JsonObject): Uint8Array =>
  message([
    [1, true],
    ...text(2, given["in"]),
    ...text(3, given["description"]),
    ...text(4, given["name"]),
    ...text(5, given["type"]),
  ]);

/** `ParametersItem { parameter = 1 }` around `Parameter { body = 1 | non_body = 2 { query = 3 | path = 4 } }`. */
function parameter(value: unknown): Uint8Array {
  const given = objectOf(value);
  if (given["in"] === "body") return message([[1, message([[1, bodyParameter(given)]])]]);
  const inner: ProtobufField =
    given["in"] === "path" ? [4, pathParameter(given)] : [3, queryParameter(given)];
  return message([[1, message([[2, message([inner])]])]]);
}

/** `ResponseValue { response = 1 { description = 1; schema = 2 { schema = 1 } } }` */
function response(value: unknown): Uint8Array {
  const given = objectOf(value);
  const inner = message([
    ...text(1, given["description"]),
    ...part(2, given["schema"], (one) => message([[1, schema(one)]])),
  ]);
  return message([[1, inner]]);
}

function operation(value: unknown): Uint8Array {
  const given = objectOf(value);
  return message([
    ...text(5, given["operationId"]),
    ...texts(6, given["produces"]),
    ...texts(7, given["consumes"]),
    ...listOf(given["parameters"]).map((one): ProtobufField => [8, parameter(one)]),
    ...part(9, given["responses"], (responses) => message(named(1, responses, response))),
    ...texts(10, given["schemes"]),
    ...extensions(13, given),
  ]);
}

const operationNumbers = { get: 2, put: 3, post: 4, delete: 5, patch: 8 } as const;

function pathItem(value: unknown): Uint8Array {
  const given = objectOf(value);
  return message([
    ...Object.entries(operationNumbers).flatMap(([method, number]) => part(number, given[method], operation)),
    ...listOf(given["parameters"]).map((one): ProtobufField => [9, parameter(one)]),
  ]);
}

const infoOf = (value: unknown): Uint8Array => {
  const given = objectOf(value);
  return message([...text(1, given["title"]), ...text(2, given["version"])]);
};

/** The document as a gnostic `Document` message. */
export const encodeDocument = (document: JsonObject): Uint8Array =>
  message([
    ...text(1, document["swagger"]),
    ...part(2, document["info"], infoOf),
    ...part(8, document["paths"], (paths) => message(named(2, paths, pathItem))),
    ...part(9, document["definitions"], (definitions) => message(named(1, definitions, schema))),
  ]);
