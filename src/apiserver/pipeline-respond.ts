// Owns the last step of a request: the reply in the form that was asked for, as a value or as bytes.
import { deepFreeze } from "../lib/json.ts";
import type { Instant } from "../lib/units.ts";
import type { Status } from "../model/generated/types.ts";
import type { Descriptor } from "../model/kinds/descriptor.ts";
import type { KubeObject } from "../model/meta.ts";
import type { ApiResponse, WatchEvent } from "../model/wire.ts";
import type { EncodedAnswer } from "./answer.ts";
import { Emission } from "./cache/emission.ts";
import type { Held } from "./cache/held.ts";
import { emissionAs, heldAs } from "./custom/view.ts";
import { groupVersion } from "./registry/decode.ts";
import type { Listing } from "./registry/read.ts";
import { Refusal } from "./status.ts";
import { refusalAnswer, valueAnswer, yamlType } from "./http/send.ts";
import { protobufOf, protobufType } from "./protobuf/envelope.ts";
import { plainEncoding, type Encoding, type Form } from "./tables/accept.ts";
import {
  partialList,
  partialObject,
  tableOf,
  type IncludeObject,
  type ListMetadata,
} from "./tables/table.ts";

export type Reply =
  | {
      readonly is: "object";
      readonly code: 200 | 201;
      readonly held: Held;
      readonly warnings?: readonly string[];
    }
  | { readonly is: "list"; readonly listing: Listing }
  | { readonly is: "status"; readonly code: number; readonly status: Status }
  /** What is answered as it is, and stored nowhere. */
  | { readonly is: "value"; readonly code: number; readonly value: object };

/** How the reply to a request is to be shown. */
export interface Showing {
  readonly kind: Descriptor;
  readonly form: Form;
  readonly encoding: Encoding;
  readonly include: IncludeObject;
  readonly now: Instant;
}

const jsonType = "application/json";

const listMetadata = ({ revision, continueWith, remaining }: Listing): ListMetadata => ({
  resourceVersion: String(revision),
  ...(continueWith === undefined ? {} : { continue: continueWith }),
  ...(remaining === undefined ? {} : { remainingItemCount: remaining }),
});

const listKindOf = ({ kind, custom }: Descriptor): string => custom?.listKind ?? `${kind}List`;

const codeOf = (reply: Reply): number => (reply.is === "list" ? 200 : reply.code);

function warningsOf(reply: Reply, showing: Showing | undefined): readonly string[] {
  const { warning } = showing?.kind.custom ?? {};
  const told = reply.is === "object" ? (reply.warnings ?? []) : [];
  return warning === undefined ? told : [warning, ...told];
}

/** A single object in a form that is not its own. */
function shapedObject(object: KubeObject, { kind, form, include, now }: Showing): KubeObject {
  if (form.as === "object") return object;
  if (form.as === "PartialObjectMetadata") return partialObject(object, form.version);
  const metadata = { resourceVersion: object.metadata.resourceVersion };
  // A Table stands where an object would; it has the fields every reader of events looks at.
  return tableOf([object], metadata, { kind, version: form.version, include, now }) as unknown as KubeObject;
}

function valueOf(reply: Reply, showing: Showing): unknown {
  if (reply.is === "status") return reply.status;
  if (reply.is === "value") return reply.value;
  const { kind, form, include, now } = showing;
  if (reply.is === "object") return shapedObject(heldAs(kind, reply.held).object, showing);
  const objects = reply.listing.items.map((held) => heldAs(kind, held).object);
  const metadata = listMetadata(reply.listing);
  if (form.as === "PartialObjectMetadata") return partialList(objects, metadata, form.version);
  if (form.as === "Table") return tableOf(objects, metadata, { kind, version: form.version, include, now });
  return { kind: listKindOf(kind), apiVersion: groupVersion(kind), metadata, items: objects };
}

function bytesOf(reply: Reply, showing: Showing): string | Uint8Array {
  if (reply.is === "status" || reply.is === "value" || showing.form.as !== "object")
    return JSON.stringify(valueOf(reply, showing));
  return reply.is === "object"
    ? heldAs(showing.kind, reply.held).bytes
    : listBytes(reply.listing, showing.kind);
}

const comma = Buffer.from(",");

/** The bytes of the items, each encoded once for all lists and watches, between those of the list. */
function listBytes(listing: Listing, kind: Descriptor): Uint8Array {
  const head = `{"kind":${JSON.stringify(listKindOf(kind))},"apiVersion":${JSON.stringify(groupVersion(kind))},"metadata":${JSON.stringify(listMetadata(listing))},"items":[`;
  const parts: Uint8Array[] = [Buffer.from(head)];
  for (const [at, held] of listing.items.entries()) {
    if (at > 0) parts.push(comma);
    parts.push(heldAs(kind, held).bytes);
  }
  parts.push(Buffer.from("]}"));
  return Buffer.concat(parts);
}

export function asResponse(reply: Reply | Refusal, showing: Showing | undefined): ApiResponse {
  if (reply instanceof Refusal) return { status: reply.code, body: deepFreeze(reply.status) };
  const body =
    showing === undefined && reply.is === "status" ? reply.status : showing && valueOf(reply, showing);
  const warnings = warningsOf(reply, showing);
  return { status: codeOf(reply), body: deepFreeze(body), ...(warnings.length === 0 ? {} : { warnings }) };
}

/** `accept` is the client's, by which errors are encoded. */
export function asEncoded(
  reply: Reply | Refusal,
  showing: Showing | undefined,
  accept: string | undefined,
): EncodedAnswer {
  if (reply instanceof Refusal) return refusalAnswer(reply, accept);
  if (showing === undefined)
    return valueAnswer(codeOf(reply), asResponse(reply, showing).body, plainEncoding(accept));
  const answer = { status: codeOf(reply), warnings: warningsOf(reply, showing) };
  const { encoding } = showing;
  const protobuf = encoding === "protobuf" ? protobufOf(Object(valueOf(reply, showing))) : undefined;
  return protobuf === undefined
    ? { ...answer, contentType: encoding === "yaml" ? yamlType : jsonType, body: bytesOf(reply, showing) }
    : { ...answer, contentType: protobufType, body: protobuf };
}

/** A watch event in the form asked for. Errors are always a Status. */
export function shapedEmission(told: Emission, showing: Showing): Emission {
  const emission = emissionAs(showing.kind, told);
  const { event } = emission;
  if (showing.form.as === "object" || event.type === "ERROR") return emission;
  if (event.type === "BOOKMARK" && showing.form.as === "Table") {
    const { resourceVersion } = event.object.metadata;
    const { kind, include, now } = showing;
    const table = tableOf([], { resourceVersion }, { kind, version: showing.form.version, include, now });
    // As for objects: a Table in an object's place.
    return new Emission({ type: "BOOKMARK", object: table as unknown as KubeObject });
  }
  const shaped: WatchEvent = { type: event.type, object: shapedObject(event.object, showing) };
  return new Emission(shaped);
}
