// Owns what the API knows about Node.
import { ageOf } from "../duration.ts";
import { forbidden, type FieldError } from "../field-error.ts";
import type { Node } from "../generated/types.ts";
import type { Draft } from "../meta.ts";
import { ageColumn, column, nameColumn, orNone } from "./columns.ts";
import type { Descriptor } from "./descriptor.ts";
import { validateTaints } from "./pod-template/validate-tolerations.ts";

const rolePrefix = "node-role.kubernetes.io/";

function statusText(node: Node): string {
  const ready = node.status?.conditions?.find((condition) => condition.type === "Ready");
  const state = ready === undefined ? "Unknown" : ready.status === "True" ? "Ready" : "NotReady";
  return node.spec?.unschedulable === true ? `${state},SchedulingDisabled` : state;
}

function rolesText(node: Node): string {
  const roles = new Set<string>();
  for (const [key, value] of Object.entries(node.metadata.labels ?? {}))
    if (key.startsWith(rolePrefix)) roles.add(key.slice(rolePrefix.length));
    else if (key === "kubernetes.io/role") roles.add(value);
  roles.delete("");
  return orNone([...roles].sort().join(","));
}

const addressOf = (node: Node, type: string): string =>
  orNone(node.status?.addresses?.find((address) => address.type === type)?.address);

/** Set once, by whoever hands out addresses or runs the cloud. */
const setOnce = ["podCIDR", "providerID"] as const;

function validateUpdate(draft: Draft<Node>, old: Node): FieldError[] {
  return setOnce.flatMap((name) => {
    const before = old.spec?.[name] ?? "";
    return before === "" || draft.spec?.[name] === before
      ? []
      : [forbidden(`spec.${name}`, `node updates may not change ${name} except from "" to valid`)];
  });
}

export const node: Descriptor<Node> = {
  group: "",
  version: "v1",
  kind: "Node",
  resource: "nodes",
  singular: "node",
  shortNames: ["no"],
  categories: [],
  namespaced: false,
  storeFolder: "minions",
  schema: "Node",
  hasStatus: true,
  hasGeneration: false,
  nameRule: "subdomain",
  fields: { "spec.unschedulable": (node) => String(node.spec?.unschedulable ?? false) },
  applyDefaults: (draft) => {
    draft.spec ??= {};
    if (draft.status?.capacity !== undefined) draft.status.allocatable ??= { ...draft.status.capacity };
  },
  // A kubelet registers its node together with the status, so creation keeps it.
  validate: ({ spec }) => validateTaints("spec.taints", spec?.taints),
  validateUpdate,
  columns: [
    nameColumn,
    column("Status", "string", "Whether the node is ready, and whether pods may be placed on it."),
    column("Roles", "string", "Roles, from the node's labels."),
    ageColumn,
    column("Version", "string", "Version of the kubelet."),
    column("Internal-IP", "string", "Address inside the cluster.", 1),
    column("External-IP", "string", "Address outside the cluster.", 1),
    column("OS-Image", "string", "Operating system.", 1),
    column("Kernel-Version", "string", "Version of the kernel.", 1),
    column("Container-Runtime", "string", "Name and version of the container runtime.", 1),
  ],
  row: (node, now) => {
    const system = node.status?.nodeInfo;
    return [
      node.metadata.name,
      statusText(node),
      rolesText(node),
      ageOf(node.metadata.creationTimestamp, now),
      system?.kubeletVersion ?? "",
      addressOf(node, "InternalIP"),
      addressOf(node, "ExternalIP"),
      system?.osImage || "<unknown>",
      system?.kernelVersion || "<unknown>",
      system?.containerRuntimeVersion || "<unknown>",
    ];
  },
};
