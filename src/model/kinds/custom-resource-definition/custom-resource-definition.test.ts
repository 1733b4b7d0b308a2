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
    "conversion by a webhook that is nowhere",
    ({ spec }) => (spec.conversion = { strategy: "Webhook" }),
    /^spec.conversion.webhook.clientConfig: Required value/,
  ],
  [
    "a selectable field that is none",
    ({ spec }) => spec.versions.forEach((one) => (one.selectableFields = [{ jsonPath: ".spec.none" }])),
    /selectableFields\[0\].jsonPath: Invalid value: ".spec.none": is an invalid path: does not refer/,
  ],
  [
    "a selectable field that has no short text",
    ({ spec }) =>
      spec.versions.forEach((one) => {
        one.schema = { openAPIV3Schema: { type: "object", properties: { spec: { type: "object" } } } };
        one.selectableFields = [{ jsonPath: ".spec" }];
      }),
    /must point to a field of type string, boolean or integer/,
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
  [
    { type: "object", "x-kubernetes-validations": [{ rule: "self.a > 1" }] },
    'x-kubernetes-validations[0].rule: Invalid value: "self.a > 1": compilation failed: ERROR: <input>:1:6: No such key: a\n | self.a > 1\n | .....^',
  ],
  [
    { type: "object", "x-kubernetes-validations": [{ rule: " " }] },
    "x-kubernetes-validations[0].rule: Required value: rule is not specified",
  ],
  [
    { type: "object", "x-kubernetes-validations": [{ rule: "true\n&& true" }] },
    "x-kubernetes-validations[0].message: Required value: message must be specified if rule contains line breaks",
  ],
  [
    { type: "object", "x-kubernetes-validations": [{ rule: "true", reason: "Bad" }] },
    'x-kubernetes-validations[0].reason: Unsupported value: "Bad"',
  ],
  [
    { type: "object", "x-kubernetes-validations": [{ rule: "true", fieldPath: ".none" }] },
    'x-kubernetes-validations[0].fieldPath: Invalid value: ".none": fieldPath must be a valid path',
  ],
  [
    { type: "object", "x-kubernetes-validations": [{ rule: "true", messageExpression: "1" }] },
    'x-kubernetes-validations[0].messageExpression: Invalid value: "1": messageExpression must evaluate to a string',
  ],
  [
    { type: "object", "x-kubernetes-validations": [{ rule: "true", optionalOldSelf: true }] },
    "x-kubernetes-validations[0].optionalOldSelf: Invalid value: true: may not be set if oldSelf is not used in rule",
  ],
  [
    {
      type: "object",
      properties: {
        a: {
          type: "array",
          items: { type: "string", "x-kubernetes-validations": [{ rule: "self == oldSelf" }] },
        },
      },
    },
    'properties[a].items.x-kubernetes-validations[0].rule: Invalid value: "self == oldSelf": oldSelf cannot be used on the uncorrelatable portion of the schema within spec.versions[0].schema.openAPIV3Schema.properties[a].items',
  ],
  [
    { type: "object", anyOf: [{ "x-kubernetes-validations": [{ rule: "true" }] }] },
    "anyOf[0].x-kubernetes-validations: Forbidden: must be empty to be structural",
  ],
  [
    { type: "object", properties: { a: { type: "array", items: { type: 7 } } } },
    "properties[a].items.type: Invalid value",
  ],
])("refuses the schema %j", (openAPIV3Schema, fault) => {
  const faults = faultsOf(({ spec }) => spec.versions.forEach((one) => (one.schema = { openAPIV3Schema })));
  expect(faults.join("\n")).toContain(`spec.versions[0].schema.openAPIV3Schema.${fault}`);
});

it("leaves a schema alone that stands as it stood, and looks at one that was changed", () => {
  const withPattern = (pattern: string): Draft<CustomResourceDefinition> => {
    const draft = definition();
    draft.spec.versions[0] = {
      name: "v1",
      served: true,
      storage: true,
      schema: { openAPIV3Schema: { type: "object", properties: { a: { type: "string", pattern } } } },
    };
    customResourceDefinition.applyDefaults(draft);
    return draft;
  };
  // It was stored when such a pattern was read.
  const { apiVersion, kind, spec } = withPattern("(?=a)");
  const stored: CustomResourceDefinition = {
    apiVersion,
    kind,
    spec,
    metadata: {
      name: "tabs.example.com",
      uid: "u",
      resourceVersion: "1",
      creationTimestamp: "2026-01-01T00:00:00Z",
    },
  };
  expect(customResourceDefinition.validate(withPattern("(?=a)"), stored)).toEqual([]);
  expect(customResourceDefinition.validate(withPattern("(?=b)"), stored)).toHaveLength(1);
});
