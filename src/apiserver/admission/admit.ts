// Owns what stands between a well-formed request and the store: namespaces that must be there, and those that must stay.
import type { Namespace } from "../../model/generated/types.ts";
import type { Descriptor } from "../../model/kinds/descriptor.ts";
import type { KubeObject } from "../../model/meta.ts";
import { systemPriority } from "../../model/pod/admission.ts";
import type { Guard } from "../../store/store.ts";
import type { Held } from "../cache/held.ts";
import { objectKey } from "../registry/place.ts";
import { isDefinitions, isNamespaces, isPriorityClasses, type Registry } from "../registry/registry.ts";
import { forbidden, methodNotAllowed, notFound, notServed, Refusal } from "../status.ts";

/** Deleting these would take the cluster itself away. */
const immortal: ReadonlySet<string> = new Set(["default", "kube-system", "kube-public"]);

/** The object is of the kind Namespace, which its descriptor says. */
export const asNamespace = (object: KubeObject): Namespace => object;

export type Admitted =
  /** What must still hold when the object is written: the namespace as it was seen here. */
  { readonly is: "admitted"; readonly guards: readonly Guard[] };

/** A namespaced object needs a namespace that is there and not on its way out. Call with caches that are current. */
export function admitCreate(
  registry: Registry,
  kind: Descriptor,
  object: { readonly name: string; readonly namespace: string | undefined },
): Admitted | Refusal {
  const namespaces = registry.kinds.find(isNamespaces);
  const { name, namespace } = object;
  const defined = admitDefined(registry, kind);
  if (defined instanceof Refusal) return defined;
  if (!kind.namespaced || namespace === undefined || namespaces === undefined)
    return { is: "admitted", guards: defined };
  const key = objectKey(namespaces, undefined, namespace);
  const held: Held | undefined = registry.feed.cacheOf(namespaces).get(key);
  if (held === undefined) return notFound(namespaces, namespace);
  if (held.object.metadata.deletionTimestamp !== undefined)
    return forbidden(
      kind,
      name,
      `unable to create new content in namespace ${namespace} because it is being terminated`,
      {
        reason: "NamespaceTerminating",
        message: `namespace ${namespace} is being terminated`,
        field: "metadata.namespace",
      },
    );
  return { is: "admitted", guards: [{ key, is: "at", modified: held.revision }, ...defined] };
}

/** An object of a custom kind needs a definition that is not on its way out: it would outlive it. */
function admitDefined(registry: Registry, { custom }: Descriptor): readonly Guard[] | Refusal {
  const definitions = registry.kinds.find(isDefinitions);
  if (custom === undefined || definitions === undefined) return [];
  const key = objectKey(definitions, undefined, custom.definition);
  const held = registry.feed.cacheOf(definitions).get(key);
  if (held === undefined) return notServed();
  if (held.object.metadata.deletionTimestamp !== undefined)
    return methodNotAllowed("create not allowed while custom resource definition is terminating");
  return [{ key, is: "at", modified: held.revision }];
}

export function admitDelete(kind: Descriptor, name: string): Refusal | undefined {
  if (isPriorityClasses(kind) && systemPriority(name) !== undefined)
    return forbidden(kind, name, "this is a system priority class and cannot be deleted");
  return isNamespaces(kind) && immortal.has(name)
    ? forbidden(kind, name, "this namespace may not be deleted")
    : undefined;
}

/** Whether a namespace's content still has to be removed. Of other kinds nothing keeps an object but its finalizers. */
export const isKeptByContent = (kind: Descriptor, object: KubeObject): boolean =>
  isNamespaces(kind) && (asNamespace(object).spec?.finalizers ?? []).length > 0;
