// Owns the proof that a line of keys does what a plain list does.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Line } from "./line.ts";

const key = fc.constantFrom("a", "b", "c", "d", "e", "f");
const step = fc.oneof(
  fc.record({ do: fc.constant("add" as const), key }),
  fc.record({ do: fc.constant("delete" as const), key }),
  fc.record({ do: fc.constant("take" as const) }),
);

describe("Line", () => {
  it("gives keys back in the order they came, each once", () => {
    const line = new Line();
    for (const one of ["b", "a", "b", "c"]) line.add(one);
    expect([line.take(), line.take(), line.take(), line.take()]).toEqual(["b", "a", "c", undefined]);
  });

  it("takes up those who come after it was empty, and those who come again at the end", () => {
    const line = new Line();
    expect(line.take()).toBeUndefined();
    line.add("a");
    line.add("b");
    expect(line.take()).toBe("a");
    line.add("a");
    line.delete("b");
    expect([line.has("a"), line.has("b"), line.size]).toEqual([true, false, 1]);
    expect([line.take(), line.take()]).toEqual(["a", undefined]);
  });

  it("does what a plain list does, whatever is asked of it", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const line = new Line();
        let list: string[] = [];
        for (const one of steps) {
          if (one.do === "take") expect(line.take()).toBe(list.shift());
          else if (one.do === "delete") {
            line.delete(one.key);
            list = list.filter((other) => other !== one.key);
          } else {
            line.add(one.key);
            if (!list.includes(one.key)) list.push(one.key);
          }
          expect(line.size).toBe(list.length);
        }
      }),
    );
  });
});
