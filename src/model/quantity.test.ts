// Owns the proof that quantities are exact and print canonically.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  addQuantities,
  canonicalQuantity,
  compareQuantities,
  formatQuantity,
  millisOf,
  parseQuantity,
  quantityOf,
  subtractQuantities,
  unitsOf,
} from "./quantity.ts";

describe("canonical text", () => {
  test.each<[string | number, string]>([
    ["0", "0"],
    ["0Mi", "0"],
    ["-0", "0"],
    ["100m", "100m"],
    ["0.1", "100m"],
    [0.5, "500m"],
    ["1000m", "1"],
    ["1500m", "1500m"],
    ["1000", "1k"],
    ["1001", "1001"],
    [2000000, "2M"],
    ["1024Mi", "1Gi"],
    ["1.5Gi", "1536Mi"],
    ["1023", "1023"],
    ["0.5Ki", "512"],
    ["1536Ki", "1536Ki"],
    ["1000Mi", "1000Mi"],
    ["1e3", "1e3"],
    ["1E3", "1e3"],
    ["12e-1", "1200e-3"],
    ["5E", "5E"],
    [".5", "500m"],
    ["1.", "1"],
    ["+1", "1"],
    ["-1500m", "-1500m"],
    ["0.1n", "1n"],
    ["9999999999999999999999", "9223372036854775807"],
    ["1e999", "9223372036854775807"],
    ["1e-999", "1e-9"],
  ])("%j is %s", (text, expected) => {
    expect(canonicalQuantity(text)).toEqual({ is: "ok", text: expected });
  });

  test.each([
    ["", "quantities must match"],
    ["lots", "quantities must match"],
    [".", "quantities must match"],
    ["1.2.3", "quantities must match"],
    ["1 Gi", "quantities must match"],
    ["1Q", "quantities must match"],
    ["9".repeat(1_000_000), "quantities must match"],
    ["1mm", "unable to parse quantity's suffix"],
    ["1KI", "quantities must match"],
    ["1K", "unable to parse quantity's suffix"],
  ])("%j is refused", (text, message) => {
    const parsed = parseQuantity(text);
    expect(parsed.is === "bad" ? parsed.message : "ok").toContain(message);
  });
});

describe("algebra", () => {
  const anyQuantity = fc
    .tuple(
      fc.integer({ min: 0, max: 1_000_000 }),
      fc.constantFrom("n", "u", "m", "", "k", "M", "Ki", "Mi", "Gi", "e3", "e-2"),
    )
    .map(([number, suffix]) => `${number}${suffix}`);

  test("canonical text is canonical, and names the same amount unless binary rounds up", () => {
    fc.assert(
      fc.property(anyQuantity, (text) => {
        const once = formatQuantity(quantityOf(text));
        expect(formatQuantity(quantityOf(once))).toBe(once);
        expect(compareQuantities(once, text)).toBe(0);
      }),
    );
  });

  test("what is added can be taken away again", () => {
    fc.assert(
      fc.property(anyQuantity, anyQuantity, (left, right) => {
        const sum = addQuantities(quantityOf(left), quantityOf(right));
        expect(subtractQuantities(sum, quantityOf(right)).nanos).toBe(quantityOf(left).nanos);
      }),
    );
  });

  test("0.1 and 0.2 make 0.3", () => {
    expect(formatQuantity(addQuantities(quantityOf("0.1"), quantityOf("0.2")))).toBe("300m");
  });

  test("a sum keeps the left's format unless the left is nothing", () => {
    expect(formatQuantity(addQuantities(quantityOf("0"), quantityOf("2Gi")))).toBe("2Gi");
    expect(formatQuantity(addQuantities(quantityOf("1Gi"), quantityOf("1024k")))).toBe("1049576Ki");
  });
});

test("counts round up", () => {
  expect(unitsOf("1500m")).toBe(2);
  expect(unitsOf("1Gi")).toBe(1_073_741_824);
  expect(unitsOf("-1500m")).toBe(-1);
  expect(millisOf("0.0001")).toBe(1);
  expect(millisOf("2")).toBe(2000);
});

test("a bad quantity in a valid object is a bug", () => {
  expect(() => quantityOf("lots")).toThrow("cannot read quantity lots");
});
