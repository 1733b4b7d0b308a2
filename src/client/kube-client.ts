// Owns typed calls on kinds over a transport.
import type { Status } from "../model/generated/types.ts";
import type { Descriptor } from "../model/kinds/descriptor.ts";
import type { KubeObject } from "../model/meta.ts";
import type { ApiRequest, ApiResponse, Transport } from "../model/wire.ts";
import {
  RefusedError,
  type Client,
  type DeleteOptions,
  type ListAnswer,
  type ListOptions,
  type PatchType,
  type Resource,
} from "./client.ts";
import { withoutManagedFields } from "./own-metadata.ts";
import { answerOf, isGone, statusOf } from "./refusal.ts";
import { apiVersionOf, collectionPath, objectPath } from "./resource-path.ts";

export const pageLimit = 500;

/** Typed calls over any transport. Refusals are answers; only `list` throws them, as RefusedError. */
export function createClient(transport: Transport): Client {
  // What is called on one kind is made once: kubelets ask for it with every write.
  const made = new WeakMap<object, unknown>();
  return {
    transport,
    of<T extends KubeObject>(kind: Descriptor<T>): Resource<T> {
      // A kind has one object type, so what was made for it is of that type.
      const known = made.get(kind) as Resource<T> | undefined;
      if (known !== undefined) return known;
      const fresh = resource(transport, kind);
      made.set(kind, fresh);
      return fresh;
    },
  };
}

const patchTypes: Readonly<Record<PatchType, string>> = {
  json: "application/json-patch+json",
  merge: "application/merge-patch+json",
  strategic: "application/strategic-merge-patch+json",
};

function resource<T extends KubeObject>(transport: Transport, kind: Descriptor<T>): Resource<T> {
  const call = async <A>(request: ApiRequest) => answerOf<A>(await transport.request(request));
  const refOf = ({ metadata }: T) => ({ name: metadata.name, namespace: metadata.namespace });
  return {
    get: (ref) => call<T>({ method: "GET", path: objectPath(kind, ref) }),
    list: (options = {}) => listAll(transport, kind, options),
    create: (draft) =>
      call<T>({
        method: "POST",
        path: collectionPath(kind, namespaceOf(kind, draft.metadata.namespace)),
        body: draft,
      }),
    update: (object) => call<T>({ method: "PUT", path: objectPath(kind, refOf(object)), body: object }),
    updateStatus: (object) =>
      call<T>({ method: "PUT", path: objectPath(kind, refOf(object), "status"), body: statusBody(object) }),
    patch: (ref, type, patch, subresource) =>
      call<T>({
        method: "PATCH",
        path: objectPath(kind, ref, subresource),
        body: patch,
        contentType: patchTypes[type],
      }),
    delete: (ref, options = {}) =>
      call<T | Status>({ method: "DELETE", path: objectPath(kind, ref), body: deleteBody(options) }),
    post: (ref, subresource, body) =>
      call<KubeObject | Status>({ method: "POST", path: objectPath(kind, ref, subresource), body }),
  };
}

/** What `/status` takes in: the rest is kept as it stands there, and need not be sent, checked and compared. */
function statusBody(object: KubeObject): unknown {
  const { apiVersion, kind, metadata } = object;
  const own = withoutManagedFields(metadata);
  return { apiVersion, kind, metadata: own, status: "status" in object ? object.status : undefined };
}

function namespaceOf(
  kind: Pick<Descriptor, "kind" | "namespaced">,
  namespace: string | undefined,
): string | undefined {
  if (kind.namespaced && namespace === undefined)
    throw new Error(`cannot create a ${kind.kind}: it needs a namespace`);
  return namespace;
}

function deleteBody(options: DeleteOptions): unknown {
  const { uid, resourceVersion, graceSeconds, propagation } = options;
  return {
    apiVersion: "v1",
    kind: "DeleteOptions",
    ...(graceSeconds === undefined ? {} : { gracePeriodSeconds: graceSeconds }),
    ...(propagation === undefined ? {} : { propagationPolicy: propagation }),
    ...(uid === undefined && resourceVersion === undefined
      ? {}
      : { preconditions: { uid, resourceVersion } }),
  };
}

/** One page of a collection, or the Status that refuses it. */
export type PageAnswer<T> =
  | {
      readonly is: "page";
      readonly items: readonly T[];
      readonly resourceVersion: string;
      readonly continue?: string;
    }
  | { readonly is: "refused"; readonly status: Status };

type Selection = Pick<Descriptor, "group" | "version" | "kind" | "resource" | "namespaced">;

export interface PageRequest extends ListOptions {
  /** Absent asks for everything at once. */
  readonly limit?: number;
  readonly continue?: string;
  readonly signal?: AbortSignal;
}

/** Asks for one page. */
export async function listPage<T extends KubeObject>(
  transport: Transport,
  kind: Descriptor<T>,
  page: PageRequest,
): Promise<PageAnswer<T>> {
  const response = await transport.request({
    method: "GET",
    path: collectionPath(kind, page.namespace),
    query: {
      labelSelector: page.labelSelector,
      fieldSelector: page.fieldSelector,
      limit: page.limit?.toString(),
      continue: page.continue,
    },
    ...(page.signal === undefined ? {} : { signal: page.signal }),
  });
  return pageOf(kind, response);
}

interface ListBody<T> {
  readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string };
  readonly items?: readonly T[] | null;
}

function pageOf<T extends KubeObject>(kind: Selection, response: ApiResponse): PageAnswer<T> {
  if (response.status !== 200) return { is: "refused", status: statusOf(response) };
  // A collection's path answers 200 with its list, in this shape.
  const body = response.body as ListBody<T>;
  const next = body.metadata?.continue;
  return {
    is: "page",
    items: (body.items ?? []).map((item) => named(kind, item)),
    resourceVersion: body.metadata?.resourceVersion ?? "",
    ...(next === undefined || next === "" ? {} : { continue: next }),
  };
}

// Upstream's server leaves apiVersion and kind out of the items of a list.
function named<T extends KubeObject>(kind: Selection, item: T): T {
  if (item.kind !== undefined && item.apiVersion !== undefined) return item;
  return Object.freeze({ ...item, apiVersion: apiVersionOf(kind), kind: kind.kind });
}

async function listAll<T extends KubeObject>(
  transport: Transport,
  kind: Descriptor<T>,
  options: ListOptions,
): Promise<ListAnswer<T>> {
  const { namespace, labelSelector, fieldSelector } = options;
  const selection = {
    ...(namespace === undefined ? {} : { namespace }),
    ...(labelSelector === undefined ? {} : { labelSelector }),
    ...(fieldSelector === undefined ? {} : { fieldSelector }),
  };
  const items: T[] = [];
  let page = await listPage(transport, kind, { ...selection, limit: pageLimit });
  for (;;) {
    if (page.is === "refused") {
      if (!isGone(page.status) || items.length === 0) throw new RefusedError(page.status);
      // The first pages were compacted away while we read: the rest would not fit them.
      items.length = 0;
      page = await listPage(transport, kind, selection);
      continue;
    }
    for (const item of page.items) items.push(item);
    if (page.continue === undefined) return { items, resourceVersion: page.resourceVersion };
    page = await listPage(transport, kind, { ...selection, limit: pageLimit, continue: page.continue });
  }
}
