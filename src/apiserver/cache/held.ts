// Owns one stored object as the server holds it: parsed once, frozen, its bytes for the wire made once.
import { deepFreeze } from "../../lib/json.ts";
import type { ManagedFieldsEntry } from "../../model/generated/types.ts";
import type { KubeObject } from "../../model/meta.ts";
import type { Entry, Key, Revision } from "../../store/store.ts";

/** What stands before the metadata in the bytes we store, so that the resourceVersion can be put in without encoding anew. */
const headOf = (object: KubeObject): string =>
  `{"apiVersion":${JSON.stringify(object.apiVersion)},"kind":${JSON.stringify(object.kind)},"metadata":{`;

export class Held {
  readonly key: Key;
  readonly revision: Revision;
  /** Frozen to its leaves; metadata.resourceVersion is there. */
  readonly object: KubeObject;
  private stored: Uint8Array | undefined;
  private served: Uint8Array | undefined;

  constructor(key: Key, revision: Revision, object: KubeObject, stored?: Uint8Array) {
    this.key = key;
    this.revision = revision;
    this.object = object;
    this.stored = stored;
  }

  /** JSON for the wire. Shared: never to be written to. */
  get bytes(): Uint8Array {
    this.served ??= this.encode();
    this.stored = undefined;
    return this.served;
  }

  private encode(): Uint8Array {
    const version = this.object.metadata.resourceVersion;
    const head = Buffer.from(headOf(this.object));
    if (this.stored === undefined || version === undefined || !startsWith(this.stored, head))
      return Buffer.from(JSON.stringify(this.object));
    return Buffer.concat([
      head,
      Buffer.from(`"resourceVersion":"${version}",`),
      this.stored.subarray(head.length),
    ]);
  }
}

function startsWith(bytes: Uint8Array, head: Uint8Array): boolean {
  // An empty metadata object has no field that the comma could stand before; no accepted object has one.
  return bytes.length > head.length && Buffer.compare(bytes.subarray(0, head.length), head) === 0;
}

/** The bytes to store: canonical order, without the resourceVersion, which is the store's revision. */
export function storedBytes(object: KubeObject): Uint8Array {
  const { apiVersion, kind, metadata } = object;
  const { managedFields } = metadata;
  // What is undefined has no text; a copy with a few keys emptied is made faster than one without them.
  const stored = { ...metadata, resourceVersion: undefined, managedFields: undefined };
  const rest = { ...object, apiVersion: undefined, kind: undefined, metadata: undefined };
  const text = JSON.stringify({ apiVersion, kind, metadata: stored });
  const below = JSON.stringify(rest);
  // The texts of the parts end in the braces of the metadata and of the object.
  const head =
    managedFields === undefined
      ? text.slice(0, -1)
      : `${text.slice(0, -2)},"managedFields":[${managedFields.map(entryText).join(",")}]}`;
  return Buffer.from(below === "{}" ? `${head}}` : `${head},${below.slice(1)}`);
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

/** Gives the object its version and freezes it. An object of ours may come here twice, from the writer and from the feed. */
export function sealed(object: KubeObject, revision: Revision): KubeObject {
  if (Object.isFrozen(object)) return object;
  object.metadata.resourceVersion = String(revision);
  return deepFreeze(object);
}

/** Reads an entry; `known` is the object it was written from, where this process wrote it. Throws where it is no object. */
export function heldOf(entry: Entry, known?: KubeObject): Held {
  const object = known ?? parseObject(entry);
  return new Held(entry.key, entry.modified, sealed(object, entry.modified), entry.value);
}

function parseObject(entry: Entry): KubeObject {
  const { buffer, byteOffset, byteLength } = entry.value;
  const parsed: unknown = JSON.parse(Buffer.from(buffer, byteOffset, byteLength).toString("utf8"));
  if (!isObject(parsed))
    throw new Error(`cannot read ${entry.key} in the store: it holds no Kubernetes object in JSON`);
  return parsed;
}

const isObject = (value: unknown): value is KubeObject =>
  typeof value === "object" &&
  value !== null &&
  "metadata" in value &&
  typeof value.metadata === "object" &&
  value.metadata !== null;

/** The object as it was, with the revision of the change that took it away. */
export function lastStateOf(held: Held, revision: Revision): Held {
  const metadata = Object.freeze({ ...held.object.metadata, resourceVersion: String(revision) });
  return new Held(held.key, revision, Object.freeze({ ...held.object, metadata }));
}
