// Owns the proof that what is written in YAML is read as it was.
import fc from "fast-check";
import { expect, it } from "vitest";
import { readYaml, writeYaml } from "./yaml-body.ts";

const odd = fc.constantFrom(
  "yes",
  "n",
  "0755",
  "1_000",
  "1:30",
  "~",
  "2026-01-01",
  "",
  "- a",
  "a: b\n",
  ".",
  "<<",
  "=",
);

it("is read as it was written, by readers of version 1.1 as we are", () => {
  const text = fc.oneof(odd, fc.string({ unit: "grapheme" }));
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      text,
      fc.boolean(),
      fc.integer(),
      fc.constant(null),
      tie("list"),
      tie("map"),
    ),
    list: fc.array(tie("value"), { maxLength: 3 }),
    map: fc.dictionary(
      text.filter((key) => key !== "__proto__" && key !== "<<"),
      tie("value"),
      { maxKeys: 3 },
    ),
  }));
  fc.assert(
    fc.property(value, (written) => {
      const read = readYaml(writeYaml(written));
      expect(read).toMatchObject({ is: "read", duplicates: [] });
      expect(read.is === "read" && read.value).toEqual(JSON.parse(JSON.stringify(written)));
    }),
  );
});

it("is sorted by name, as upstream writes it", () => {
  expect(writeYaml({ b: [{ d: 1, c: "yes" }], a: "0755" })).toBe('a: "0755"\nb:\n- c: "yes"\n  d: 1\n');
});
