// Owns the table of what a change means to a selection, and its law.
import fc from "fast-check";
import { expect, it } from "vitest";
import { stepSelection } from "./step-selection.ts";

it.each([
  { was: false, is: false, seen: "nothing" },
  { was: false, is: true, seen: "ADDED" },
  { was: true, is: true, seen: "MODIFIED" },
  { was: true, is: false, seen: "DELETED" },
] as const)("$was to $is: $seen", ({ was, is, seen }) => {
  expect(stepSelection(was, is)).toBe(seen);
});

it("a watcher that does as it is told holds what is selected (V.2)", () => {
  fc.assert(
    fc.property(fc.array(fc.boolean()), (states) => {
      let was = false;
      let held = false;
      for (const is of states) {
        const seen = stepSelection(was, is);
        // An event must fit what the watcher holds: nothing is added twice or deleted unseen.
        if (seen === "ADDED") expect(held).toBe(false);
        if (seen === "MODIFIED" || seen === "DELETED") expect(held).toBe(true);
        if (seen !== "nothing") held = seen !== "DELETED";
        expect(held).toBe(is);
        was = is;
      }
    }),
  );
});
