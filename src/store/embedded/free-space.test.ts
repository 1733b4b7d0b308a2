// Owns the proof of which failures are taken for a full disk.
import { expect, it } from "vitest";
import { freeSpace, isForWantOfSpace } from "./free-space.ts";

const failure = (code: unknown): Error => Object.assign(new Error("it failed"), { code });

it.each([
  { name: "no space", thrown: failure(28), free: 10_000, is: true },
  { name: "a quota", thrown: failure(122), free: 10_000, is: true },
  { name: "a write cut short", thrown: failure(5), free: 99, is: true },
  { name: "a broken disk with room", thrown: failure(5), free: 10_000, is: false },
  { name: "a store that is damaged", thrown: failure(-30_796), free: 0, is: false },
  { name: "an error without a code", thrown: new Error("no space"), free: 0, is: false },
  { name: "no error at all", thrown: "no space", free: 0, is: false },
])("$name", ({ thrown, free, is }) => {
  expect(isForWantOfSpace(thrown, free, 100)).toBe(is);
});

it("asks the file system", () => {
  expect(freeSpace("/")).toBeGreaterThanOrEqual(0);
  expect(freeSpace("/proc")).toBe(0);
});
