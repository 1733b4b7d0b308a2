// Owns the proof that what is known of many objects is bounded, and that what is asked about stays.
import { expect, it } from "vitest";
import { Lately } from "./lately.ts";

it("knows what it was told last, forgets what nobody asks about, and keeps what somebody does", () => {
  const lately = new Lately<object, number>();
  const keys = Array.from({ length: 30_000 }, () => ({}));
  const [asked, quiet] = [{}, {}];
  let forgotten = 0;
  lately.set(asked, -1);
  lately.set(quiet, -2);
  for (const [at, key] of keys.entries()) {
    lately.set(key, at);
    lately.set(key, at + 1);
    if (lately.get(key) !== at + 1 || lately.get(asked) !== -1) forgotten++;
  }
  expect(forgotten).toBe(0);
  expect(lately.get(quiet)).toBeUndefined();
  const known = keys.filter((key) => lately.get(key) !== undefined);
  expect(known.length).toBeGreaterThan(4000);
  expect(known.length).toBeLessThan(10_000);
});
