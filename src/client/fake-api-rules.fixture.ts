// Owns the fake API server's rules: routes, selectors, patches, deletion. Pure.
import { cloneJson } from "../lib/json.ts";
import type { Descriptor } from "../model/kinds/descriptor.ts";
import type { KubeObject } from "../model/meta.ts";
import { applyJsonPatch } from "../model/patch/json-patch.ts";
import { applyMergePatch } from "../model/patch/merge-patch.ts";
import type { Json } from "../model/patch/patched.ts";
import { applyStrategicMergePatch } from "../model/patch/strategic-merge-patch.ts";
import type { ApiRequest, ApiResponse } from "../model/wire.ts";

export interface Route {
  readonly kind: Descriptor;
  readonly namespace?: string;
  readonly name?: string;
  readonly key: string;
  readonly subresource?: string;
}

export interface DeleteBody {
  readonly gracePeriodSeconds?: number;
  readonly propagationPolicy?: string;
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
}

export const refusal = (status: number, reason: string, message: string): ApiResponse => ({
  status,
  body: { apiVersion: "v1", kind: "Status", metadata: {}, status: "Failure", message, reason, code: status },
});

export function routeOf(kinds: readonly Descriptor[], path: string): Route | undefined {
  const parts = path.split("/").slice(1).map(decodeURIComponent);
  const group = parts[0] === "api" ? "" : parts[1];
  const rest = parts.slice(group === "" ? 2 : 3);
  const find = (resource: string | undefined) =>
    kinds.find((kind) => kind.group === group && kind.resource === resource);
  const inside = rest[0] === "namespaces" && rest.length > 2 ? find(rest[2]) : undefined;
  const [namespace, tail] = inside === undefined ? [undefined, rest] : [rest[1], rest.slice(2)];
  const kind = inside ?? find(rest[0]);
  if (kind === undefined) return undefined;
  const [, name, subresource] = tail;
  return {
    kind,
    key: namespace === undefined ? (name ?? "") : `${namespace}/${name ?? ""}`,
    ...(namespace === undefined ? {} : { namespace }),
    ...(name === undefined ? {} : { name }),
    ...(subresource === undefined ? {} : { subresource }),
  };
}

const fieldOf = (object: unknown, path: string): string => {
  let value: unknown = object;
  // Field selectors name plain paths; whatever stands on the way is looked up as a map.
  for (const part of path.split(".")) value = (value as Record<string, unknown> | undefined)?.[part];
  return typeof value === "string" ? value : "";
};

/** Selectors of the forms `a=b`, `a!=b` and `a`, joined by commas. */
export function matches(
  object: KubeObject,
  namespace: string | undefined,
  query: ApiRequest["query"],
): boolean {
  if (namespace !== undefined && object.metadata.namespace !== namespace) return false;
  const terms = (text: string | undefined) => (text === undefined || text === "" ? [] : text.split(","));
  const holds = (term: string, read: (name: string) => string | undefined): boolean => {
    const [, name = "", operator, value] = /^([^=!]+)(!=|==?)?(.*)$/.exec(term) ?? [];
    if (operator === undefined) return read(name) !== undefined;
    return (read(name) === value) === (operator !== "!=");
  };
  return (
    terms(query?.["labelSelector"]).every((term) => holds(term, (name) => object.metadata.labels?.[name])) &&
    terms(query?.["fieldSelector"]).every((term) => holds(term, (name) => fieldOf(object, name)))
  );
}

/** The patched object, or why the patch does not apply. */
export function patchedBy(request: ApiRequest, old: KubeObject, schema: string): KubeObject | string {
  // Stored objects and patches are JSON.
  const target = cloneJson(old) as unknown as Json;
  const patch = cloneJson(request.body) as Json;
  const type = request.contentType ?? "";
  const result = type.includes("strategic")
    ? applyStrategicMergePatch(target, patch, schema)
    : type.includes("json-patch")
      ? applyJsonPatch(target, patch)
      : applyMergePatch(target, patch);
  return result.is === "ok" ? (cloneJson(result.value) as unknown as KubeObject) : result.message;
}

const finalizerOf: Readonly<Record<string, string>> = { Foreground: "foregroundDeletion", Orphan: "orphan" };

/** The object as its deletion leaves it, which may be ready to vanish. */
export function deletionOf(kind: Descriptor, old: KubeObject, options: DeleteBody, now: string): KubeObject {
  const next = cloneJson(old) as KubeObject & { spec?: { nodeName?: string } };
  const { metadata } = next;
  const finalizer = finalizerOf[options.propagationPolicy ?? ""];
  if (finalizer !== undefined && metadata.finalizers?.includes(finalizer) !== true)
    metadata.finalizers = [...(metadata.finalizers ?? []), finalizer];
  const graceful = kind.kind === "Pod" && (next.spec?.nodeName ?? "") !== "";
  const grace = graceful ? (options.gracePeriodSeconds ?? 30) : 0;
  metadata.deletionTimestamp ??= now;
  metadata.deletionGracePeriodSeconds = Math.min(metadata.deletionGracePeriodSeconds ?? Infinity, grace);
  return next;
}

/** Whether a deletion waits for nothing any more. */
export const isDeletable = (object: KubeObject & { spec?: unknown }): boolean =>
  object.metadata.deletionTimestamp !== undefined &&
  (object.metadata.finalizers ?? []).length === 0 &&
  (object.metadata.deletionGracePeriodSeconds ?? 0) === 0 &&
  !(object.kind === "Namespace" && hasSpecFinalizers(object.spec));

const hasSpecFinalizers = (spec: unknown): boolean =>
  typeof spec === "object" && spec !== null && "finalizers" in spec && Array.isArray(spec.finalizers)
    ? spec.finalizers.length > 0
    : false;
