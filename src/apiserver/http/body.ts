// Owns reading a request's body into a JSON value, from whichever encoding the client chose.
import { isUtf8 } from "node:buffer";
import { BodyTooLarge, type Exchange } from "../../world/http.ts";
import { wordsOf } from "../../world/log.ts";
import { badRequest, type Refusal, tooLarge, unsupportedMediaType } from "../status.ts";
import { duplicateFields, isTooDeep } from "./duplicate-fields.ts";

export interface Body {
  /** Undefined where there is none. */
  readonly value: unknown;
  /** `application/json`, or the patch type. */
  readonly contentType: string;
  /** Paths of fields that stood twice in one object; the last one counted. */
  readonly duplicates: readonly string[];
  /** Fields of numbers that are not known here, in protobuf; they do not count. */
  readonly passedOver?: readonly string[];
}

/** As upstream's limit for a request. */
const bodyMax = 3 * 1024 * 1024;

const json = "application/json";
const protobuf = "application/vnd.kubernetes.protobuf";
const patches = new Set([
  "application/json-patch+json",
  "application/merge-patch+json",
  "application/strategic-merge-patch+json",
  "application/apply-patch+yaml",
]);
const yaml = new Set(["application/yaml", "application/apply-patch+yaml"]);

const accepted = {
  patch: [...patches],
  other: [json, "application/yaml", protobuf],
};

/** The media type alone, without parameters. */
const mediaTypeOf = (header: unknown): string =>
  typeof header === "string" ? (header.split(";", 1)[0] ?? "").trim().toLowerCase() : "";

const byteOrderMark = 0xfeff;

/** The bytes as text; undefined where they are no UTF-8. */
function textOf(bytes: Uint8Array): string | undefined {
  if (!isUtf8(bytes)) return undefined;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
  return text.charCodeAt(0) === byteOrderMark ? text.slice(1) : text;
}

/** Reads and decodes; undefined when the client left before all of it came. */
export async function readBody(exchange: Exchange): Promise<Body | Refusal | undefined> {
  let bytes: Uint8Array;
  try {
    bytes = await exchange.body(bodyMax);
  } catch (error) {
    return error instanceof BodyTooLarge ? tooLarge(`limit is ${bodyMax}`) : undefined;
  }
  return decodeBody(exchange.method, mediaTypeOf(exchange.headers["content-type"]), bytes);
}

export async function decodeBody(
  method: string,
  mediaType: string,
  bytes: Uint8Array,
): Promise<Body | Refusal> {
  const type = mediaType === "" ? json : mediaType;
  if (method === "PATCH") {
    if (!patches.has(type)) return unsupportedMediaType(accepted.patch);
  } else if (bytes.length === 0) return { value: undefined, contentType: json, duplicates: [] };
  else if (!accepted.other.includes(type)) return unsupportedMediaType(accepted.other);
  if (type === protobuf) return decodeProtobuf(bytes);
  return decodeText(type, bytes);
}

async function decodeText(type: string, bytes: Uint8Array): Promise<Body | Refusal> {
  const contentType = patches.has(type) ? type : json;
  const text = textOf(bytes);
  if (text === undefined) return badRequest("cannot read the request body: it is not UTF-8; send UTF-8 text");
  // Most clients that say YAML send JSON, which needs no YAML reader.
  const asJson = parseJson(text);
  if (asJson.is === "read" && isTooDeep(text))
    return badRequest("cannot read the request body as JSON: exceeded max depth");
  if (asJson.is === "read") return { value: asJson.value, contentType, duplicates: duplicateFields(text) };
  if (!yaml.has(type)) return badRequest(`cannot read the request body as JSON: ${asJson.because}`);
  // Loaded on demand: few clients send YAML, and the reader takes 50 ms to load.
  const { readYaml } = await import("./yaml-body.ts");
  const read = readYaml(text);
  return read.is === "read"
    ? { value: read.value, contentType, duplicates: read.duplicates }
    : badRequest(`cannot read the request body as YAML: ${read.because}`);
}

function parseJson(text: string): { is: "read"; value: unknown } | { is: "unreadable"; because: string } {
  try {
    return { is: "read", value: JSON.parse(text) };
  } catch (error) {
    return { is: "unreadable", because: wordsOf(error) };
  }
}

async function decodeProtobuf(bytes: Uint8Array): Promise<Body | Refusal> {
  const { readProtobuf } = await import("./protobuf-body.ts");
  const read = readProtobuf(bytes);
  if (read.is === "read")
    return { value: read.value, contentType: json, duplicates: [], passedOver: read.unknown };
  if (read.is === "unsupported") return unsupportedMediaType([json, "application/yaml"]);
  return badRequest(`cannot read the request body as protobuf: ${read.because}`);
}
