// Owns the proof that a bounded map forgets what was used least lately.
import { expect, it } from "vitest";
import { Recent } from "./recent.ts";

it("forgets what was used least lately, one for each that is too many", () => {
  const recent = new Recent<number>();
  for (let count = 0; count < 4096; count++) recent.set(`key-${count}`, count);
  // Used again, these two are among the youngest; the third is gone before it would be forgotten.
  recent.set("key-0", -1);
  expect(recent.get("key-1")).toBe(1);
  recent.delete("key-2");
  for (let count = 4096; count < 8000; count++) recent.set(`key-${count}`, count);
  const kept = ["key-0", "key-1", "key-2", "key-3", "key-3905", "key-3906", "key-7999"];
  expect(kept.map((key) => recent.get(key))).toEqual([-1, 1, undefined, undefined, undefined, 3906, 7999]);
});
