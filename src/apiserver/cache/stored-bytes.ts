// Owns an object's bytes as they are stored: canonical order, and parts that stand as they stood taken over without encoding.
import type { ManagedFieldsEntry } from "../../model/generated/types.ts";
import type { KubeObject } from "../../model/meta.ts";
import { ByteText } from "./byte-text.ts";

/** Numbers of bytes, from the end: of all that stands behind the metadata, and of its last part where that is the status. */
export interface Tails {
  readonly below: number;
  readonly status: number;
}

export interface StoredBytes {
  readonly value: Uint8Array;
  readonly tails: Tails;
}

/** What stood there before, encoded by `storedBytes`; the resourceVersion may have been put in since. */
export interface Before {
  readonly object: KubeObject;
  readonly bytes: Uint8Array;
  readonly tails: Tails;
}

/** What stands before the metadata's fields, so that the resourceVersion can be put in without encoding anew. */
export const headOf = ({ apiVersion, kind }: KubeObject): string =>
  `{"apiVersion":${JSON.stringify(apiVersion)},"kind":${JSON.stringify(kind)},"metadata":{`;

/** The bytes to store: canonical order, without the resourceVersion, which is the store's revision. */
export function storedBytes(object: KubeObject, before?: Before): StoredBytes {
  const made = new ByteText();
  made.text(`${headOf(object)}${metadataText(object.metadata)}}`);
  const belowAt = made.length;
  const fields = fieldsOf(object);
  const known = before !== undefined && isSameAbove(object, before.object) ? before : undefined;
  if (known === undefined) {
    for (const name of fieldsAbove(fields)) made.text(fieldText(name, fields[name]));
  } else {
    const { bytes, tails } = known;
    made.bytes(bytes.subarray(bytes.length - tails.below, bytes.length - tails.status));
  }
  const statusAt = made.length;
  const status = statusIn(fields);
  if (known !== undefined && status === statusIn(fieldsOf(known.object)))
    made.bytes(known.bytes.subarray(known.bytes.length - known.tails.status));
  else made.text(status === undefined ? "}" : `${fieldText("status", status)}}`);
  const { length } = made;
  return { value: made.take(), tails: { below: length - belowAt, status: length - statusAt } };
}

type Fields = Readonly<Record<string, unknown>>;

/** An object's fields by name; which there are is for the kind to know. */
const fieldsOf = (object: KubeObject): Fields => object as unknown as Fields;

const isAtHead = (name: string): boolean => name === "apiVersion" || name === "kind" || name === "metadata";

/** The status where it stands last, as it does in every kind that has one. */
const statusIn = (fields: Fields): unknown =>
  Object.keys(fields).at(-1) === "status" ? fields["status"] : undefined;

/** What stands between the metadata and the status. */
function fieldsAbove(fields: Fields): string[] {
  const names = Object.keys(fields).filter((name) => !isAtHead(name) && fields[name] !== undefined);
  if (names.at(-1) === "status" && statusIn(fields) !== undefined) names.pop();
  return names;
}

/** Objects are frozen and share what they have not changed: what is the same is the same object. */
function isSameAbove(object: KubeObject, before: KubeObject): boolean {
  const [mine, theirs] = [fieldsOf(object), fieldsOf(before)];
  const names = fieldsAbove(mine);
  const known = fieldsAbove(theirs);
  return (
    names.length === known.length &&
    names.every((name, at) => name === known[at] && mine[name] === theirs[name])
  );
}

const fieldText = (name: string, value: unknown): string =>
  `,${JSON.stringify(name)}:${JSON.stringify(value)}`;

/** Behind its opening brace and before its closing one. */
function metadataText(metadata: KubeObject["metadata"]): string {
  const { managedFields } = metadata;
  // What is undefined has no text; a copy with a few keys emptied is made faster than one without them.
  const text = JSON.stringify({ ...metadata, resourceVersion: undefined, managedFields: undefined });
  const fields = text.slice(1, -1);
  return managedFields === undefined
    ? fields
    : `${fields},"managedFields":[${managedFields.map(entryText).join(",")}]`;
}

// Trees of fields are shared by objects and kept through their changes: each is encoded once.
const treeTexts = new WeakMap<object, string>();

function entryText(entry: ManagedFieldsEntry): string {
  const { fieldsV1 } = entry;
  const text = JSON.stringify({ ...entry, fieldsV1: undefined });
  if (typeof fieldsV1 !== "object" || fieldsV1 === null) return text;
  let tree = treeTexts.get(fieldsV1);
  if (tree === undefined) {
    tree = JSON.stringify(fieldsV1);
    treeTexts.set(fieldsV1, tree);
  }
  return text === "{}" ? `{"fieldsV1":${tree}}` : `${text.slice(0, -1)},"fieldsV1":${tree}}`;
}
