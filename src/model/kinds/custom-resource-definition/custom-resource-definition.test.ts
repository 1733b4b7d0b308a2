// Owns the table of what a CustomResourceDefinition is refused for.
import { expect, it } from "vitest";
import type { CustomResourceDefinition, JSONSchemaProps } from "../../generated/types.ts";
import type { Draft } from "../../meta.ts";
import { customResourceDefinition } from "./custom-resource-definition.ts";

const definition = (): Draft<CustomResourceDefinition> => ({
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "tabs.example.com" },
  spec: {
    group: "example.com",
    scope: "Namespaced",
    names: { plural: "tabs", kind: "Tab" },
    versions: [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema: { type: "object" } } }],
  },
});

const faultsOf = (change: (draft: Draft<CustomResourceDefinition>) => void): string[] => {
  const draft = definition();
  change(draft);
  customResourceDefinition.applyDefaults(draft);
  return customResourceDefinition.validate(draft).map(({ field, message }) => `${field}: ${message}`);
};

it("accepts one that is well", () => {
  expect(faultsOf(() => undefined)).toEqual([]);
});

it.each<[what: string, change: (draft: Draft<CustomResourceDefinition>) => void, fault: RegExp]>([
  [
    "a name of its own",
    ({ metadata }) => (metadata.name = "x"),
    /^metadata.name: .* must be spec.names.plural/,
  ],
  ["a scope", ({ spec }) => (spec.scope = "Galaxy"), /^spec.scope: Unsupported value: "Galaxy"/],
  ["a group without a dot", ({ spec }) => (spec.group = "example"), /spec.group: .*at least one dot/],
  [
    "no storage version",
    ({ spec }) => spec.versions.forEach((one) => (one.storage = false)),
    /exactly one version/,
  ],
  [
    "conversion by webhook",
    ({ spec }) => (spec.conversion = { strategy: "Webhook" }),
    /^spec.conversion.strategy: Forbidden/,
  ],
  [
    "a group of Kubernetes",
    ({ spec }) => (spec.group = "apps.k8s.io"),
    /api-approved.kubernetes.io\]: Required/,
  ],
])("refuses %s", (_what, change, fault) => {
  expect(faultsOf(change).join("\n")).toMatch(fault);
});

it.each<[schema: JSONSchemaProps, fault: string]>([
  [{ type: "string" }, 'type: Invalid value: "string": must be object at the root'],
  [
    { type: "object", properties: { a: {} } },
    "properties[a].type: Required value: must not be empty for specified object fields",
  ],
  [
    { type: "object", properties: { a: { type: "array" } } },
    "properties[a].items: Required value: must be specified",
  ],
  [
    { type: "object", properties: { a: { $ref: "#/x", type: "object" } } },
    "properties[a].$ref: Forbidden: $ref is not supported",
  ],
  [
    { type: "object", anyOf: [{ type: "object" }] },
    "anyOf[0].type: Forbidden: must be empty to be structural",
  ],
  [
    { type: "object", properties: { a: { type: "string", pattern: "(" } } },
    "properties[a].pattern: Invalid value",
  ],
  [
    { type: "object", properties: { a: { type: "integer", default: "x" } } },
    'properties[a].default: Invalid value: "string"',
  ],
  [{ type: "object", "x-kubernetes-validations": [{ rule: "true" }] }, "x-kubernetes-validations: Forbidden"],
  [
    { type: "object", properties: { a: { type: "array", items: { type: 7 } } } },
    "properties[a].items.type: Invalid value",
  ],
])("refuses the schema %j", (openAPIV3Schema, fault) => {
  const faults = faultsOf(({ spec }) => spec.versions.forEach((one) => (one.schema = { openAPIV3Schema })));
  expect(faults.join("\n")).toContain(`spec.versions[0].schema.openAPIV3Schema.${fault}`);
});
