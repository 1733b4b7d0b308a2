// Owns the proof that a disk that takes only part of a log line leaves no torn and no doubled line behind.
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { LogPump } from "../../../src/runtime/process/log-pump.ts";
import type { Files } from "../../../src/world/files.ts";
import { silentLog } from "../../../src/world/log.ts";
import { realClock } from "../../../src/world/real-clock.ts";
import { realFiles } from "../../../src/world/real-files.ts";
import { realProcesses } from "../../../src/world/real-processes.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "everynode-torn-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Takes so many bytes of what is appended to the log, then refuses as a full disk does. */
function scarce(log: string, room: { left: number }): Files {
  return {
    ...realFiles,
    append: async (path, content) => {
      const bytes = Buffer.from(content);
      if (path !== log || bytes.length <= room.left) return realFiles.append(path, bytes);
      await realFiles.append(path, bytes.subarray(0, room.left));
      room.left = 0;
      throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
    },
  };
}

test.each([0, 10, 60, 100, 140])("with room for %i bytes of the log", async (left) => {
  const log = join(folder, "0.log");
  const room = { left };
  const world = { files: scarce(log, room), processes: realProcesses, clock: realClock, log: silentLog };
  const pump = new LogPump({ ...world, tools: { truncate: "/usr/bin/truncate" } }, folder, log);
  await pump.open();
  const lines = Array.from({ length: 6 }, (_, at) => `line ${at}`);
  await writeFile(join(folder, "stdout"), `${lines.join("\n")}\n`);
  await pump.drain();
  room.left = Infinity;
  await pump.drain();
  const found = (await readFile(log, "utf8")).split("\n").slice(0, -1);
  expect(found.map((line) => line.replace(/^\S+ stdout F /, ""))).toEqual(lines);
  await pump.close();
});
