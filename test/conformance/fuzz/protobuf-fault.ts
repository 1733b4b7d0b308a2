// Owns the judgement of answers in protobuf: whole envelopes of what can be read, frames that are as long as they say, errors that are a Status.
import { readProtobuf } from "../../../src/apiserver/http/protobuf-body.ts";
import { wireFields } from "../../../src/apiserver/http/protobuf-reader.ts";
import { enveloped } from "../../../src/apiserver/http/protobuf-write.fixture.ts";
import type { Received } from "./subject.ts";

const protobuf = "application/vnd.kubernetes.protobuf";

const partsOf = (message: Uint8Array, wanted: number): Uint8Array[] =>
  [...wireFields(message)].flatMap(([number, value]) =>
    number === wanted && typeof value !== "number" ? [value] : [],
  );
const textOf = (parts: readonly Uint8Array[]): string => Buffer.from(parts[0] ?? []).toString();

interface Opened {
  readonly apiVersion: string;
  readonly kind: string;
  readonly raw: Uint8Array;
}

function opened(bytes: Uint8Array): Opened | undefined {
  if (Buffer.from(bytes.subarray(0, 4)).toString("latin1") !== "k8s\0") return undefined;
  const unknown = bytes.subarray(4);
  const [type = new Uint8Array()] = partsOf(unknown, 1);
  const [raw] = partsOf(unknown, 2);
  if (raw === undefined) return undefined;
  return { apiVersion: textOf(partsOf(type, 1)), kind: textOf(partsOf(type, 2)), raw };
}

function objectFault(bytes: Uint8Array): string | undefined {
  const read = readProtobuf(bytes);
  if (read.is === "read") return read.unknown.length === 0 ? undefined : "it has fields that are not known";
  return `it is ${read.is}`;
}

/** A list's items have no envelope of their own, and metadata alone is the metadata of any object. */
function contentFault({ apiVersion, kind, raw }: Opened): string | undefined {
  const item = kind.startsWith("API") ? kind : kind.replace(/List$/, "");
  const [readAs, version] = item === "PartialObjectMetadata" ? ["ConfigMap", "v1"] : [item, apiVersion];
  for (const message of item === kind ? [raw] : partsOf(raw, 2)) {
    const fault = objectFault(enveloped(version, readAs, message));
    if (fault !== undefined) return `of ${kind}, ${fault}`;
  }
  return undefined;
}

function frameFault(bytes: Buffer): string | undefined {
  if (bytes.length === 0) return undefined;
  const size = bytes.readUInt32BE(0);
  if (size + 4 > bytes.length) return "a frame is longer than what came";
  const [extension = new Uint8Array()] = partsOf(bytes.subarray(4, 4 + size), 2);
  const object = opened(partsOf(extension, 1)[0] ?? new Uint8Array());
  return object === undefined ? "a frame holds no object" : contentFault(object);
}

/** What is wrong with the answer, where it says that it is in protobuf. */
export function protobufFault({ status, headers, bytes }: Received): string | undefined {
  const type = String(headers["content-type"]);
  if (!type.startsWith(protobuf) || status === 304 || headers["content-encoding"] !== undefined)
    return undefined;
  if (type.endsWith(";stream=watch")) return frameFault(Buffer.from(bytes));
  const told = opened(bytes);
  if (told === undefined) return "it has no envelope";
  if (status >= 400 && told.kind !== "Status") return "the refusal is no Status";
  return contentFault(told);
}
