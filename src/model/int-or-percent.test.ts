// Owns the proof that shares of a whole round up (D.13).
import { expect, test } from "vitest";
import { percentOf, resolveIntOrPercent } from "./int-or-percent.ts";

test.each([
  [3, 10, 3],
  [0, 10, 0],
  ["30%", 10, 3],
  ["1%", 10, 1],
  ["25%", 3, 1],
  ["100%", 7, 7],
  ["0%", 7, 0],
  ["abc", 7, 0],
  [undefined, 7, 0],
])("D.13: %s of %d is %d", (value, total, expected) => {
  expect(resolveIntOrPercent(value, total)).toBe(expected);
});

test("only digits and a percent sign make a percentage", () => {
  expect(["5%", "5", "-5%", "5.5%", 5].map(percentOf)).toEqual([
    5,
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});
