// Owns the tests of statuses compared: what is told as nothing is not there.
import fc from "fast-check";
import { expect, test } from "vitest";
import { deepEqual } from "../../lib/json.ts";
import { tellTheSame } from "./same-status.ts";

/** What the comparison stands for: both without nothing, then equal. */
function withoutNothing(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNothing);
  if (typeof value !== "object" || value === null) return value ?? undefined;
  const kept = Object.entries(value).flatMap(([name, given]) => {
    const left = withoutNothing(given);
    const isNone = left === undefined || (name === "lastState" && deepEqual(left, {}));
    return isNone ? [] : [[name, left] as const];
  });
  return Object.fromEntries(kept);
}

test.each([
  ["a time that is null", { a: null, b: 1 }, { b: 1 }, true],
  ["a last state that is empty", { c: [{ lastState: {} }] }, { c: [{}] }, true],
  ["a last state that holds only nothing", { lastState: { running: null } }, {}, true],
  ["an empty state", { state: {} }, {}, false],
  ["a last state that says something", { lastState: { running: {} } }, {}, false],
  ["a list shorter than another", { c: [1] }, { c: [1, 2] }, false],
  ["a list and an object", { c: [] }, { c: {} }, false],
  ["nothing at all", undefined, { a: 1 }, false],
  ["a name of every object's", { a: 1 }, { toString: 1 }, false],
])("%s", (_what, left, right, expected) => {
  expect([tellTheSame(left, right), tellTheSame(right, left)]).toEqual([expected, expected]);
});

const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constantFrom(null, undefined, 0, 1, "", "a", true),
    fc.array(tie("value"), { maxLength: 2 }),
    fc.dictionary(fc.constantFrom("a", "b", "lastState", "state"), tie("value"), { maxKeys: 3 }),
  ),
}));

test("two values tell the same exactly where they are equal without what is nothing", () => {
  fc.assert(
    fc.property(value, value, (left, right) => {
      expect(tellTheSame(left, right)).toBe(deepEqual(withoutNothing(left), withoutNothing(right)));
    }),
    { numRuns: 3000 },
  );
});
