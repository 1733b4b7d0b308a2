// Owns the proof that the ring gives every change after a revision, or says that it cannot (V.2).
import fc from "fast-check";
import { expect, it } from "vitest";
import { ChangeRing } from "./change-ring.ts";
import { ObjectChange } from "./emission.ts";

it("gives all that came after any revision from its floor on", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 8 }),
      fc.array(fc.integer({ min: 0, max: 2 }), { maxLength: 40 }),
      (sizeMax, steps) => {
        const ring = new ChangeRing(sizeMax, 10);
        const all: number[] = [];
        let revision = 11;
        for (const step of steps) {
          // Changes of one commit share a revision.
          revision += step;
          all.push(revision);
          ring.push(new ObjectChange("k", revision, undefined, undefined));
        }
        expect(all.length <= sizeMax ? ring.floor : ring.floor >= 10).toBe(all.length <= sizeMax ? 10 : true);
        for (let from = ring.floor; from <= revision; from += 1)
          expect(ring.after(from).map((change) => change.revision)).toEqual(all.filter((one) => one > from));
      },
    ),
  );
});

it("keeps no more than it may", () => {
  const ring = new ChangeRing(3, 0);
  for (let revision = 1; revision <= 10; revision += 1)
    ring.push(new ObjectChange("k", revision, undefined, undefined));
  expect(ring.floor).toBe(7);
  expect(ring.after(7)).toHaveLength(3);
});
