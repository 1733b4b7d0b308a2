// Owns the proof that no text, however deep, ends its reader (V.4).
import { expect, it } from "vitest";
import { readYaml } from "./yaml-text.ts";

it.each([
  ["lists in one line", `a: ${"[".repeat(100_000)}${"]".repeat(100_000)}`],
  ["lists of lists", "- ".repeat(100_000)],
  ["maps", Array.from({ length: 1000 }, (_, depth) => `${" ".repeat(depth)}a:\n`).join("")],
])("refuses %s without end", (_name, text) => {
  expect(readYaml(text)).toMatchObject({
    is: "bad",
    faults: [{ message: "it is nested too deep to be a manifest" }],
  });
});

it("reads what is as deep as manifests are", () => {
  const text = Array.from({ length: 40 }, (_, depth) => `${"  ".repeat(depth)}a:\n`).join("");
  expect(readYaml(text).is).toBe("read");
});
