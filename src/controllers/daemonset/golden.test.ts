// Owns the playing of the golden scripts in test/golden/scripts: a readable plan for each number of BEHAVIOUR D.
import { readFileSync, readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { playScript } from "../../../test/golden/script.ts";

const folder = new URL("../../../test/golden/scripts/", import.meta.url);

describe.each(readdirSync(folder).filter((name) => name.endsWith(".golden")))("%s", (name) => {
  const steps = playScript(readFileSync(new URL(name, folder), "utf8"));

  test("plans something", () => expect(steps.length).toBeGreaterThan(0));

  test.each(steps.map((step) => [step.line, step] as const))("the plan of line %i", (_line, step) => {
    expect(step.planned.toSorted()).toEqual(step.expected.toSorted());
  });
});
