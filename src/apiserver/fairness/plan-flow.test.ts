// Owns the table of who has which priority.
import { expect, it } from "vitest";
import { flowOf } from "./plan-flow.ts";

const lease = { group: "coordination.k8s.io", resource: "leases" };
const authenticated = "system:authenticated";

it.each([
  {
    who: "kubernetes-admin",
    groups: ["system:masters", authenticated],
    resource: undefined,
    level: "exempt",
  },
  {
    who: "system:node:a",
    groups: ["system:nodes", authenticated],
    resource: { ...lease, namespace: "kube-node-lease" },
    level: "node-high",
  },
  {
    who: "system:node:a",
    groups: ["system:nodes", authenticated],
    resource: { group: "", resource: "nodes" },
    level: "node-high",
  },
  {
    who: "system:node:a",
    groups: ["system:nodes", authenticated],
    resource: { group: "", resource: "events", namespace: "default" },
    level: "system",
  },
  {
    who: "system:kube-scheduler",
    groups: [authenticated],
    resource: { ...lease, namespace: "kube-system" },
    level: "leader-election",
  },
  {
    who: "system:kube-scheduler",
    groups: [authenticated],
    resource: { group: "", resource: "pods" },
    level: "workload-high",
  },
  {
    who: "system:serviceaccount:kube-system:proxy",
    groups: ["system:serviceaccounts", "system:serviceaccounts:kube-system", authenticated],
    resource: { group: "", resource: "nodes" },
    level: "workload-high",
  },
  {
    who: "system:serviceaccount:default:agent",
    groups: ["system:serviceaccounts", "system:serviceaccounts:default", authenticated],
    resource: { ...lease, namespace: "kube-system" },
    level: "workload-low",
  },
  {
    who: "jane",
    groups: [authenticated],
    resource: { group: "", resource: "pods" },
    level: "global-default",
  },
  { who: "system:anonymous", groups: ["system:unauthenticated"], resource: undefined, level: "catch-all" },
])("$who asking for $resource.resource is of level $level", ({ who, groups, resource, level }) => {
  expect(flowOf({ name: who, groups }, resource === undefined ? {} : { resource })).toEqual({
    level,
    name: who,
  });
});
