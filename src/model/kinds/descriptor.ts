// Owns the shape of a descriptor: everything the API knows about one kind, in one file of this folder.
import type { Instant } from "../../lib/units.ts";
import type { FieldError } from "../field-error.ts";
import type { CustomTraits } from "../custom/custom-traits.ts";
import type { Draft, KubeObject } from "../meta.ts";
import type { Caller } from "../wire.ts";

/** One column of `kubectl get`, as in meta.k8s.io/v1 Table. Priority 0 is always shown, 1 with `-o wide`. */
export interface Column {
  readonly name: string;
  readonly type: "string" | "integer" | "boolean" | "date" | "number";
  readonly format?: string;
  readonly description: string;
  readonly priority: number;
}

export type Cell = string | number | boolean | null;

/** A version of the kind that upstream served once: its objects are those of the version served now, written differently. */
export interface OldVersion {
  readonly group: string;
  readonly version: string;
  /** Kubernetes releases: `v1.9`. */
  readonly deprecatedIn: string;
  readonly removedIn: string;
  /** Makes a body of the old version one of the new, in place: what the old one filled in by itself, and fields since gone. */
  readonly renew: (body: Record<string, unknown>) => void;
}

export interface Descriptor<T extends KubeObject = KubeObject> {
  /** "" for the core group. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  /** Plural, in the URL: `daemonsets`. */
  readonly resource: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly namespaced: boolean;
  readonly oldVersions?: readonly OldVersion[];
  /** Folder under /registry in the store, as upstream's: `daemonsets`, `minions` for nodes. */
  readonly storeFolder: string;
  /** Name in generated/schemas. */
  readonly schema: string;
  /** Whether `/status` is served; then the main resource keeps status and `/status` keeps everything else. */
  readonly hasStatus: boolean;
  /** Whether metadata.generation is kept: 1 at creation, one more with each change outside metadata and status. */
  readonly hasGeneration: boolean;
  /** How names are checked: DNS subdomain (RFC 1123) for most kinds, label for namespaces and services. */
  readonly nameRule: "subdomain" | "label";
  /** Seconds a deletion waits by default, for kinds that end gracefully (pods); 0 or absent deletes at once. */
  readonly graceSeconds?: (object: T) => number;
  /** Fields a field selector may name besides metadata.name and metadata.namespace, and how to read them. */
  readonly fields: Readonly<Record<string, (object: T) => string>>;
  /** Fills in upstream's defaults, in place, on a private copy. */
  readonly applyDefaults: (draft: Draft<T>) => void;
  /** What a client may not set at creation (status, server-kept fields) is dropped here, in place. */
  readonly prepareCreate?: (draft: Draft<T>) => void;
  /** What the server itself writes of who creates the object, in place. */
  readonly stampCaller?: (draft: Draft<T>, caller: Caller) => void;
  /** As prepareCreate for an update of `/status`. */
  readonly prepareStatus?: (draft: Draft<T>, old: T) => void;
  /** Where given, `/approval` is served, which changes status too: what it may not change is carried over, in place. */
  readonly prepareApproval?: (draft: Draft<T>, old: T) => void;
  /** As prepareCreate for an update: what only the server writes is carried over from `old`, in place. */
  readonly prepareUpdate?: (draft: Draft<T>, old: T) => void;
  /** What the first request to delete it changes in it, in place. */
  readonly prepareDelete?: (draft: Draft<T>, now: Instant) => void;
  /** Every fault at once, beyond the schema's types and metadata's own rules; `old` is the object as it stands, where it is changed: what is shared with it was found valid. */
  readonly validate: (draft: Draft<T>, old?: T) => readonly FieldError[];
  /** Immutable fields and forbidden transitions. */
  readonly validateUpdate: (draft: Draft<T>, old: T) => readonly FieldError[];
  readonly columns: readonly Column[];
  /** Of kinds that a CustomResourceDefinition defines; `schema` is then the definition's name in OpenAPI documents. */
  readonly custom?: CustomTraits;
  /** The cells for `columns`, in their order. Age cells are durations as kubectl prints them. */
  readonly row: (object: T, now: Instant) => readonly Cell[];
}
