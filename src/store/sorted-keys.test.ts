// Owns the proof that keys stay in the order of their bytes through any additions and removals.
import fc from "fast-check";
import { expect, it } from "vitest";
import { compareKeys } from "./key-order.ts";
import { SortedKeys } from "./sorted-keys.ts";

const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));
const key = fc.string({ unit: "binary", minLength: 1, maxLength: 4 });

it("compares as UTF-8 bytes do", () => {
  fc.assert(
    fc.property(key, key, (a, b) => {
      expect(Math.sign(compareKeys(a, b))).toBe(byBytes(a, b));
    }),
    { numRuns: 2000 },
  );
});

const names = {
  plain: (at: number): string => `/k/${(at * 7919) % 3001}`,
  // Some sort otherwise by their bytes than by their units.
  far: (at: number): string => `/k/${["\u{1f600}", "\uffee", "z"][at % 3] ?? ""}${(at * 7919) % 3001}`,
};

it.each([
  { unsortedMax: 5, name: names.plain },
  { unsortedMax: 300, name: names.plain },
  { unsortedMax: 4096, name: names.plain },
  { unsortedMax: 300, name: names.far },
])(
  "holds the same keys as a set, sorted, from any key on: $unsortedMax unsorted",
  ({ unsortedMax, name }) => {
    const number = fc.integer({ min: 0, max: 3000 });
    const bulk = fc.record({ adding: fc.boolean(), first: number, count: number, from: fc.option(number) });
    fc.assert(
      fc.property(fc.array(bulk, { maxLength: 8 }), number, (bulks, last) => {
        const keys = new SortedKeys(unsortedMax);
        const expected = new Set<string>();
        const check = (from: number): void =>
          expect([...keys.from(name(from))]).toEqual(
            [...expected].filter((one) => byBytes(one, name(from)) >= 0).toSorted(byBytes),
          );
        for (const { adding, first, count, from } of bulks) {
          for (let at = first; at < first + count; at++) {
            if (adding === expected.has(name(at))) continue;
            if (adding) keys.add(name(at));
            else keys.remove(name(at));
            if (adding) expected.add(name(at));
            else expected.delete(name(at));
          }
          if (from !== null) check(from);
        }
        check(last);
      }),
      { numRuns: 25 },
    );
  },
);
