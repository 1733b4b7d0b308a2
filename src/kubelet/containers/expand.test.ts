// Owns tests of the expansion of `$(NAME)`.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { expand } from "./expand.ts";

describe("expand", () => {
  it.each([
    ["plain", "plain"],
    ["$(A)", "one"],
    ["x$(A)y$(B)z", "xoneytwoz"],
    ["$(MISSING)", "$(MISSING)"],
    ["$$(A)", "$(A)"],
    ["$$$(A)", "$one"],
    ["$(A", "$(A"],
    ["cost: 5$", "cost: 5$"],
    ["$A $(A)", "$A one"],
    ["$()", "$()"],
    ["$(LOOP)", "$(LOOP)!"],
  ])("%s becomes %s", (text, expected) => {
    const values: Record<string, string> = { A: "one", B: "two", LOOP: "$(LOOP)!" };
    expect(expand(text, (name) => values[name])).toBe(expected);
  });

  it("changes nothing where there is no dollar, and undoes the doubling of dollars", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const doubled = text.replaceAll("$", "$$$$");
        expect(expand(doubled, () => "never")).toBe(text);
      }),
    );
  });
});
