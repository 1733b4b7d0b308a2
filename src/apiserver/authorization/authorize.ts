// Owns who may do what. Roles as objects will sit here; until then the built-in ones are a table.
import { bootstrappers, bootstrapUserPrefix } from "../../model/bootstrap-token.ts";
import type { Caller } from "../../model/wire.ts";
import type { Attributes, Authorize } from "../answer.ts";
import { nodeOf } from "./node-caller.ts";

type Verb = Attributes["verb"];
type Resource = NonNullable<Attributes["resource"]>;

interface Rule {
  readonly verbs: readonly Verb[] | "*";
  /** `*` for any. */
  readonly group: string;
  /** `pods`, `pods/status` */
  readonly resources: readonly string[] | "*";
  /** Further bounds on what the rule covers. */
  readonly only?: (resource: Resource, caller: Caller) => boolean;
}

interface Role {
  readonly of: (caller: Caller) => boolean;
  readonly rules: readonly Rule[];
}

const read = ["get", "list", "watch"] as const;
const write = ["create", "update", "patch"] as const;

/** A creation's path does not carry the name: `admitNodeCreate` looks at it. */
const own = (resource: Resource, caller: Caller): boolean =>
  resource.name === undefined || resource.name === nodeOf(caller);
const inNamespace = (namespace: string) => (resource: Resource) => resource.namespace === namespace;

const writesEvents: readonly Rule[] = [
  { verbs: write, group: "", resources: ["events"] },
  { verbs: write, group: "events.k8s.io", resources: ["events"] },
];

const asksForCertificates: Rule = {
  verbs: ["create", ...read],
  group: "certificates.k8s.io",
  resources: ["certificatesigningrequests"],
};

const node: Role = {
  of: (caller) => nodeOf(caller) !== undefined,
  rules: [
    {
      verbs: read,
      group: "",
      resources: [
        "pods",
        "nodes",
        "services",
        // Of these only what its own pods refer to: `withinOwnPods`.
        "configmaps",
        "secrets",
        "namespaces",
        "endpoints",
      ],
    },
    { verbs: read, group: "discovery.k8s.io", resources: ["endpointslices"] },
    { verbs: ["create", "delete"], group: "", resources: ["pods"] },
    { verbs: ["update", "patch"], group: "", resources: ["pods/status"] },
    { verbs: ["create"], group: "", resources: ["pods/eviction", "serviceaccounts/token"] },
    {
      verbs: ["create", "update", "patch", "delete"],
      group: "",
      resources: ["nodes", "nodes/status"],
      only: own,
    },
    {
      verbs: ["get", "create", "update", "patch", "delete"],
      group: "coordination.k8s.io",
      resources: ["leases"],
      only: (resource, caller) => resource.namespace === "kube-node-lease" && own(resource, caller),
    },
    { verbs: ["create"], group: "authentication.k8s.io", resources: ["tokenreviews"] },
    // To have its certificate renewed.
    asksForCertificates,
    { verbs: ["create"], group: "authorization.k8s.io", resources: ["subjectaccessreviews"] },
    ...writesEvents,
  ],
};

const controllers: Role = {
  of: (caller) => caller.name === "system:kube-controller-manager",
  rules: [{ verbs: "*", group: "*", resources: "*" }],
};

const scheduler: Role = {
  of: (caller) => caller.name === "system:kube-scheduler",
  rules: [
    { verbs: read, group: "*", resources: "*", only: (resource) => resource.resource !== "secrets" },
    { verbs: ["create"], group: "", resources: ["pods/binding", "bindings"] },
    { verbs: ["update", "patch"], group: "", resources: ["pods/status"] },
    { verbs: ["delete"], group: "", resources: ["pods"] },
    { verbs: write, group: "coordination.k8s.io", resources: ["leases"], only: inNamespace("kube-system") },
    ...writesEvents,
  ],
};

const everyone: Role = {
  of: (caller) => caller.groups.includes("system:authenticated"),
  rules: [
    {
      verbs: ["create"],
      group: "authorization.k8s.io",
      resources: ["selfsubjectaccessreviews", "selfsubjectrulesreviews"],
    },
    { verbs: ["create"], group: "authentication.k8s.io", resources: ["selfsubjectreviews"] },
  ],
};

/** Machines that are about to join: they ask for a certificate, and whether their name is taken. */
const bootstrapper: Role = {
  of: (caller) => caller.groups.includes(bootstrappers) && caller.name.startsWith(bootstrapUserPrefix),
  rules: [asksForCertificates, { verbs: ["get"], group: "", resources: ["nodes"] }],
};

/** Also those who have no name yet: where the cluster is, and what its authority is. It is signed, for who can tell. */
const anybody: Role = {
  of: () => true,
  rules: [
    {
      verbs: ["get"],
      group: "",
      resources: ["configmaps"],
      only: ({ namespace, name }) => namespace === "kube-public" && name === "cluster-info",
    },
  ],
};

const roles: readonly Role[] = [node, controllers, scheduler, bootstrapper, everyone, anybody];

/** Paths anybody who is known may read: what a client must see to find its way. */
const openPath = /^\/(?:api|apis|openapi|version|healthz|livez|readyz)(?:\/.*)?$|^\/$/;

const includes = (list: readonly string[] | "*", value: string): boolean =>
  list === "*" || list.includes(value);

function covers(rule: Rule, verb: Verb, resource: Resource, caller: Caller): boolean {
  const named =
    resource.subresource === undefined ? resource.resource : `${resource.resource}/${resource.subresource}`;
  return (
    includes(rule.verbs, verb) &&
    (rule.group === "*" || rule.group === resource.group) &&
    includes(rule.resources, named) &&
    (rule.only?.(resource, caller) ?? true)
  );
}

function denial(caller: Caller, { verb, resource, path }: Attributes): { readonly deny: string } {
  const user = `User ${JSON.stringify(caller.name)}`;
  if (resource === undefined) return { deny: `${user} cannot ${verb} path ${JSON.stringify(path)}` };
  const named =
    resource.subresource === undefined ? resource.resource : `${resource.resource}/${resource.subresource}`;
  const where =
    resource.namespace === undefined
      ? "at the cluster scope"
      : `in the namespace ${JSON.stringify(resource.namespace)}`;
  return {
    deny: `${user} cannot ${verb} resource ${JSON.stringify(named)} in API group ${JSON.stringify(resource.group)} ${where}`,
  };
}

export const authorize: Authorize = (caller, attributes) => {
  const { verb, resource, path } = attributes;
  if (caller.groups.includes("system:masters")) return "allow";
  if (resource === undefined)
    return verb === "get" && openPath.test(path) && caller.groups.includes("system:authenticated")
      ? "allow"
      : denial(caller, attributes);
  const allowed = roles.some(
    (role) => role.of(caller) && role.rules.some((rule) => covers(rule, verb, resource, caller)),
  );
  return allowed ? "allow" : denial(caller, attributes);
};
