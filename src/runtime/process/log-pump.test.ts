// Owns the proof that a file caught in the middle of a write is not taken for one that was written anew.
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { seconds } from "../../lib/units.ts";
import type { FileFacts } from "../../world/files.ts";
import { silentLog } from "../../world/log.ts";
import { realFiles } from "../../world/real-files.ts";
import { realProcesses } from "../../world/real-processes.ts";
import { settle, VirtualClock } from "../../world/virtual-clock.ts";
import { LogPump } from "./log-pump.ts";

let folder: string;
let raw: string;
let clock: VirtualClock;
/** What is told of the raw output in place of the truth. */
let told: ((facts: FileFacts) => FileFacts) | undefined;
let pump: LogPump;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "everynode-pump-"));
  raw = join(folder, "stdout");
  clock = new VirtualClock();
  told = undefined;
  const files: typeof realFiles = {
    ...realFiles,
    facts: async (path) => {
      const facts = await realFiles.facts(path);
      return path === raw && facts !== undefined && told !== undefined ? told(facts) : facts;
    },
  };
  const world = { files, processes: realProcesses, clock, log: silentLog, tools: {} };
  pump = new LogPump(world, folder, join(folder, "0.log"));
  await pump.open();
});
afterEach(async () => {
  await pump.close();
  rmSync(folder, { recursive: true });
});

const lines = (): string[] =>
  readFileSync(join(folder, "0.log"), "utf8")
    .split("\n")
    .slice(0, -1)
    .map((line) => line.split(" ").slice(3).join(" "));

async function look(): Promise<void> {
  pump.dirty();
  await clock.advanceAsync(0);
  await pump.reopen();
}

it("waits for the size where only the time has changed yet", async () => {
  writeFileSync(raw, "one\n");
  await look();
  expect(lines()).toEqual(["one"]);
  told = (facts) => ({ ...facts, modified: facts.modified + 1 });
  await look();
  told = undefined;
  appendFileSync(raw, "two\n");
  await clock.advanceAsync(seconds(1));
  await look();
  expect(lines()).toEqual(["one", "two"]);
});

it("begins anew where the file stays as long and the time stays another", async () => {
  writeFileSync(raw, "same\n");
  await look();
  told = (facts) => ({ ...facts, modified: facts.modified + 1 });
  await look();
  await clock.advanceAsync(seconds(1));
  await settle();
  await look();
  expect(lines()).toEqual(["same", "same"]);
});
