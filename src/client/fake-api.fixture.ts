// Owns a small API server in memory for tests of what lives on one: honest about versions, watches, finalizers and conflicts.
import { cloneJson, deepEqual, deepFreeze } from "../lib/json.ts";
import { kinds as allKinds } from "../model/kinds/kinds.ts";
import type { Descriptor } from "../model/kinds/descriptor.ts";
import type { Draft, KubeObject } from "../model/meta.ts";
import type { ApiRequest, ApiResponse, Caller, Transport, WatchEvent } from "../model/wire.ts";
import { formatTime } from "../model/time.ts";
import type { Clock } from "../world/clock.ts";
import { createFakeWatches, type FakeWatches } from "./fake-api-watches.fixture.ts";
import {
  deletionOf,
  isDeletable,
  matches,
  patchedBy,
  refusal,
  routeOf,
  type DeleteBody,
  type Route,
} from "./fake-api-rules.fixture.ts";
import { inProcessTransport } from "./in-process-transport.ts";
import { apiVersionOf, keyOf } from "./resource-path.ts";

export type Interception = ApiResponse | "drop" | undefined;

export interface FakeApi {
  readonly transport: Transport;
  answer(request: ApiRequest, caller?: Caller): Promise<ApiResponse>;
  watch(request: ApiRequest, caller: Caller, signal: AbortSignal): AsyncIterable<readonly WatchEvent[]>;
  /** Writes as someone else would: creates the object, or replaces it whole, status and all. */
  put<T extends KubeObject>(kind: Descriptor<T>, draft: Draft<T>): T;
  /** `namespace/name`, or `name`. */
  get<T extends KubeObject>(kind: Descriptor<T>, key: string): T | undefined;
  all<T extends KubeObject>(kind: Descriptor<T>): readonly T[];
  /** Takes the object away at once, whatever its finalizers. */
  remove(kind: Descriptor<never>, key: string): void;
  /** Every request answered so far, watches aside. */
  readonly requests: ApiRequest[];
  /** Ends every watch: in order, or as a broken connection. */
  cutWatches(how: "end" | "fail"): void;
  /** Sends a bookmark to every watch that wants them. */
  bookmark(): void;
  /** Forgets the history: a watch from before is answered 410. */
  compact(): void;
  /** Asked first; answers in the server's place, or drops the connection. */
  intercept: ((request: ApiRequest) => Interception) | undefined;
}

const anyone: Caller = { name: "test", groups: [] };

type Collection = Map<string, KubeObject>;

export function createFakeApi(clock: Clock, kinds: readonly Descriptor[] = allKinds): FakeApi {
  return new MemoryApi(clock, kinds);
}

class MemoryApi implements FakeApi {
  readonly requests: ApiRequest[] = [];
  readonly transport: Transport = inProcessTransport(this, anyone);
  intercept: ((request: ApiRequest) => Interception) | undefined;
  private readonly clock: Clock;
  private readonly kinds: readonly Descriptor[];
  private readonly collections = new Map<string, Collection>();
  private readonly watches: FakeWatches = createFakeWatches();
  private revision = 100;
  private drawn = 0;

  constructor(clock: Clock, kinds: readonly Descriptor[]) {
    this.clock = clock;
    this.kinds = kinds;
  }

  answer(request: ApiRequest): Promise<ApiResponse> {
    const instead = this.intercept?.(request);
    if (instead === "drop") return Promise.reject(new Error("connection reset"));
    this.requests.push(request);
    return Promise.resolve(deepFreeze(instead ?? this.dispatch(request)));
  }

  watch(request: ApiRequest, _caller: Caller, signal: AbortSignal): AsyncIterable<readonly WatchEvent[]> {
    const route = routeOf(this.kinds, request.path);
    const instead = this.intercept?.(request);
    const present = route === undefined ? [] : [...this.selected(route, request)];
    return this.watches.open({ request, route, signal, instead, present, revision: this.revision });
  }

  put<T extends KubeObject>(kind: Descriptor<T>, draft: Draft<T>): T {
    const collection = this.collection(kind);
    const old = collection.get(keyOf(draft as unknown as KubeObject));
    const object = this.stamped(kind, draft as unknown as KubeObject, old);
    this.commit(kind, old === undefined ? "ADDED" : "MODIFIED", object, old);
    // The collection of a kind holds objects of that kind alone.
    return object as T;
  }

  get<T extends KubeObject>(kind: Descriptor<T>, key: string): T | undefined {
    return this.collection(kind).get(key) as T | undefined;
  }

  all<T extends KubeObject>(kind: Descriptor<T>): readonly T[] {
    return [...this.collection(kind).values()] as T[];
  }

  remove(kind: Descriptor<never>, key: string): void {
    const old = this.collection(kind).get(key);
    if (old !== undefined) this.commit(kind, "DELETED", this.stamped(kind, old, old), old);
  }

  cutWatches(how: "end" | "fail"): void {
    this.watches.cut(how);
  }

  bookmark(): void {
    this.watches.bookmark(this.revision);
  }

  compact(): void {
    this.watches.compact(this.revision);
  }

  private collection(kind: Pick<Descriptor, "group" | "resource">): Collection {
    const name = `${kind.group}/${kind.resource}`;
    let found = this.collections.get(name);
    if (found === undefined) this.collections.set(name, (found = new Map()));
    return found;
  }

  private stamped(
    kind: Pick<Descriptor, "group" | "version" | "kind">,
    draft: KubeObject,
    old?: KubeObject,
  ): KubeObject {
    const copy = cloneJson(draft);
    const { metadata } = copy;
    copy.apiVersion = apiVersionOf(kind);
    copy.kind = kind.kind;
    metadata.uid = old?.metadata.uid ?? metadata.uid ?? `uid-${++this.drawn}`;
    metadata.creationTimestamp =
      old?.metadata.creationTimestamp ?? metadata.creationTimestamp ?? formatTime(this.clock.now());
    metadata.resourceVersion = String(++this.revision);
    return deepFreeze(copy);
  }

  private commit(
    kind: Pick<Descriptor, "group" | "resource">,
    type: "ADDED" | "MODIFIED" | "DELETED",
    object: KubeObject,
    previous: KubeObject | undefined,
  ): void {
    const collection = this.collection(kind);
    if (type === "DELETED") collection.delete(keyOf(object));
    else collection.set(keyOf(object), object);
    this.watches.tell({ collection: `${kind.group}/${kind.resource}`, type, object, previous });
  }

  private dispatch(request: ApiRequest): ApiResponse {
    const route = routeOf(this.kinds, request.path);
    if (route === undefined) return refusal(404, "NotFound", `there is no ${request.path}`);
    if (route.name === undefined) {
      if (request.method === "GET") return this.list(route, request);
      if (request.method === "POST") return this.create(route, request);
      if (request.method === "DELETE") return this.deleteAll(route, request);
      return refusal(405, "MethodNotAllowed", request.method);
    }
    const old = this.collection(route.kind).get(route.key);
    if (old === undefined)
      return refusal(404, "NotFound", `${route.kind.resource} ${JSON.stringify(route.name)} not found`);
    if (request.method === "GET") return { status: 200, body: old };
    if (request.method === "DELETE")
      return this.delete(route.kind, old, request.body as DeleteBody | undefined);
    if (request.method === "PUT") return this.update(route, old, request.body as KubeObject);
    if (request.method === "POST") return this.post(route, old, request.body);
    const patched = patchedBy(request, old, route.kind.schema);
    return typeof patched === "string" ? refusal(422, "Invalid", patched) : this.update(route, old, patched);
  }

  private *selected(route: Route, request: ApiRequest): Iterable<KubeObject> {
    for (const object of this.collection(route.kind).values())
      if (matches(object, route.namespace, request.query)) yield object;
  }

  private list(route: Route, request: ApiRequest): ApiResponse {
    const items = [...this.selected(route, request)].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
    const after = request.query?.["continue"];
    const rest = after === undefined ? items : items.filter((item) => keyOf(item) > after);
    const limit = Number(request.query?.["limit"] ?? Infinity);
    const page = rest.slice(0, limit);
    const last = page.at(-1);
    const more = page.length < rest.length && last !== undefined ? { continue: keyOf(last) } : {};
    const metadata = { resourceVersion: String(this.revision), ...more };
    const { kind } = route.kind;
    return {
      status: 200,
      body: { apiVersion: apiVersionOf(route.kind), kind: `${kind}List`, metadata, items: page },
    };
  }

  private create(route: Route, request: ApiRequest): ApiResponse {
    const draft = cloneJson(request.body as KubeObject);
    draft.metadata.name ??= `${draft.metadata.generateName ?? ""}${(++this.drawn).toString(36).padStart(5, "0")}`;
    if (route.namespace !== undefined) draft.metadata.namespace = route.namespace;
    if (this.collection(route.kind).has(keyOf(draft)))
      return refusal(409, "AlreadyExists", `${route.kind.resource} "${draft.metadata.name}" already exists`);
    const object = this.stamped(route.kind, { ...draft, metadata: withoutIdentity(draft.metadata) });
    this.commit(route.kind, "ADDED", object, undefined);
    return { status: 201, body: object };
  }

  private update(route: Route, old: KubeObject, proposed: KubeObject): ApiResponse {
    const asked = proposed.metadata.resourceVersion;
    if (asked !== undefined && asked !== old.metadata.resourceVersion)
      return refusal(
        409,
        "Conflict",
        "the object has been modified; please apply your changes to the latest version",
      );
    if (proposed.metadata.uid !== undefined && proposed.metadata.uid !== old.metadata.uid)
      return refusal(409, "Conflict", "the UID in the precondition is another object's");
    const next = merged(route, old, proposed);
    if (deepEqual(next, old)) return { status: 200, body: old };
    return this.settle(route.kind, old, next);
  }

  /** Stores an update, which takes away an object whose deletion waited for nothing else. */
  private settle(kind: Descriptor, old: KubeObject, next: KubeObject): ApiResponse {
    const object = this.stamped(kind, next, old);
    this.commit(kind, isDeletable(object) ? "DELETED" : "MODIFIED", object, old);
    return { status: 200, body: object };
  }

  private delete(kind: Descriptor, old: KubeObject, options: DeleteBody | undefined): ApiResponse {
    const { uid, resourceVersion } = options?.preconditions ?? {};
    if (uid !== undefined && uid !== old.metadata.uid)
      return refusal(409, "Conflict", "the UID in the precondition is another object's");
    if (resourceVersion !== undefined && resourceVersion !== old.metadata.resourceVersion)
      return refusal(409, "Conflict", "the object has been modified");
    return this.settle(kind, old, deletionOf(kind, old, options ?? {}, formatTime(this.clock.now())));
  }

  private deleteAll(route: Route, request: ApiRequest): ApiResponse {
    const items = [...this.selected(route, request)];
    for (const item of items) this.delete(route.kind, item, request.body as DeleteBody | undefined);
    return { status: 200, body: { apiVersion: "v1", kind: "Status", status: "Success" } };
  }

  private post(route: Route, old: KubeObject, body: unknown): ApiResponse {
    if (route.subresource === "eviction") return this.delete(route.kind, old, {});
    if (route.subresource !== "binding") return refusal(404, "NotFound", `no ${route.subresource ?? ""}`);
    const { target } = body as { target: { name: string } };
    const next = cloneJson(old) as KubeObject & { spec: { nodeName?: string } };
    if (next.spec.nodeName !== undefined) return refusal(409, "Conflict", "the pod is bound already");
    next.spec.nodeName = target.name;
    this.settle(route.kind, old, next);
    return { status: 201, body: { apiVersion: "v1", kind: "Status", status: "Success" } };
  }
}

function withoutIdentity(metadata: KubeObject["metadata"]): KubeObject["metadata"] {
  const { uid: _uid, resourceVersion: _version, creationTimestamp: _created, ...rest } = metadata;
  // The server gives these three next.
  return rest as KubeObject["metadata"];
}

type Parts = KubeObject & { spec?: unknown; status?: unknown };

/** What an update may change: status through `/status` alone, and everything else only beside it. */
function merged(route: Route, old: Parts, proposed: Parts): KubeObject {
  const identity = {
    uid: old.metadata.uid,
    creationTimestamp: old.metadata.creationTimestamp,
    resourceVersion: old.metadata.resourceVersion,
    deletionTimestamp: old.metadata.deletionTimestamp,
    deletionGracePeriodSeconds: old.metadata.deletionGracePeriodSeconds,
  };
  if (route.subresource === "status" || route.subresource === "approval")
    return { ...old, status: proposed.status } as KubeObject;
  if (route.subresource === "finalize") return { ...old, spec: proposed.spec } as KubeObject;
  const kept = route.kind.hasStatus ? { status: old.status } : {};
  return cloneJson({ ...proposed, ...kept, metadata: { ...proposed.metadata, ...identity } }) as KubeObject;
}
