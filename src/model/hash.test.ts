// Owns the proof that derived names are stable and spread.
import { expect, test } from "vitest";
import { fnv1a, hashOf, nameSuffix, safeEncode } from "./hash.ts";

// Vectors of the FNV reference implementation.
test.each([
  ["", 0x811c9dc5],
  ["a", 0xe40c292c],
  ["foobar", 0xbf9cf968],
])("FNV-1a of %j", (text, expected) => {
  expect(fnv1a(text)).toBe(expected);
});

test("digits encode as upstream's SafeEncodeString does", () => {
  expect(safeEncode("0123456789")).toBe("456789bcdf");
});

test("a hash does not depend on the order of keys, and does on values", () => {
  expect(hashOf({ a: 1, b: [2] })).toBe(hashOf({ b: [2], a: 1 }));
  expect(hashOf({ a: 1 })).not.toBe(hashOf({ a: 2 }));
  expect(hashOf({ a: 1 })).toMatch(/^[bcdfghjklmnpqrstvwxz2456789]{1,10}$/);
});

test("suffixes have five safe characters, keep parts apart, and hardly ever meet", () => {
  expect(nameSuffix("a", "bc")).not.toBe(nameSuffix("ab", "c"));
  const seen = new Set<string>();
  for (let node = 0; node < 1000; node += 1) seen.add(nameSuffix("default/rng", `node-${node}`));
  expect([...seen].every((suffix) => /^[bcdfghjklmnpqrstvwxz2456789]{5}$/.test(suffix))).toBe(true);
  // 27^5 suffixes: among 1,000 draws about 0.03 pairs are expected to meet.
  expect(seen.size).toBeGreaterThan(996);
});
