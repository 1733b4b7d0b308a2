// Owns the proof that fields given twice are found with their paths, and none where there are none.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { duplicateFields, isTooDeep } from "./duplicate-fields.ts";
import { readYaml } from "./yaml-body.ts";

describe("duplicateFields", () => {
  it.each([
    ["{}", []],
    ["3", []],
    ['"a"', []],
    ['{"a":1,"b":2}', []],
    ['{"a":1,"a":2}', ["a"]],
    ['{"a":1,"a":2,"a":3}', ["a"]],
    ['{"a":{"b":1},"c":{"b":1}}', []],
    ['{"spec":{"containers":[{"name":"x"},{"name":"y", "name" : "z"}]}}', ["spec.containers[1].name"]],
    ['{"a":[[{"b":1,"b":2}],{"b":1}]}', ["a[0][0].b"]],
    ['{"a":"\\"b\\":1","b":"{\\"a\\":1,\\"a\\":2}"}', []],
    ['{"a\\"b":1,"a\\u0022b":2}', ['a"b']],
    ['{"a\\\\":1,"b":"\\\\","b":2}', ["b"]],
    ['{"a":"a","b":["b","b"]}', []],
    ['{"__proto__":1,"__proto__":2,"constructor":3}', ["__proto__"]],
  ])("%s: %j", (text, expected) => {
    expect(duplicateFields(text)).toEqual(expected);
  });

  it("finds none in what JSON.stringify writes, however it is spaced", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.integer({ min: 0, max: 3 }), (value, indent) => {
        expect(duplicateFields(JSON.stringify(value, null, indent))).toEqual([]);
      }),
    );
  });

  it("finds the one that was planted at any depth", () => {
    const key = fc.string({ minLength: 1 });
    fc.assert(
      fc.property(
        fc.array(fc.oneof(key, fc.nat(3)), { maxLength: 5 }),
        key,
        fc.jsonValue(),
        (steps, name, value) => {
          let text = `{${JSON.stringify(name)}:1,${JSON.stringify(name)}:${JSON.stringify(value)}}`;
          let path = "";
          for (const step of [...steps].reverse())
            text =
              typeof step === "number"
                ? `[${`${JSON.stringify(value)},`.repeat(step)}${text}]`
                : `{${JSON.stringify(step)}:${text}}`;
          for (const step of steps)
            path += typeof step === "number" ? `[${step}]` : path === "" ? step : `.${step}`;
          expect(duplicateFields(text)).toEqual([path === "" ? name : `${path}.${name}`]);
        },
      ),
    );
  });
});

describe("isTooDeep", () => {
  it.each([
    ["[".repeat(1000) + "]".repeat(1000), false],
    ["[".repeat(1001) + "]".repeat(1001), true],
    [`${'{"a":'.repeat(1001)}1${"}".repeat(1001)}`, true],
    [JSON.stringify(Array.from({ length: 5000 }, () => [{}])), false],
    [JSON.stringify("[".repeat(5000)), false],
  ])("%.20s…: %s", (text, expected) => {
    expect(isTooDeep(text)).toBe(expected);
  });
});

describe("readYaml", () => {
  it.each([
    ["mode: 0755", { mode: 493 }],
    ["when: 2026-01-01", { when: "2026-01-01" }],
    ["on: yes", { true: true }],
    ["y: n", { true: false }],
    ["x: &a {k: 1}\nz: {<<: *a, l: 2}", { x: { k: 1 }, z: { k: 1, l: 2 } }],
    ["", undefined],
  ])("%s", (text, value) => {
    expect(readYaml(text)).toMatchObject(value === undefined ? { is: "read" } : { is: "read", value });
  });

  it.each([
    ["a: 1\n---\nb: 2", "several documents"],
    ["a: [1", "line 1"],
    [`a: ${"[".repeat(201)}${"]".repeat(201)}`, "max depth"],
    [`a: ${"[".repeat(100_000)}${"]".repeat(100_000)}`, "max depth"],
    ["- ".repeat(100_000), "max depth"],
    ["? ".repeat(100_000), "max depth"],
    [Array.from({ length: 1000 }, (_, depth) => `${" ".repeat(depth)}a:\n`).join(""), "max depth"],
  ])("refuses %.40s", (text, words) => {
    const read = readYaml(text);
    expect(read.is === "unreadable" && read.because).toContain(words);
  });

  it("tells what stands twice", () => {
    const read = readYaml("spec:\n  list:\n    - {a: 1}\n    - a: 1\n      a: 2\n  list: []\n");
    expect(read.is === "read" && read.duplicates).toEqual(["spec.list[1].a", "spec.list"]);
  });
});
