// Owns where a kind's objects are in the API: the paths of collections, objects and subresources.
import type { Descriptor } from "../model/kinds/descriptor.ts";
import type { KubeObject } from "../model/meta.ts";
import type { ObjectRef } from "./client.ts";

type Kind = Pick<Descriptor, "group" | "version" | "kind" | "resource" | "namespaced">;

/** `v1`, `apps/v1` */
export const apiVersionOf = (kind: Pick<Descriptor, "group" | "version">): string =>
  kind.group === "" ? kind.version : `${kind.group}/${kind.version}`;

/** Without a namespace, the collection over all namespaces. */
export function collectionPath(kind: Kind, namespace?: string): string {
  const root = kind.group === "" ? `/api/${kind.version}` : `/apis/${kind.group}/${kind.version}`;
  const scope =
    kind.namespaced && namespace !== undefined ? `/namespaces/${encodeURIComponent(namespace)}` : "";
  return `${root}${scope}/${kind.resource}`;
}

export function objectPath(kind: Kind, ref: ObjectRef, subresource?: string): string {
  if (kind.namespaced && ref.namespace === undefined)
    throw new Error(`cannot address ${kind.kind} ${ref.name}: it needs a namespace`);
  const tail = subresource === undefined ? "" : `/${subresource}`;
  return `${collectionPath(kind, ref.namespace)}/${encodeURIComponent(ref.name)}${tail}`;
}

/** `namespace/name`, or `name` for kinds without namespaces: the key of informers and work queues. */
export const keyOf = (object: KubeObject): string =>
  object.metadata.namespace === undefined
    ? object.metadata.name
    : `${object.metadata.namespace}/${object.metadata.name}`;

export function refOf(key: string): ObjectRef {
  const slash = key.indexOf("/");
  return slash < 0 ? { name: key } : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}
