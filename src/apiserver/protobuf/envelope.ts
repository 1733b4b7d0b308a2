// Owns answers in protobuf as clients read them: objects, lists and errors in their envelope, watch events in their frames.
import type { WatchEvent } from "../../model/wire.ts";
import { schemaOf } from "../http/field-numbers.ts";
import { sizeOfVarint } from "./backward-writer.ts";
import { encodeObject, isEncodable } from "./encode-object.ts";

export const protobufType = "application/vnd.kubernetes.protobuf";

/** What says of itself what it is. */
interface Typed {
  readonly apiVersion?: unknown;
  readonly kind?: unknown;
  readonly metadata?: unknown;
  readonly items?: unknown;
}

const textOf = (value: unknown): string => (typeof value === "string" ? value : "");

/** Bytes in pieces, joined once all are known. */
interface Pieces {
  readonly parts: Uint8Array[];
  size: number;
}

function add(pieces: Pieces, part: Uint8Array): void {
  pieces.parts.push(part);
  pieces.size += part.byteLength;
}

/** The tag and the length of what follows. */
function head(number: number, size: number): Uint8Array {
  const bytes = new Uint8Array(1 + sizeOfVarint(size));
  bytes[0] = number * 8 + 2;
  let rest = size;
  for (let at = 1; at < bytes.length; at += 1) {
    bytes[at] = (rest % 0x80) | (at === bytes.length - 1 ? 0 : 0x80);
    rest = Math.floor(rest / 0x80);
  }
  return bytes;
}

function addField(pieces: Pieces, number: number, value: Uint8Array): void {
  add(pieces, head(number, value.byteLength));
  add(pieces, value);
}

// Objects that are served again and again are frozen: each is encoded once for all lists and watches.
const encoded = new WeakMap<object, Uint8Array>();

function encodedOnce(schema: string, object: object): Uint8Array {
  const known = encoded.get(object);
  if (known !== undefined) return known;
  const bytes = encodeObject(schema, object);
  if (Object.isFrozen(object)) encoded.set(object, bytes);
  return bytes;
}

const partialKind = "PartialObjectMetadata";

/** The message of an object of the kind; undefined where the kind has none. */
function encoderOf(apiVersion: string, kind: string): ((object: object) => Uint8Array) | undefined {
  if (kind === partialKind)
    return ({ metadata }: Typed) => {
      const pieces: Pieces = { parts: [], size: 0 };
      addField(pieces, 1, encodedOnce("ObjectMeta", Object(metadata)));
      return Buffer.concat(pieces.parts, pieces.size);
    };
  const schema = schemaOf(apiVersion, kind);
  if (schema === undefined || !isEncodable(schema)) return undefined;
  return (object) => encodedOnce(schema, object);
}

/** Whether answers about this kind may be in protobuf. */
export const isInProtobuf = (apiVersion: string, kind: string): boolean =>
  encoderOf(apiVersion, kind) !== undefined;

/** All lists of objects are alike: metadata first, then the items, which need no envelope of their own. */
function listPieces(list: Typed, apiVersion: string, kind: string): Pieces | undefined {
  const { items, metadata } = list;
  if (!kind.endsWith("List") || !Array.isArray(items)) return undefined;
  const encode = encoderOf(apiVersion, kind.slice(0, -"List".length));
  if (encode === undefined) return undefined;
  const pieces: Pieces = { parts: [], size: 0 };
  addField(pieces, 1, encodeObject("ListMeta", Object(metadata)));
  for (const item of items) addField(pieces, 2, encode(item));
  return pieces;
}

function pieces(value: Typed, apiVersion: string, kind: string): Pieces | undefined {
  const list = listPieces(value, apiVersion, kind);
  if (list !== undefined) return list;
  const bytes = encoderOf(apiVersion, kind)?.(value);
  return bytes === undefined ? undefined : { parts: [bytes], size: bytes.byteLength };
}

const magic = Uint8Array.of(0x6b, 0x38, 0x73, 0x00);
/** Go says of the content that it has no encoding and no type of its own. */
const tail = Uint8Array.of(0x1a, 0, 0x22, 0);

const heads = new Map<string, Uint8Array>();

/** What stands before the content: `Unknown { typeMeta = 1 { apiVersion = 1; kind = 2 } }`. */
function typeHead(apiVersion: string, kind: string): Uint8Array {
  const id = `${apiVersion} ${kind}`;
  const known = heads.get(id);
  if (known !== undefined) return known;
  const type: Pieces = { parts: [], size: 0 };
  addField(type, 1, Buffer.from(apiVersion));
  addField(type, 2, Buffer.from(kind));
  const whole: Pieces = { parts: [], size: 0 };
  add(whole, magic);
  addField(whole, 1, Buffer.concat(type.parts, type.size));
  const bytes = Buffer.concat(whole.parts, whole.size);
  heads.set(id, bytes);
  return bytes;
}

function enveloped(value: Typed): Pieces | undefined {
  const [apiVersion, kind] = [textOf(value.apiVersion), textOf(value.kind)];
  const content = pieces(value, apiVersion, kind);
  if (content === undefined) return undefined;
  const whole: Pieces = { parts: [], size: 0 };
  add(whole, typeHead(apiVersion, kind));
  add(whole, head(2, content.size));
  whole.parts.push(...content.parts);
  whole.size += content.size;
  add(whole, tail);
  return whole;
}

/** An object, a list, or whatever else is answered; undefined for a kind that has no message. */
export function protobufOf(value: object): Uint8Array | undefined {
  const whole = enveloped(value);
  return whole === undefined ? undefined : Buffer.concat(whole.parts, whole.size);
}

const lengthSize = 4;

/** `WatchEvent { type = 1; object = 2 { raw = 1 } }` after its length; undefined for an object of a kind that has no message. */
export function frameOf({ type, object }: WatchEvent): Uint8Array | undefined {
  const whole = enveloped(object);
  if (whole === undefined) return undefined;
  const event: Pieces = { parts: [], size: 0 };
  addField(event, 1, Buffer.from(type));
  const raw = head(1, whole.size);
  add(event, head(2, raw.byteLength + whole.size));
  add(event, raw);
  const length = Buffer.alloc(lengthSize);
  length.writeUInt32BE(event.size + whole.size);
  return Buffer.concat([length, ...event.parts, ...whole.parts]);
}
