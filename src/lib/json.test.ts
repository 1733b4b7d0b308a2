// Owns the proof that JSON values compare, copy and print alike whatever their key order.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cloneJson, deepEqual, deepFreeze, reshaped, setKey, stableText } from "./json.ts";

describe("deepEqual", () => {
  test.each([
    ["same scalars", 1, 1, true],
    ["other scalars", 1, "1", false],
    ["undefined is absent", { a: 1, b: undefined }, { a: 1 }, true],
    ["absent is undefined", { a: 1 }, { a: 1, b: undefined }, true],
    ["null is not absent", { a: null }, {}, false],
    ["more keys on the right", { a: 1 }, { a: 1, b: 2 }, false],
    ["array is not object", [], {}, false],
    ["order of arrays counts", [1, 2], [2, 1], false],
    ["order of keys does not", { a: { x: 1, y: 2 } }, { a: { y: 2, x: 1 } }, true],
  ])("%s", (_name, left, right, expected) => {
    expect(deepEqual(left, right)).toBe(expected);
    expect(deepEqual(right, left)).toBe(expected);
  });

  test("a value equals its copy, and its stable text tells it from every other value", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (left, right) => {
        const plain: unknown = JSON.parse(JSON.stringify(left));
        const other: unknown = JSON.parse(JSON.stringify(right));
        expect(deepEqual(plain, cloneJson(plain))).toBe(true);
        expect(deepEqual(plain, other)).toBe(stableText(plain) === stableText(other));
      }),
    );
  });
});

test("freezing reaches the leaves, and a copy of a frozen value is free again", () => {
  const frozen = deepFreeze({ a: [{ b: 1 }] });
  expect(Object.isFrozen(frozen.a[0])).toBe(true);
  const copy = cloneJson(frozen);
  copy.a.push({ b: 2 });
  expect(copy.a).toHaveLength(2);
});

test("a key named __proto__ stays a key", () => {
  const target: Record<string, unknown> = {};
  setKey(target, "__proto__", { polluted: true });
  expect(JSON.stringify(target)).toBe('{"__proto__":{"polluted":true}}');
  expect((target as { polluted?: boolean }).polluted).toBeUndefined();
});

test("reshapes the topmost level alone: same keys in the same order, same parts, another object that may be written to", () => {
  const inner = Object.freeze({ a: 1 });
  const given = Object.freeze(
    JSON.parse('{"z":1,"__proto__":{"x":1},"inner":null}') as Record<string, unknown>,
  );
  const value = Object.freeze({ ...given, inner, nothing: undefined });
  const made: Record<string, unknown> = reshaped(value);
  expect(Object.entries(made)).toEqual(Object.entries(value));
  expect(made["inner"]).toBe(inner);
  expect(Object.getPrototypeOf(made)).toBe(Object.prototype);
  made["z"] = 2;
  expect(value).toMatchObject({ z: 1 });
});
