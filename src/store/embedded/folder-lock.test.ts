// Owns the proof of who may claim a folder: only one, and never kept out by a process that is gone.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { claimFolder } from "./folder-lock.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "everynode-lock-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** What a claim of this very process looks like. */
function ownClaim(): { pid: number; started: number; boot: string } {
  const claim = claimFolder(folder);
  const own: unknown = JSON.parse(readFileSync(join(folder, "lock.1"), "utf8"));
  if (claim.is === "held") claim.release();
  return own as ReturnType<typeof ownClaim>; // just written by the code under test
}

it("holds until it is released", () => {
  const first = claimFolder(folder);
  expect(claimFolder(folder)).toMatchObject({ is: "taken", by: { pid: process.pid } });
  if (first.is === "held") first.release();
  expect(claimFolder(folder).is).toBe("held");
  expect(readdirSync(folder)).toEqual(["lock.2"]);
});

it.each([
  { name: "the same process", change: {}, is: "taken" },
  { name: "a later process with the pid of a dead one", change: { started: 1 }, is: "held" },
  { name: "a process from before the machine was booted", change: { boot: "earlier" }, is: "held" },
  // Above the highest pid there can be.
  { name: "a process that is gone", change: { pid: 2 ** 22 + 1 }, is: "held" },
])("is $is where the last holder is $name", ({ change, is }) => {
  const own = ownClaim();
  writeFileSync(join(folder, "lock.7"), JSON.stringify({ ...own, ...change }));
  expect(claimFolder(folder).is).toBe(is);
});

it.each(["", "{", "released", '{"pid":"1"}'])("is not kept out by a claim that reads %j", (text) => {
  writeFileSync(join(folder, "lock.3"), text);
  expect(claimFolder(folder).is).toBe("held");
  expect(readdirSync(folder)).toEqual(["lock.4"]);
});
