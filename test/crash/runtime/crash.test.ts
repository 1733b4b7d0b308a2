// Owns the proof of BEHAVIOUR V.3 for the runtime: killed at any moment, it finds each container once, and nothing else runs.
import { type ChildProcess, spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createProcessRuntime } from "../../../src/runtime/process/process-runtime.ts";
import { markFolder } from "../../../src/runtime/process/reap.ts";
import type { ContainerStatus, Runtime } from "../../../src/runtime/runtime.ts";
import { silentLog } from "../../../src/world/log.ts";
import { realRandom } from "../../../src/world/random.ts";
import { realClock } from "../../../src/world/real-clock.ts";
import { realFiles } from "../../../src/world/real-files.ts";
import { realProcesses } from "../../../src/world/real-processes.ts";

const rounds = 10;

let folder: string;
let victim: ChildProcess | undefined;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "everynode-crash-"));
  await mkdir(join(folder, "ledger"));
});
afterEach(async () => {
  victim?.kill("SIGKILL");
  const runtime = await open();
  for (const { id } of await runtime.listPodSandboxes()) await runtime.removePodSandbox(id);
  await runtime.close();
  await rm(folder, { recursive: true, force: true });
});

const open = (): Promise<Runtime> =>
  createProcessRuntime({
    folder: join(folder, "runtime"),
    files: realFiles,
    processes: realProcesses,
    clock: realClock,
    log: silentLog,
    random: realRandom,
  });

/** Lets a victim work for a while, kills it, and gives what it had been promised. */
async function kill(after: number, mode: string): Promise<string[]> {
  const program = fileURLToPath(new URL("victim.fixture.ts", import.meta.url));
  const words = ["--import", "tsx", program, join(folder, "runtime"), join(folder, "ledger"), mode];
  const child = spawn(process.execPath, words, { stdio: ["ignore", "pipe", "pipe"] });
  victim = child;
  let said = "";
  let complaint = "";
  child.stdout.on("data", (part) => (said += String(part)));
  child.stderr.on("data", (part) => (complaint += String(part)));
  const ended = new Promise((resolve) => child.once("close", resolve));
  await vi.waitFor(() => expect(said, complaint).toContain("ready\n"), { interval: 1 });
  await new Promise((resolve) => setTimeout(resolve, after));
  child.kill("SIGKILL");
  await ended;
  expect(complaint).toBe("");
  return said.split("\n").slice(1, -1);
}

async function checkOne(found: ContainerStatus): Promise<void> {
  const uid = found.logPath.split("/").at(-3) ?? "";
  const ledger = ((await readFile(join(folder, "ledger", uid), "utf8").catch(() => "")) ?? "").split("\n");
  const starts = ledger.filter((line) => line === "start").length;
  expect(starts, `starts of ${found.id}`).toBeLessThanOrEqual(1);
  if (found.state === "created") expect(starts).toBe(0);
  if (found.state !== "exited") return;
  // Only a start that was never acknowledged may have been cut short.
  expect([Number(found.name), 137, 128]).toContain(found.exitCode);
  if (ledger.includes("end")) {
    expect(found.exitCode).toBe(Number(found.name));
    expect(await readFile(found.logPath, "utf8")).toMatch(/^\S+ stdout F end\n$/);
  }
}

test.each(["isolated", "hostPid"])(
  "killed at any moment, containers %s",
  async (mode) => {
    const promised = new Map<string, string>();
    for (let round = 0; round < rounds; round++) {
      for (const line of await kill(randomInt(0, 250), mode)) {
        const [what = "", id = ""] = line.split(" ");
        promised.set(id, what);
      }
      const runtime = await open();
      const containers = await runtime.listContainers();
      const ids = containers.map(({ id }) => id);
      expect(new Set(ids).size).toBe(ids.length);
      for (const [id, what] of promised) {
        if (what === "removed") expect(ids).not.toContain(id);
        if (what === "started" || what === "created") expect(ids, `promised as ${what}`).toContain(id);
        if (what === "started")
          expect(containers.find((found) => found.id === id)?.state).not.toBe("created");
      }
      for (const found of containers) await checkOne(found);
      const running = new Set(containers.filter(({ state }) => state === "running").map(({ id }) => id));
      const marked = await realProcesses.marked(markFolder);
      const alive = new Set(
        marked.filter(({ value }) => value.startsWith(folder)).map(({ value }) => value.split("/").at(-1)),
      );
      for (const id of alive) expect([...running], "a process nobody knows of").toContain(id);
      await runtime.close();
    }
    // The rounds are for nothing unless containers were started in some of them, however slow the machine.
    expect([...promised.values()].filter((what) => what === "started").length).toBeGreaterThan(2);
  },
  280_000,
);
