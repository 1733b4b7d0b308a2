// Owns the proof that values are checked against the generated schemas as upstream's decoder does (D.19, V.4).
import { describe, expect, test } from "vitest";
import { cloneJson, deepFreeze } from "../lib/json.ts";
import { checkSchema } from "./schema-check.ts";

const podWith = (container: Record<string, unknown>): unknown => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "a" },
  spec: { containers: [{ name: "c", ...container }] },
});

describe("D.19: unknown fields are named by their full path and pruned", () => {
  test.each([
    ["in a container", podWith({ foo: 1 }), ["spec.containers[0].foo"]],
    ["at the root", { kind: "Pod", speck: {} }, ["speck"]],
    ["of another case", podWith({ Image: "x" }), ["spec.containers[0].Image"]],
    ["none in free maps", { metadata: { labels: { anything: "goes" } } }, []],
    ["inherited names are unknown too", podWith({ constructor: 1 }), ["spec.containers[0].constructor"]],
  ])("%s", (_name, value, unknown) => {
    const found = checkSchema("Pod", value);
    expect(found.unknown).toEqual(unknown);
    expect(found.errors).toEqual([]);
    expect(checkSchema("Pod", found.pruned).unknown).toEqual([]);
  });
});

describe("wrong types", () => {
  test.each([
    [
      "text for a number",
      podWith({ ports: [{ containerPort: "80" }] }),
      "spec.containers[0].ports[0].containerPort",
      "json: cannot unmarshal string into Go struct field ContainerPort.spec.containers.ports.containerPort of type int32",
    ],
    [
      "number for text",
      podWith({ env: [{ name: "A", value: 1 }] }),
      "spec.containers[0].env[0].value",
      "json: cannot unmarshal number into Go struct field EnvVar.spec.containers.env.value of type string",
    ],
    [
      "object for a list",
      { spec: { containers: {} } },
      "spec.containers",
      "json: cannot unmarshal object into Go struct field PodSpec.spec.containers of type []v1.Container",
    ],
    [
      "number as a label",
      { metadata: { labels: { a: 1 } } },
      "metadata.labels[a]",
      "json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string",
    ],
    [
      "fraction for an integer",
      { spec: { terminationGracePeriodSeconds: 1.5 } },
      "spec.terminationGracePeriodSeconds",
      "json: cannot unmarshal number 1.5 into Go struct field PodSpec.spec.terminationGracePeriodSeconds of type int64",
    ],
    [
      "too large for 32 bits",
      { spec: { priority: 3_000_000_000 } },
      "spec.priority",
      "json: cannot unmarshal number 3000000000 into Go struct field PodSpec.spec.priority of type int32",
    ],
    ["a list for the object", [], "", "json: cannot unmarshal array into Go value of type v1.Pod"],
    [
      "no quantity",
      podWith({ resources: { limits: { cpu: "lots" } } }),
      "spec.containers[0].resources.limits[cpu]",
      "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
    ],
    [
      "no time",
      { status: { startTime: "now" } },
      "status.startTime",
      'parsing time "now" as "2006-01-02T15:04:05Z07:00": cannot parse "now" as "2006"',
    ],
  ])("%s", (_name, value, field, detail) => {
    const { errors } = checkSchema("Pod", value);
    expect(errors).toHaveLength(1);
    expect(errors[0]).toMatchObject({ field, reason: "FieldValueTypeInvalid" });
    expect(errors[0]?.message).toContain(`: ${detail}`);
  });

  test("every fault is found at once", () => {
    const { errors } = checkSchema("Pod", { metadata: { labels: { a: 1 } }, spec: { priority: "x" } });
    expect(errors.map((error) => error.field)).toEqual(["metadata.labels[a]", "spec.priority"]);
  });

  test("base64 is checked where data is", () => {
    expect(checkSchema("Secret", { data: { a: "aGk=", b: "h!" } }).errors[0]).toMatchObject({
      field: "data[b]",
      message: 'Invalid value: "h!": illegal base64 data at input byte 1',
    });
  });

  test("endless nesting is refused and not followed", () => {
    let deep: unknown = 1;
    for (let level = 0; level < 5000; level += 1) deep = [deep];
    expect(checkSchema("ControllerRevision", { data: deep }).errors[0]?.message).toContain(
      "exceeded max depth",
    );
  });
});

describe("the canonical copy", () => {
  test.each<[string, string, unknown, unknown]>([
    [
      "null is absent",
      "Pod",
      { metadata: { creationTimestamp: null, name: "a" } },
      { metadata: { name: "a" } },
    ],
    [
      "null in a map is the zero",
      "Pod",
      { metadata: { labels: { a: null } } },
      { metadata: { labels: { a: "" } } },
    ],
    [
      "null in a list is the zero",
      "Pod",
      { metadata: { finalizers: [null] } },
      { metadata: { finalizers: [""] } },
    ],
    [
      "quantities become text",
      "ResourceRequirements",
      { limits: { cpu: 0.1, memory: "1024Mi", pods: 5 } },
      { limits: { cpu: "100m", memory: "1Gi", pods: "5" } },
    ],
    [
      "times become UTC seconds",
      "ObjectMeta",
      { creationTimestamp: "2026-01-02T03:04:05.9+01:00" },
      { creationTimestamp: "2026-01-02T02:04:05Z" },
    ],
    [
      "micro times have six digits",
      "LeaseSpec",
      { renewTime: "2026-01-02T03:04:05.5Z" },
      { renewTime: "2026-01-02T03:04:05.500000Z" },
    ],
    ["line breaks leave base64", "Secret", { data: { a: "aG\nk=" } }, { data: { a: "aGk=" } }],
    [
      "free JSON keeps its nulls",
      "ControllerRevision",
      { data: { a: [null, 1] } },
      { data: { a: [null, 1] } },
    ],
    [
      "either kind of int-or-string",
      "RollingUpdateDaemonSet",
      { maxUnavailable: "10%", maxSurge: 0 },
      { maxUnavailable: "10%", maxSurge: 0 },
    ],
  ])("%s", (_name, schema, value, expected) => {
    const found = checkSchema(schema, value);
    expect(found).toEqual({ unknown: [], errors: [], pruned: expected });
  });

  test("shares nothing with the value given, frozen or not", () => {
    const value = Object.freeze({ data: Object.freeze({ a: Object.freeze([1]) }) });
    const { pruned } = checkSchema("ControllerRevision", value);
    const data = (pruned as typeof value).data;
    expect(data).toEqual(value.data);
    expect(data).not.toBe(value.data);
    expect(data.a).not.toBe(value.data.a);
  });

  test("a label named __proto__ is a label", () => {
    const value: unknown = JSON.parse('{"labels":{"__proto__":"x"}}');
    expect(JSON.stringify(checkSchema("ObjectMeta", value).pruned)).toBe('{"labels":{"__proto__":"x"}}');
  });

  test("paths start where the caller says", () => {
    expect(checkSchema("PodTemplateSpec", { foo: 1 }, "spec.template").unknown).toEqual([
      "spec.template.foo",
    ]);
  });

  describe("beside a known value", () => {
    const known = deepFreeze({
      metadata: { labels: { a: "b" } },
      spec: { containers: [{ name: "x", image: "y" }], nodeName: "n" },
      status: { conditions: [{ type: "Ready", status: "True" }] },
    });

    test("shares what is as it was, and copies the rest", () => {
      const copy = cloneJson(known);
      const value = { ...copy, status: { ...copy.status, phase: "Running" } };
      const { pruned, unknown, errors } = checkSchema("Pod", value, "", known);
      expect({ pruned, unknown, errors }).toEqual({ pruned: value, unknown: [], errors: [] });
      const shared = pruned as typeof known;
      expect(shared.spec).toBe(known.spec);
      expect(shared.metadata).toBe(known.metadata);
      expect(shared.status).not.toBe(value.status);
      expect(shared.status.conditions).toBe(known.status.conditions);
    });

    test("finds in what changed all that it finds without one", () => {
      const faulty: unknown[] = [
        { ...known, spec: { ...known.spec, nodeName: 3, foo: 1 } },
        { ...known, status: { conditions: [known.status.conditions[0], { type: 1, bar: null }] } },
        { ...known, spec: null, metadata: { labels: { a: 1 } } },
        { ...known, spec: [known.spec], extra: known.spec },
      ];
      for (const value of faulty)
        expect(checkSchema("Pod", value, "", known)).toEqual(checkSchema("Pod", value));
    });
  });
});
