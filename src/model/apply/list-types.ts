// Owns the facts on lists, maps and structs that the schemas lack: which are one value, and by what their items are told apart.
// Source: the listType, listMapKey, mapType and structType markers of the Kubernetes API types.
import { mergeRuleOf } from "../patch/merge-keys.ts";

export type ListType =
  | { readonly is: "atomic" }
  | { readonly is: "set" }
  | { readonly is: "map"; readonly keys: readonly string[] };

const atomic: ListType = { is: "atomic" };
const set: ListType = { is: "set" };
const map = (...keys: readonly string[]): ListType => ({ is: "map", keys });

/** Where the merge key of a strategic merge patch, which is older, tells less or something else. */
const exceptions: Readonly<Record<string, ListType>> = {
  "Container.ports": map("containerPort", "protocol"),
  "EphemeralContainer.ports": map("containerPort", "protocol"),
  "ServiceSpec.ports": map("port", "protocol"),
  "PodSpec.topologySpreadConstraints": map("topologyKey", "whenUnsatisfiable"),
  "PodStatus.hostIPs": atomic,
  "ResourceRequirements.claims": map("name"),
  "VolumeResourceRequirements.claims": map("name"),
  "ContainerStatus.volumeMounts": map("mountPath"),
  "ContainerStatus.allocatedResourcesStatus": map("name"),
};

export function listTypeOf(schema: string, field: string): ListType {
  const known = exceptions[`${schema}.${field}`];
  if (known !== undefined) return known;
  const rule = mergeRuleOf(schema, field);
  if (rule === undefined) return atomic;
  return rule.key === undefined ? set : map(rule.key);
}

/** What stands for a key that an item leaves out. */
export const defaultKey = (key: string): string | undefined => (key === "protocol" ? "TCP" : undefined);

const atomicStructs: ReadonlySet<string> = new Set([
  "ConfigMapKeySelector",
  "ConfigMapNodeConfigSource",
  "FileKeySelector",
  "LabelSelector",
  "LocalObjectReference",
  "NodeSelector",
  "NodeSelectorTerm",
  "ObjectFieldSelector",
  "ObjectReference",
  "OwnerReference",
  "ResourceFieldSelector",
  "ScopeSelector",
  "ScopedResourceSelectorRequirement",
  "SecretKeySelector",
  "SecretReference",
  "TopologySelectorTerm",
  "TypedLocalObjectReference",
]);

export const isAtomicStruct = (schema: string): boolean => atomicStructs.has(schema);

const atomicMaps: ReadonlySet<string> = new Set([
  "PodSpec.nodeSelector",
  "ServiceSpec.selector",
  "CSIPersistentVolumeSource.volumeAttributes",
]);

export const isAtomicMap = (schema: string, field: string): boolean => atomicMaps.has(`${schema}.${field}`);

/** Structs that upstream holds by value: they are there, empty, in every object, so nobody adds them. */
const heldByValue: ReadonlySet<string> = new Set([
  "DaemonSetSpec.template",
  "DaemonSetSpec.updateStrategy",
  "DeploymentSpec.template",
  "DeploymentSpec.strategy",
  "PodTemplateSpec.metadata",
  "PodTemplateSpec.spec",
  "PodSpec.containers",
  "NodeStatus.daemonEndpoints",
  "NodeStatus.nodeInfo",
]);

export const isHeldByValue = (schema: string, field: string, isRoot: boolean): boolean =>
  isRoot
    ? field === "metadata" || field === "spec" || field === "status"
    : heldByValue.has(`${schema}.${field}`);
