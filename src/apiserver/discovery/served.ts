// Owns what discovery tells of: groups, versions, resources, subresources and their verbs, from the kinds served.
import type { Descriptor } from "../../model/kinds/descriptor.ts";
import { compareVersions } from "../../model/custom/versions.ts";
import { reviews } from "../reviews.ts";

export interface GroupVersionKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

export interface ServedSubresource {
  readonly name: string;
  readonly kind: GroupVersionKind;
  readonly verbs: readonly string[];
}

export interface ServedResource {
  readonly resource: string;
  readonly singular: string;
  readonly kind: GroupVersionKind;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly subresources: readonly ServedSubresource[];
}

export interface ServedVersion {
  readonly group: string;
  readonly version: string;
  readonly resources: readonly ServedResource[];
}

const allVerbs = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];

const podSubresources: readonly ServedSubresource[] = [
  { name: "binding", kind: { group: "", version: "v1", kind: "Binding" }, verbs: ["create"] },
  { name: "eviction", kind: { group: "policy", version: "v1", kind: "Eviction" }, verbs: ["create"] },
  { name: "log", kind: { group: "", version: "v1", kind: "Pod" }, verbs: ["get"] },
];

const tokenSubresource: ServedSubresource = {
  name: "token",
  kind: { group: "authentication.k8s.io", version: "v1", kind: "TokenRequest" },
  verbs: ["create"],
};

const scaleSubresource: ServedSubresource = {
  name: "scale",
  kind: { group: "autoscaling", version: "v1", kind: "Scale" },
  verbs: ["get", "patch", "update"],
};

function resourceOf(kind: Descriptor): ServedResource {
  const own = { group: kind.group, version: kind.version, kind: kind.kind };
  const isPod = kind.group === "" && kind.resource === "pods";
  const isNamespace = kind.group === "" && kind.resource === "namespaces";
  return {
    resource: kind.resource,
    singular: kind.singular,
    kind: own,
    namespaced: kind.namespaced,
    // A namespace goes with all that is in it: never by the dozen.
    verbs: isNamespace ? allVerbs.filter((verb) => verb !== "deletecollection") : allVerbs,
    shortNames: kind.shortNames,
    categories: kind.categories,
    subresources: [
      ...(isPod ? podSubresources : []),
      ...(kind.prepareApproval === undefined
        ? []
        : [{ name: "approval", kind: own, verbs: ["get", "patch", "update"] }]),
      ...(kind.group === "" && kind.resource === "serviceaccounts" ? [tokenSubresource] : []),
      ...(kind.custom?.scale === undefined ? [] : [scaleSubresource]),
      ...(kind.hasStatus ? [{ name: "status", kind: own, verbs: ["get", "patch", "update"] }] : []),
    ],
  };
}

/** Kinds that are asked and never stored. */
const asked: readonly ServedVersion[] = [
  ...new Set(reviews.map(({ group, version }) => `${group}/${version}`)),
].map((groupVersion) => {
  const [group = "", version = ""] = groupVersion.split("/");
  const resources = reviews
    .filter((one) => one.group === group && one.version === version)
    .map(({ resource, kind, namespaced }) => ({
      resource,
      singular: kind.toLowerCase(),
      kind: { group, version, kind },
      namespaced,
      verbs: ["create"],
      shortNames: [],
      categories: [],
      subresources: [],
    }));
  return { group, version, resources };
});

/** The kind as its old version: without category and short names, so that `get all` and `get ds` mean one. */
export const oldKindsOf = (kinds: readonly Descriptor[]): readonly Descriptor[] =>
  kinds.flatMap((kind) =>
    (kind.oldVersions ?? []).map(({ group, version }) => ({
      ...kind,
      group,
      version,
      categories: [],
      shortNames: [],
    })),
  );

/** Core first, then by group; resources by name. */
export function servedVersions(kinds: readonly Descriptor[]): readonly ServedVersion[] {
  const versions = new Map<string, { group: string; version: string; resources: ServedResource[] }>();
  for (const kind of [...kinds, ...oldKindsOf(kinds)]) {
    const key = `${kind.group}/${kind.version}`;
    const found = versions.get(key) ?? { group: kind.group, version: kind.version, resources: [] };
    versions.set(key, found);
    found.resources.push(resourceOf(kind));
  }
  for (const found of versions.values())
    found.resources.sort((left, right) => (left.resource < right.resource ? -1 : 1));
  return [...versions.values(), ...asked].sort((left, right) =>
    left.group === right.group
      ? compareVersions(left.version, right.version)
      : left.group < right.group
        ? -1
        : 1,
  );
}

interface ResourceName {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
}

const placeOf = ({ group, version, resource }: ResourceName): string => `${group}/${version}/${resource}`;

/** Tells whether there is such a resource at all. */
export function servedResources(kinds: readonly Descriptor[]): (name: ResourceName) => boolean {
  // The legacy collection of bindings, in which the body names the pod, is in no list.
  const places = new Set([placeOf({ group: "", version: "v1", resource: "bindings" })]);
  for (const { group, version, resources } of servedVersions(kinds))
    for (const { resource } of resources) places.add(placeOf({ group, version, resource }));
  return (name) => places.has(placeOf(name));
}
