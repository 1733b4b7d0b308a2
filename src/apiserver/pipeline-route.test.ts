// Owns the table of which resource a path names, and which verb a method is on it.
import { expect, it } from "vitest";
import { kinds } from "../model/kinds/kinds.ts";
import { createRouter, verbOf } from "./pipeline-route.ts";

const route = createRouter(kinds);

it.each([
  ["/api/v1/pods", "pods in - named - part -"],
  ["/api/v1/namespaces/x/pods", "pods in x named - part -"],
  ["/api/v1/namespaces/x/pods/", "pods in x named - part -"],
  ["/api/v1/namespaces/x/pods/a", "pods in x named a part -"],
  ["/api/v1/namespaces/x/pods/a/status", "pods in x named a part status"],
  ["/api/v1/namespaces/x/bindings", "pods in x named - part binding"],
  ["/api/v1/namespaces", "namespaces in - named - part -"],
  ["/api/v1/namespaces/x", "namespaces in - named x part -"],
  ["/api/v1/namespaces/x/status", "namespaces in - named x part status"],
  ["/api/v1/namespaces/x/finalize", "namespaces in - named x part finalize"],
  ["/api/v1/nodes/n1/status", "nodes in - named n1 part status"],
  ["/apis/apps/v1/namespaces/x/daemonsets/a", "daemonsets in x named a part -"],
  ["/apis/apps/v1/daemonsets", "daemonsets in - named - part -"],
  ["/api/v1/namespaces/x/pods/a%2Eb", "pods in x named a.b part -"],
  ["/apis/apps/v1/pods", "none"],
  ["/api/v1/namespaces/x/nodes", "none"],
  ["/api/v1/pods/a", "none"],
  ["/api/v1/namespaces/x/pods/a/b/c", "none"],
  ["/api/v1/namespaces/x/pods/a%2Fb", "none"],
  ["/api/v1/namespaces//pods", "none"],
  ["/api/v1/namespaces/x/pods/%zz", "none"],
  ["/api/v1", "none"],
  ["/apis/apps/v1", "none"],
  ["/metrics", "none"],
  ["/", "none"],
])("%s", (path, found) => {
  const target = route(path);
  const shown =
    target === "none"
      ? target
      : `${target.kind.resource} in ${target.namespace ?? "-"} named ${target.name ?? "-"} part ${target.subresource ?? "-"}`;
  expect(shown).toBe(found);
});

it.each([
  ["GET", "/api/v1/pods", false, "list"],
  ["GET", "/api/v1/pods", true, "watch"],
  ["GET", "/api/v1/nodes/a", false, "get"],
  ["GET", "/api/v1/nodes/a", true, "watch"],
  ["GET", "/api/v1/nodes/a/status", true, "get"],
  ["POST", "/api/v1/nodes", false, "create"],
  ["POST", "/api/v1/namespaces/x/bindings", false, "create"],
  ["PUT", "/api/v1/nodes/a", false, "update"],
  ["PUT", "/api/v1/nodes", false, "none"],
  ["PATCH", "/api/v1/nodes/a", false, "patch"],
  ["PATCH", "/api/v1/nodes", false, "none"],
  ["DELETE", "/api/v1/nodes/a", false, "delete"],
  ["DELETE", "/api/v1/nodes", false, "deletecollection"],
] as const)("%s %s watch=%s: %s", (method, path, isWatch, verb) => {
  const target = route(path);
  expect(target === "none" ? "no target" : verbOf(method, target, isWatch)).toBe(verb);
});
