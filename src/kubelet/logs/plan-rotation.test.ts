// Owns the proof of what a rotation does with which files.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { planRotation } from "./plan-rotation.ts";

const at = (day: number) => `0.log.202601${String(day).padStart(2, "0")}-000000`;
const stamp = "20260131-000000";
const rotate = { do: "rotate", to: `0.log.${stamp}` };
const plan = (names: string[], size = 11, sizeMax = 10, filesMax = 4) =>
  planRotation({ base: "0.log", size, names, stamp }, { sizeMax, filesMax });

describe("a log's rotation", () => {
  const rows: readonly (readonly [string, ReturnType<typeof plan>, readonly unknown[]])[] = [
    ["not before it is longer than allowed", plan([at(1)], 10), []],
    ["never where there is no limit", plan([at(1)], 1e9, -1), []],
    ["the first time", plan([]), [rotate]],
    ["the one rotated last is compressed only now", plan([at(1)]), [{ do: "compress", name: at(1) }, rotate]],
    [
      "the oldest goes where there are too many",
      plan([`${at(1)}.gz`, `${at(2)}.gz`, at(3)]),
      [{ do: "remove", name: `${at(1)}.gz` }, { do: "compress", name: at(3) }, rotate],
    ],
    [
      "of two files one stays beside the new one: the log just rotated",
      plan([at(1)], 11, 10, 2),
      [{ do: "remove", name: at(1) }, rotate],
    ],
    [
      "what a death left half done goes first",
      plan([at(1), `${at(1)}.gz`, `${at(2)}.gz.tmp`]),
      [{ do: "remove", name: at(1) }, { do: "remove", name: `${at(2)}.gz.tmp` }, rotate],
    ],
  ];
  it.each(rows)("%s", (_what, planned, expected) => {
    expect(planned).toEqual(expected);
  });

  it("never leaves more files than allowed, and the newest of them uncompressed", () => {
    const days = fc.uniqueArray(fc.integer({ min: 1, max: 30 }), { maxLength: 12 });
    fc.assert(
      fc.property(days, fc.integer({ min: 2, max: 8 }), fc.array(fc.boolean()), (days, filesMax, zipped) => {
        const names = days
          .sort((a, b) => a - b)
          .map((day, index) => (zipped[index] === true ? `${at(day)}.gz` : at(day)));
        const left = new Set(names);
        for (const action of planRotation(
          { base: "0.log", size: 11, names, stamp },
          { sizeMax: 10, filesMax },
        )) {
          if (action.do !== "rotate") left.delete(action.name);
          if (action.do === "compress") left.add(`${action.name}.gz`);
          if (action.do === "rotate") left.add(action.to);
        }
        expect(left.size + 1).toBeLessThanOrEqual(filesMax);
        expect([...left].filter((name) => !name.endsWith(".gz"))).toEqual([`0.log.${stamp}`]);
      }),
    );
  });
});
