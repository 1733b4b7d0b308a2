// Owns the types a component programs against: typed calls, informers, work queues, events. Their making is in the files beside it.
import type { Millis } from "../lib/units.ts";
import type { Status } from "../model/generated/types.ts";
import type { Descriptor } from "../model/kinds/descriptor.ts";
import type { Draft, KubeObject } from "../model/meta.ts";
import type { Transport } from "../model/wire.ts";

/** What a call came to. Refusals are values; a broken connection rejects. */
export type Answer<T> =
  | { readonly is: "ok"; readonly object: T }
  | { readonly is: "absent"; readonly status: Status }
  | { readonly is: "exists"; readonly status: Status }
  | { readonly is: "conflict"; readonly status: Status }
  | { readonly is: "refused"; readonly status: Status };

export interface ListAnswer<T> {
  readonly items: readonly T[];
  readonly resourceVersion: string;
}

export interface ObjectRef {
  readonly name: string;
  /** Absent for kinds without namespaces. */
  readonly namespace?: string | undefined;
}

export interface DeleteOptions {
  /** Deletes only this very object. */
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly graceSeconds?: number;
  readonly propagation?: "Background" | "Foreground" | "Orphan";
}

export interface ListOptions {
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

export type PatchType = "json" | "merge" | "strategic";

/** Calls on one kind. */
export interface Resource<T extends KubeObject> {
  get(ref: ObjectRef): Promise<Answer<T>>;
  /** Every page; throws RefusedError where the server refuses. */
  list(options?: ListOptions): Promise<ListAnswer<T>>;
  create(draft: Draft<T>): Promise<Answer<T>>;
  update(object: T): Promise<Answer<T>>;
  updateStatus(object: T): Promise<Answer<T>>;
  patch(ref: ObjectRef, type: PatchType, patch: unknown, subresource?: string): Promise<Answer<T>>;
  delete(ref: ObjectRef, options?: DeleteOptions): Promise<Answer<T | Status>>;
  /** POST to a subresource, such as a pod's `binding` or `eviction`. */
  post(ref: ObjectRef, subresource: string, body: unknown): Promise<Answer<KubeObject | Status>>;
}

export interface Client {
  readonly transport: Transport;
  of<T extends KubeObject>(kind: Descriptor<T>): Resource<T>;
}

export type InformerChange<T> =
  | { readonly is: "added"; readonly object: T }
  | { readonly is: "changed"; readonly object: T; readonly previous: T }
  | { readonly is: "removed"; readonly object: T };

/** A local copy of a collection that follows the server by list and watch. Its objects are shared: never write to them. */
export interface Informer<T extends KubeObject> {
  readonly kind: Descriptor<T>;
  /** Resolves when the first list has been taken in. */
  readonly synced: Promise<void>;
  /** By key, `namespace/name` or `name`. */
  get(key: string): T | undefined;
  list(): Iterable<T>;
  readonly size: number;
  /** Objects whose index of that name holds the value; see InformerOptions.indexes. */
  byIndex(index: string, value: string): Iterable<T>;
  /** Called in order after the copy was changed; on subscription, every object present is told as added. The returned function ends it. */
  onChange(told: (change: InformerChange<T>) => void): () => void;
  stop(): void;
}

export interface InformerOptions<T extends KubeObject> extends ListOptions {
  /** Index name to the values an object stands under. */
  readonly indexes?: Readonly<Record<string, (object: T) => readonly string[]>>;
}

/** Starts informers; one factory shares one informer a kind and selector. */
export interface Informers {
  of<T extends KubeObject>(kind: Descriptor<T>, options?: InformerOptions<T>): Informer<T>;
  stop(): void;
}

/** Keys waiting for work: each at most once, never worked on twice at a time. */
export interface WorkQueue {
  add(key: string): void;
  addAfter(key: string, delay: Millis): void;
  /** Adds after the key's own back-off, which doubles with each call until `forget`. */
  addLimited(key: string): void;
  forget(key: string): void;
  /** Works off keys with that many at a time until the signal aborts. A throw is logged and the key added again with back-off. */
  run(workers: number, work: (key: string) => Promise<void>, signal: AbortSignal): Promise<void>;
  readonly length: number;
}

/** Writes events (v1) about objects, merging repeats into `count` and bounding their rate. Never throws, never waits. */
export interface EventRecorder {
  event(about: KubeObject, type: "Normal" | "Warning", reason: string, message: string): void;
  /** Resolves when all that was told so far is written or given up. */
  flush(): Promise<void>;
}

export class RefusedError extends Error {
  readonly status: Status;

  constructor(status: Status) {
    super(status.message ?? `refused with ${status.code ?? "no code"}`);
    this.name = "RefusedError";
    this.status = status;
  }
}
