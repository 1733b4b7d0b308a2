// Owns the names definitions go by in OpenAPI documents, as upstream's: `io.k8s.api.apps.v1.DaemonSet`.
import type { Descriptor } from "../../model/kinds/descriptor.ts";
import { schemas } from "../../model/generated/schemas.ts";
import { reviews } from "../reviews.ts";
import type { GroupVersionKind } from "../discovery/served.ts";

/** Types whose schema is not a list of fields. */
export const specialTypes = {
  time: "io.k8s.apimachinery.pkg.apis.meta.v1.Time",
  microTime: "io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime",
  quantity: "io.k8s.apimachinery.pkg.api.resource.Quantity",
  intOrString: "io.k8s.apimachinery.pkg.util.intstr.IntOrString",
  fields: "io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1",
  raw: "io.k8s.apimachinery.pkg.runtime.RawExtension",
} as const;

const metaTypes = new Set([
  "Condition",
  "DeleteOptions",
  "LabelSelector",
  "LabelSelectorRequirement",
  "ListMeta",
  "ManagedFieldsEntry",
  "ObjectMeta",
  "OwnerReference",
  "Preconditions",
  "ShardInfo",
  "Status",
  "StatusCause",
  "StatusDetails",
  "WatchEvent",
]);

/** Types of the core group that kinds of other groups hold too. */
const coreRoots = [
  "Pod",
  "PodTemplate",
  "Node",
  "Service",
  "PersistentVolume",
  "PersistentVolumeClaim",
  "CoreEvent",
];

/** The schema a field's type comes down to: `[]Container` is Container. */
export const innermost = (type: string): string => type.replace(/^(?:\[\]|\{\})+/, "");

/** All schemas the roots lead to, themselves included. */
export function reachable(roots: Iterable<string>): Set<string> {
  const found = new Set<string>();
  const open = [...roots];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    const fields = schemas[name];
    if (fields === undefined || found.has(name)) continue;
    found.add(name);
    for (const field of Object.values(fields)) open.push(innermost(field.t));
  }
  return found;
}

/** Where the generated name differs to tell two groups' types apart: `CoreEvent` is core's Event. */
const plainName = (schema: string): string =>
  schema.replace(
    /^(?:Core|Events|Discovery|Authentication|Storage|Rbac)(?=Event|EndpointPort|TokenRequest|ResourceClaim|Subject)/,
    "",
  );

const packageOf = (group: string, version: string): string =>
  `io.k8s.api.${group === "" ? "core" : (group.split(".")[0] ?? group)}.${version}`;

export const listSchemaOf = (kind: Descriptor): string => `${kind.schema}List`;

/** Schemas a group's documents start from. */
export const rootsOf = (kind: Descriptor): readonly string[] => [
  kind.schema,
  listSchemaOf(kind),
  ...(kind.custom === undefined ? [] : ["ObjectMeta", "ListMeta"]),
  ...(kind.custom?.scale === undefined ? [] : ["Scale"]),
  ...(kind.group === "" && kind.resource === "pods" ? ["Binding", "Eviction"] : []),
  ...(kind.group === "" && kind.resource === "serviceaccounts" ? ["AuthenticationTokenRequest"] : []),
];

/** The schema of a kind that is sent and never stored. */
export const schemaOfKind = (kind: string): string =>
  kind === "TokenRequest" ? "AuthenticationTokenRequest" : kind;

export interface DefinitionNames {
  /** The definition's name in documents. */
  of(schema: string): string;
  /** The custom kind that a schema is, under its own name. */
  customOf(schema: string): Descriptor | undefined;
  /** The kind a definition is the root of. */
  kindOf(schema: string): GroupVersionKind | undefined;
  /** Fields that are required now and were not in the version served. */
  optionalIn(schema: string): readonly string[];
}

export function definitionNames(kinds: readonly Descriptor[]): DefinitionNames {
  const packages = new Map<string, string>();
  const roots = new Map<string, GroupVersionKind>();
  const claim = (schemaNames: Iterable<string>, name: string): void => {
    for (const schema of reachable(schemaNames)) if (!packages.has(schema)) packages.set(schema, name);
  };
  for (const schema of metaTypes) packages.set(schema, "io.k8s.apimachinery.pkg.apis.meta.v1");
  packages.set("Eviction", packageOf("policy", "v1"));
  for (const { schema, group, version, kind } of reviews) {
    if (roots.has(schema)) continue;
    claim([schema], packageOf(group, version));
    roots.set(schema, { group, version, kind });
  }
  claim(["AuthenticationTokenRequest"], packageOf("authentication.k8s.io", "v1"));
  roots.set("AuthenticationTokenRequest", {
    group: "authentication.k8s.io",
    version: "v1",
    kind: "TokenRequest",
  });
  claim(coreRoots, packageOf("", "v1"));
  claim(["Scale"], packageOf("autoscaling", "v1"));
  roots.set("Scale", { group: "autoscaling", version: "v1", kind: "Scale" });
  const custom = new Map(
    kinds.filter((kind) => kind.custom !== undefined).map((kind) => [kind.schema, kind]),
  );
  const lists = new Set([...custom.values()].map(listSchemaOf));
  for (const kind of kinds) {
    claim(rootsOf(kind), packageOf(kind.group, kind.version));
    const { group, version } = kind;
    roots.set(kind.schema, { group, version, kind: kind.kind });
    roots.set(listSchemaOf(kind), { group, version, kind: `${kind.kind}List` });
  }
  roots.set("Binding", { group: "", version: "v1", kind: "Binding" });
  roots.set("Eviction", { group: "policy", version: "v1", kind: "Eviction" });
  roots.set("Status", { group: "", version: "v1", kind: "Status" });
  roots.set("DeleteOptions", { group: "", version: "v1", kind: "DeleteOptions" });
  return {
    customOf: (schema) => custom.get(schema),
    of: (schema) =>
      custom.has(schema) || lists.has(schema)
        ? schema
        : `${packages.get(schema) ?? packageOf("", "v1")}.${plainName(schema)}`,
    kindOf: (schema) => roots.get(schema),
    // Before apps/v1 a selector could be left out.
    optionalIn: (schema) =>
      /^(?:DaemonSet|Deployment)Spec$/.test(schema) && packages.get(schema) !== packageOf("apps", "v1")
        ? ["selector"]
        : [],
  };
}
