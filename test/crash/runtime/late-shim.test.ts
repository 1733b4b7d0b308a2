// Owns the proof that a start begun by a dead runtime either is found or never happens, at its narrowest moments.
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { plainContainer, plainSandbox } from "../../../src/runtime/plain-configs.fixture.ts";
import { createProcessRuntime } from "../../../src/runtime/process/process-runtime.ts";
import { markFolder } from "../../../src/runtime/process/reap.ts";
import type { ContainerConfig, Runtime, SandboxConfig } from "../../../src/runtime/runtime.ts";
import { silentLog } from "../../../src/world/log.ts";
import type { Processes, SpawnRequest } from "../../../src/world/processes.ts";
import { realRandom } from "../../../src/world/random.ts";
import { realClock } from "../../../src/world/real-clock.ts";
import { realFiles } from "../../../src/world/real-files.ts";
import { realProcesses } from "../../../src/world/real-processes.ts";
import { ledgerCommand } from "./ledger.ts";

let folder: string;
let last: Runtime;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "everynode-late-"));
});
afterEach(async () => {
  for (const { id } of await last.listPodSandboxes()) await last.removePodSandbox(id);
  await last.close();
  await rm(folder, { recursive: true, force: true });
});

async function open(processes: Processes): Promise<Runtime> {
  last = await createProcessRuntime({
    folder: join(folder, "runtime"),
    files: realFiles,
    processes,
    clock: realClock,
    log: silentLog,
    random: realRandom,
  });
  return last;
}

const pod = (): SandboxConfig => ({ ...plainSandbox("u", join(folder, "logs")), hostNetwork: true });
const container = (): ContainerConfig => ({
  ...plainContainer,
  command: ledgerCommand(join(folder, "ledger"), 4, "0.1"),
});
const ledger = () => readFile(join(folder, "ledger"), "utf8").catch(() => "");
const alive = async () =>
  (await realProcesses.marked(markFolder)).filter(({ value }) => value.startsWith(folder));

/** A runtime that dies when it spawns; gives the container and what would have been spawned. */
async function diesSpawning(): Promise<{ id: string; request: SpawnRequest }> {
  let spawned: ((request: SpawnRequest) => void) | undefined;
  const reached = new Promise<SpawnRequest>((resolve) => (spawned = resolve));
  const dying = await open({
    ...realProcesses,
    spawn: (request) => {
      spawned?.(request);
      return new Promise(() => undefined);
    },
  });
  const id = await dying.createContainer(await dying.runPodSandbox(pod()), container());
  void dying.startContainer(id);
  return { id, request: await reached };
}

const ended = (runtime: Runtime, id: string) =>
  vi.waitFor(async () =>
    expect(await runtime.containerStatus(id)).toMatchObject({ state: "exited", exitCode: 4 }),
  );

test("a shim that begins only after the next runtime has looked does nothing, as often as that happens", async () => {
  const { id, request } = await diesSpawning();
  for (let time = 0; time < 2; time++) {
    const next = await open(realProcesses);
    expect(await next.containerStatus(id)).toMatchObject({ state: "created" });
    await (
      await realProcesses.spawn(request)
    ).ended;
    expect(await ledger()).toBe("");
    if (time === 0) await next.close();
  }
  await last.startContainer(id);
  await ended(last, id);
  expect(await ledger()).toBe("start\nend\n");
});

test("a shim that began before the next runtime looked is that container", async () => {
  const { id, request } = await diesSpawning();
  const { ended: shimEnded } = await realProcesses.spawn(request);
  await vi.waitFor(async () => expect(await ledger()).toMatch(/^start\n/), { interval: 1 });
  const next = await open(realProcesses);
  const found = await next.containerStatus(id);
  // On a busy machine it may have ended before anyone looked.
  expect(found).toMatchObject({ state: expect.stringMatching(/^(?:running|exited)$/) });
  if (found !== "absent" && found.state === "running") await next.startContainer(id);
  await ended(next, id);
  await shimEnded;
  expect(await ledger()).toBe("start\nend\n");
});

test("a shim of a container that is gone does nothing, and one that runs is ended", async () => {
  const { id, request } = await diesSpawning();
  const next = await open(realProcesses);
  await next.removeContainer(id);
  await expect(realProcesses.spawn(request)).rejects.toMatchObject({ code: "ENOENT" });
  expect(await ledger()).toBe("");
  const stray = await realProcesses.spawn({
    command: ["/bin/sleep", "1000"],
    env: { [markFolder]: `${folder}/runtime/containers/gone` },
  });
  await next.close();
  await open(realProcesses);
  await stray.ended;
  expect(await alive()).toEqual([]);
});
