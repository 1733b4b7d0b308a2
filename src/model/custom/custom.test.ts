// Owns the tables of what structural schemas refuse, prune and fill in, and of what else is read from a definition.
import { describe, expect, it } from "vitest";
import { fillDefaults } from "./defaults.ts";
import { first, readPath } from "./json-path.ts";
import { pruneObject } from "./prune.ts";
import type { Schema } from "./schema.ts";
import { validateValue } from "./validate-value.ts";
import { compareVersions } from "./versions.ts";

const told = (schema: Schema, value: unknown): string[] =>
  validateValue(schema, value, "spec.x").map(({ field, message }) => `${field}: ${message}`);

describe("a value's faults", () => {
  it.each<[schema: Schema, value: unknown, faults: string[]]>([
    [{ type: "string" }, "a", []],
    [
      { type: "integer" },
      "a",
      ['spec.x: Invalid value: "string": spec.x in body must be of type integer: "string"'],
    ],
    [
      { type: "integer" },
      1.5,
      ['spec.x: Invalid value: "number": spec.x in body must be of type integer: "number"'],
    ],
    [{ type: "number" }, 1, []],
    [
      { type: "string" },
      null,
      ['spec.x: Invalid value: "null": spec.x in body must be of type string: "null"'],
    ],
    [{ type: "string", nullable: true }, null, []],
    [{ "x-kubernetes-int-or-string": true }, "50%", []],
    [
      { "x-kubernetes-int-or-string": true },
      true,
      ['spec.x: Invalid value: "boolean": spec.x in body must be of type integer,string: "boolean"'],
    ],
    [
      { type: "integer", minimum: 2, exclusiveMinimum: true },
      2,
      ["spec.x: Invalid value: 2: spec.x in body should be greater than 2"],
    ],
    [
      { type: "integer", maximum: 2 },
      3,
      ["spec.x: Invalid value: 3: spec.x in body should be less than or equal to 2"],
    ],
    [{ type: "number", multipleOf: 0.1 }, 0.3, []],
    [
      { type: "integer", multipleOf: 2 },
      3,
      ["spec.x: Invalid value: 3: spec.x in body should be a multiple of 2"],
    ],
    [{ type: "string", maxLength: 1 }, "ab", ["spec.x: Too long: may not be more than 1 bytes"]],
    [{ type: "string", maxLength: 1 }, "😀", []],
    [
      { type: "string", pattern: "^a+$" },
      "b",
      ["spec.x: Invalid value: \"b\": spec.x in body should match '^a+$'"],
    ],
    [{ type: "string", pattern: "(?i)^[[:alpha:]]+$" }, "Ab", []],
    [
      { type: "string", enum: ["a", "b"] },
      "c",
      ['spec.x: Unsupported value: "c": supported values: "a", "b"'],
    ],
    [
      { type: "string", format: "date-time" },
      "soon",
      ['spec.x: Invalid value: "soon": spec.x in body must be of type date-time: "soon"'],
    ],
    [{ type: "string", format: "unheard-of" }, "soon", []],
    [{ type: "object", required: ["a"] }, {}, ["spec.x.a: Required value"]],
    [
      { type: "object", additionalProperties: { type: "integer" } },
      { a: "b" },
      ['spec.x.a: Invalid value: "string": spec.x.a in body must be of type integer: "string"'],
    ],
    [
      { type: "array", items: { type: "string" }, maxItems: 1 },
      ["a", "b"],
      ["spec.x: Too many: 2: must have at most 1 items"],
    ],
    [
      { type: "array", items: { type: "string" }, "x-kubernetes-list-type": "set" },
      ["a", "a"],
      ['spec.x[1]: Duplicate value: "a"'],
    ],
    [
      {
        type: "array",
        items: { type: "object" },
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["n"],
      },
      [{ n: 1 }, { n: 2 }, { n: 1, m: 1 }],
      ['spec.x[2]: Duplicate value: {"n":1}'],
    ],
    [
      { type: "object", oneOf: [{ required: ["a"] }, { required: ["b"] }] },
      { a: 1, b: 2 },
      [
        '<nil>: Invalid value: "": "spec.x" must validate one and only one schema (oneOf). Found 2 valid alternatives',
      ],
    ],
    [
      { type: "object", not: { required: ["a"] } },
      { a: 1 },
      ['<nil>: Invalid value: "": "spec.x" must not validate the schema (not)'],
    ],
  ])("%j of %j", (schema, value, faults) => {
    expect(told(schema, value)).toEqual(faults);
  });
});

const spec = (schema: Schema): Schema => ({ type: "object", properties: { spec: schema } });

describe("pruning", () => {
  const anything: Schema = { type: "object", "x-kubernetes-preserve-unknown-fields": true };
  it.each<[schema: Schema, value: unknown, left: unknown, unknown: string[]]>([
    [{ type: "object", properties: { a: { type: "string" } } }, { a: "1", b: 2 }, { a: "1" }, ["spec.b"]],
    [anything, { a: { b: [null] } }, { a: { b: [null] } }, []],
    [
      { ...anything, properties: { a: { type: "object" } } },
      { a: { c: 1 }, b: { c: 1 } },
      { a: {}, b: { c: 1 } },
      ["spec.a.c"],
    ],
    [
      { type: "array", items: { type: "object", properties: { a: { type: "string" } } } },
      [{ b: 1 }],
      [{}],
      ["spec[0].b"],
    ],
    [{ type: "object", additionalProperties: { type: "object" } }, { a: { b: 1 } }, { a: {} }, ["spec.a.b"]],
    [{ type: "object", properties: { a: { type: "string" } } }, { a: null }, {}, []],
    [{ type: "object", properties: { a: { type: "string", nullable: true } } }, { a: null }, { a: null }, []],
    [
      { type: "object", "x-kubernetes-embedded-resource": true },
      { apiVersion: "v1", kind: "A", metadata: { name: "n", oddity: 1 }, b: 1 },
      { apiVersion: "v1", kind: "A", metadata: { name: "n" } },
      ["spec.metadata.oddity", "spec.b"],
    ],
  ])("%j of %j", (schema, value, left, unknown) => {
    const pruned = pruneObject(spec(schema), { spec: value });
    expect(pruned.value).toEqual({ spec: left });
    expect(pruned.unknown).toEqual(unknown);
  });
});

describe("defaults", () => {
  const inner: Schema = { type: "object", default: {}, properties: { a: { type: "integer", default: 1 } } };
  it.each<[schema: Schema, value: unknown, filled: unknown]>([
    [spec(inner), {}, { spec: { a: 1 } }],
    [spec(inner), { spec: null }, { spec: { a: 1 } }],
    [spec(inner), { spec: { a: 2 } }, { spec: { a: 2 } }],
    [spec({ type: "array", items: inner }), { spec: [{}, null] }, { spec: [{ a: 1 }, { a: 1 }] }],
    [spec({ type: "object", additionalProperties: inner }), { spec: { k: {} } }, { spec: { k: { a: 1 } } }],
  ])("%j of %j", (schema, value, filled) => {
    fillDefaults(schema, value);
    expect(value).toEqual(filled);
  });
});

describe("paths", () => {
  const object = {
    spec: {
      list: [
        { type: "A", is: 1 },
        { type: "B", is: 2 },
      ],
      "a.b": 3,
    },
  };
  it.each<[path: string, found: unknown]>([
    [".spec.list[1].is", 2],
    [".spec.list[-1].is", 2],
    ['.spec.list[?(@.type=="B")].is', 2],
    [".spec.list[*].is", 1],
    [".spec['a.b']", 3],
    [String.raw`.spec.a\.b`, 3],
    ["{.spec.list[0].type}", "A"],
    [".spec.none", undefined],
  ])("%s", (path, found) => {
    expect(first(readPath(path) ?? [], object)).toEqual(found);
  });
  it.each(["spec", ".spec[", ".a..b", ".a[?(@.b>1)]"])("%s is none", (path) => {
    expect(readPath(path)).toBeUndefined();
  });
});

it("prefers stable versions, then newer ones", () => {
  const versions = ["v1alpha1", "foo", "v2beta1", "v1", "v10", "v1beta2", "v2"];
  expect(versions.sort(compareVersions)).toEqual([
    "v10",
    "v2",
    "v1",
    "v2beta1",
    "v1beta2",
    "v1alpha1",
    "foo",
  ]);
});
