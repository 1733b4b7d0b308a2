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

it("holds the same keys as a set, sorted, from any key on", () => {
  const number = fc.integer({ min: 0, max: 3000 });
  const bulk = fc.tuple(fc.boolean(), number, number);
  fc.assert(
    fc.property(fc.array(bulk, { maxLength: 8 }), number, (bulks, from) => {
      const name = (at: number): string => `/k/${(at * 7919) % 3001}`;
      const keys = new SortedKeys();
      const expected = new Set<string>();
      for (const [adding, first, count] of bulks)
        for (let at = first; at < first + count; at++) {
          if (adding === expected.has(name(at))) continue;
          if (adding) keys.add(name(at));
          else keys.remove(name(at));
          if (adding) expected.add(name(at));
          else expected.delete(name(at));
        }
      const start = `/k/${from}`;
      expect([...keys.from(start)]).toEqual(
        [...expected].filter((one) => one >= start).toSorted((a, b) => (a < b ? -1 : 1)),
      );
    }),
    { numRuns: 50 },
  );
});
