// Owns one stored object as the server holds it: parsed once, frozen, its bytes for the wire made once.
import { deepFreeze } from "../../lib/json.ts";
import type { KubeObject } from "../../model/meta.ts";
import type { Entry, Key, Revision } from "../../store/store.ts";
import { newBytes } from "./byte-text.ts";
import { headOf, type Before, type Tails } from "./stored-bytes.ts";

export type Told = "ADDED" | "MODIFIED" | "DELETED";

/** What was stored, and where its parts are, if this process encoded it. */
export interface StoredAs extends Pick<Entry, "value" | "created" | "modified"> {
  readonly tails?: Tails | undefined;
}

const prefixes: Readonly<Record<Told, Buffer>> = {
  ADDED: Buffer.from('{"type":"ADDED","object":'),
  MODIFIED: Buffer.from('{"type":"MODIFIED","object":'),
  DELETED: Buffer.from('{"type":"DELETED","object":'),
};
const suffix = Buffer.from("}\n");

export class Held {
  readonly key: Key;
  readonly revision: Revision;
  /** Frozen to its leaves; metadata.resourceVersion is there. */
  readonly object: KubeObject;
  private readonly told: Told;
  private readonly tails: Tails | undefined;
  /** Of which the bytes for the wire are made: what was stored, or the object as it was before it went. */
  private source: Uint8Array | Held | undefined;
  /** The line that most watchers are told, in which the object's own bytes stand. */
  private line: Buffer | undefined;

  constructor(key: Key, revision: Revision, object: KubeObject, source?: StoredAs | Held) {
    this.key = key;
    this.revision = revision;
    this.object = object;
    const isGone = source instanceof Held;
    this.told = isGone ? "DELETED" : source && source.created === source.modified ? "ADDED" : "MODIFIED";
    this.source = isGone ? source : source?.value;
    this.tails = isGone ? undefined : source?.tails;
  }

  /** JSON for the wire. Shared: never to be written to. */
  get bytes(): Uint8Array {
    const line = this.framed();
    return line.subarray(prefixes[this.told].length, line.length - suffix.length);
  }

  /** The event of it in JSON. Shared: never to be written to. */
  lineAs(told: Told): Uint8Array {
    return told === this.told ? this.framed() : Buffer.concat([prefixes[told], this.bytes, suffix]);
  }

  /** For what is to be stored in its place. */
  get before(): Before | undefined {
    const { object, source, tails } = this;
    if (tails === undefined) return undefined;
    return { object, tails, bytes: source instanceof Uint8Array ? source : this.bytes };
  }

  private framed(): Buffer {
    this.line ??= this.encode();
    this.source = undefined;
    return this.line;
  }

  private encode(): Buffer {
    const { object, told } = this;
    const { resourceVersion } = object.metadata;
    const head = headBytes(object);
    const rest = this.behindVersion(head);
    const prefix = prefixes[told];
    if (rest === undefined || resourceVersion === undefined)
      return Buffer.concat([prefix, Buffer.from(JSON.stringify(object)), suffix]);
    const version = versionText(resourceVersion);
    const line = newBytes(prefix.length + head.length + version.length + rest.length + suffix.length);
    line.set(prefix);
    line.set(head, prefix.length);
    let at = prefix.length + head.length;
    at += line.write(version, at, "latin1");
    line.set(rest, at);
    line.set(suffix, at + rest.length);
    return line;
  }

  /** The bytes that follow the resourceVersion, where it stands first in the metadata, or would. */
  private behindVersion(head: Uint8Array): Uint8Array | undefined {
    const { source, object } = this;
    if (source instanceof Uint8Array) return behind(head, source);
    if (source !== undefined) return source.behindVersion(head);
    const { resourceVersion } = object.metadata;
    if (this.line === undefined || resourceVersion === undefined) return undefined;
    const rest = behind(head, this.bytes);
    return rest && behind(Buffer.from(versionText(resourceVersion)), rest);
  }
}

const versionText = (resourceVersion: string): string => `"resourceVersion":"${resourceVersion}",`;

/** What follows, where the bytes begin so; undefined where they don't, or where nothing follows that a comma could stand before. */
function behind(head: Uint8Array, bytes: Uint8Array): Uint8Array | undefined {
  const begins = bytes.length > head.length && Buffer.compare(bytes.subarray(0, head.length), head) === 0;
  return begins ? bytes.subarray(head.length) : undefined;
}

// Of a few hundred kinds; what others write into the store must not fill the memory.
const headsMax = 1024;
const heads = new Map<string, Uint8Array>();

function headBytes(object: KubeObject): Uint8Array {
  const names = `${object.apiVersion} ${object.kind}`;
  const known = heads.get(names);
  if (known !== undefined) return known;
  const made = Buffer.from(headOf(object));
  if (heads.size >= headsMax) heads.clear();
  heads.set(names, made);
  return made;
}

/** Gives the object its version and freezes it. An object of ours may come here twice, from the writer and from the feed. */
export function sealed(object: KubeObject, revision: Revision): KubeObject {
  if (Object.isFrozen(object)) return object;
  object.metadata.resourceVersion = String(revision);
  return deepFreeze(object);
}

/** An object that this process wrote, and where its parts stand in the bytes. */
export interface Known {
  readonly object: KubeObject;
  readonly tails: Tails;
}

/** Reads an entry; `known` is what it was written from, where this process wrote it. Throws where it is no object. */
export function heldOf(entry: Entry, known?: Known): Held {
  const object = known?.object ?? parseObject(entry);
  const { value, created, modified } = entry;
  return new Held(entry.key, modified, sealed(object, modified), {
    value,
    created,
    modified,
    tails: known?.tails,
  });
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
  return new Held(held.key, revision, Object.freeze({ ...held.object, metadata }), held);
}
