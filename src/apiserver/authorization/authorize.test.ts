// Owns the proof of the built-in roles, row by row.
import { describe, expect, it } from "vitest";
import type { Caller } from "../../model/wire.ts";
import type { Attributes } from "../answer.ts";
import { authorize } from "./authorize.ts";

const known = (name: string, ...groups: string[]): Caller => ({
  name,
  groups: [...groups, "system:authenticated"],
});
const admin = known("admin", "system:masters");
const node = known("system:node:a", "system:nodes");
const impostor = known("system:node:a");
const controllers = known("system:kube-controller-manager");
const scheduler = known("system:kube-scheduler");
const jane = known("jane");
const joining = known("system:bootstrap:abcdef", "system:bootstrappers", "system:bootstrappers:crew");
const nearly = known("jane", "system:bootstrappers");
const stranger: Caller = { name: "system:anonymous", groups: ["system:unauthenticated"] };

/** `pods`, `pods/status`, `leases.coordination.k8s.io`; then namespace and name. */
function resource(words: string): NonNullable<Attributes["resource"]> {
  const [what = "", namespace = "-", name] = words.split(" ");
  const [plural = "", subresource] = what.split("/");
  const [first = "", ...group] = plural.split(".");
  return {
    group: group.join("."),
    resource: first,
    ...(subresource === undefined ? {} : { subresource }),
    ...(namespace === "-" ? {} : { namespace }),
    ...(name === undefined ? {} : { name }),
  };
}

const rows: readonly (readonly [Caller, Attributes["verb"], string, "allow" | "deny"])[] = [
  [admin, "deletecollection", "secrets x", "allow"],
  [node, "watch", "pods", "allow"],
  [node, "list", "secrets x", "allow"],
  [node, "create", "pods x", "allow"],
  [node, "delete", "pods x p", "allow"],
  [node, "update", "pods x p", "deny"],
  [node, "patch", "pods/status x p", "allow"],
  [node, "create", "pods/binding x p", "deny"],
  [node, "create", "nodes", "allow"],
  [node, "patch", "nodes/status - a", "allow"],
  [node, "patch", "nodes/status - b", "deny"],
  [node, "update", "nodes - b", "deny"],
  [node, "delete", "nodes - b", "deny"],
  [node, "update", "leases.coordination.k8s.io kube-node-lease a", "allow"],
  [node, "create", "leases.coordination.k8s.io kube-node-lease", "allow"],
  [node, "update", "leases.coordination.k8s.io kube-node-lease b", "deny"],
  [node, "update", "leases.coordination.k8s.io kube-system a", "deny"],
  [node, "create", "events x", "allow"],
  [node, "delete", "events x e", "deny"],
  [node, "list", "daemonsets.apps x", "deny"],
  [node, "create", "secrets x", "deny"],
  [impostor, "watch", "pods", "deny"],
  [node, "create", "certificatesigningrequests.certificates.k8s.io", "allow"],
  [node, "update", "certificatesigningrequests.certificates.k8s.io/approval - x", "deny"],
  [joining, "create", "certificatesigningrequests.certificates.k8s.io", "allow"],
  [joining, "get", "certificatesigningrequests.certificates.k8s.io - x", "allow"],
  [joining, "update", "certificatesigningrequests.certificates.k8s.io - x", "deny"],
  [joining, "delete", "certificatesigningrequests.certificates.k8s.io - x", "deny"],
  [joining, "get", "nodes - a", "allow"],
  [joining, "list", "nodes", "deny"],
  [joining, "create", "nodes", "deny"],
  [joining, "get", "secrets kube-system s", "deny"],
  [joining, "list", "pods x", "deny"],
  [joining, "get", "configmaps kube-system kubeadm-config", "deny"],
  [joining, "get", "configmaps kube-public cluster-info", "allow"],
  [nearly, "create", "certificatesigningrequests.certificates.k8s.io", "deny"],
  [stranger, "get", "configmaps kube-public cluster-info", "allow"],
  [stranger, "get", "configmaps kube-public other", "deny"],
  [stranger, "get", "configmaps default cluster-info", "deny"],
  [stranger, "list", "configmaps kube-public", "deny"],
  [stranger, "update", "configmaps kube-public cluster-info", "deny"],
  [controllers, "delete", "nodes - b", "allow"],
  [controllers, "create", "controllerrevisions.apps x", "allow"],
  [scheduler, "create", "pods/binding x p", "allow"],
  [scheduler, "watch", "nodes", "allow"],
  [scheduler, "get", "secrets x s", "deny"],
  [scheduler, "create", "pods x", "deny"],
  [scheduler, "update", "leases.coordination.k8s.io kube-system kube-scheduler", "allow"],
  [jane, "create", "selfsubjectaccessreviews.authorization.k8s.io", "allow"],
  [jane, "list", "pods x", "deny"],
  [stranger, "create", "selfsubjectaccessreviews.authorization.k8s.io", "deny"],
];

describe("resources", () => {
  it.each(rows)("$0.name may $1 $2: $3", (caller, verb, words, expected) => {
    const verdict = authorize(caller, { verb, path: "", resource: resource(words) });
    expect(verdict === "allow" ? "allow" : "deny").toBe(expected);
  });
});

describe("paths", () => {
  it.each([
    [jane, "get", "/api/v1", "allow"],
    [jane, "get", "/openapi/v3/apis/apps/v1", "allow"],
    [jane, "get", "/", "allow"],
    [jane, "other", "/api", "deny"],
    [jane, "get", "/metrics", "deny"],
    [jane, "get", "/apiary", "deny"],
    [admin, "get", "/metrics", "allow"],
    [stranger, "get", "/api", "deny"],
  ] as const)("$0.name may $1 $2: $3", (caller, verb, path, expected) => {
    expect(authorize(caller, { verb, path }) === "allow" ? "allow" : "deny").toBe(expected);
  });
});

describe("the words of a denial", () => {
  it.each([
    ["pods/log x p", 'User "jane" cannot get resource "pods/log" in API group "" in the namespace "x"'],
    ["nodes", 'User "jane" cannot get resource "nodes" in API group "" at the cluster scope'],
  ])("%s", (words, deny) => {
    expect(authorize(jane, { verb: "get", path: "", resource: resource(words) })).toEqual({ deny });
  });
});
