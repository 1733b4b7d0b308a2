// Owns the proof of which failures are taken for a full disk.
import { expect, it } from "vitest";
import { commitUnlessFull, freeSpace } from "./free-space.ts";

const failure = (code: unknown): Error => Object.assign(new Error("it failed"), { code });

it.each([
  { name: "nothing", thrown: [], free: 10_000, is: "committed" },
  { name: "no space", thrown: [failure(28)], free: 10_000, is: "full" },
  { name: "a quota", thrown: [failure(122)], free: 10_000, is: "full" },
  { name: "a write cut short", thrown: [failure(5)], free: 99, is: "full" },
  { name: "a write cut short on a disk freed since", thrown: [failure(5)], free: 10_000, is: "committed" },
  { name: "a write cut short, then no space", thrown: [failure(5), failure(28)], free: 10_000, is: "full" },
  { name: "a broken disk with room", thrown: [failure(5), failure(5)], free: 10_000, is: "threw" },
  { name: "a store that is damaged", thrown: [failure(-30_796)], free: 0, is: "threw" },
  { name: "an error without a code", thrown: [new Error("no space")], free: 0, is: "threw" },
  { name: "no error at all", thrown: ["no space"], free: 0, is: "threw" },
])("ends in $is after $name", async ({ thrown, free, is }) => {
  const left = [...thrown];
  const commit = async (): Promise<void> => {
    if (left.length > 0) throw left.shift();
  };
  const outcome = await commitUnlessFull({ commit, free: () => free, wanted: 100 }).catch(() => "threw");
  expect({ outcome, left }).toEqual({ outcome: is, left: [] });
});

it("asks the file system", () => {
  expect(freeSpace("/")).toBeGreaterThanOrEqual(0);
  expect(freeSpace("/proc")).toBe(0);
});
