// Owns what every runtime must do, whatever stands behind it.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { RuntimeRefusal } from "../../../src/runtime/runtime.ts";
import {
  absent,
  containerConfig,
  exits,
  ignoresTerm,
  listen,
  logOf,
  obeysTerm,
  onBareProcesses,
  onProcesses,
  readyLine,
  type Recipe,
  runs,
  sandboxConfig,
  simulated,
  type Subject,
} from "./subject.ts";

describe.each([onProcesses, onBareProcesses, simulated])("$name runtime", (implementation) => {
  let subject: Subject;
  beforeEach(async () => {
    subject = await implementation.make();
  });
  afterEach(() => subject.dispose());

  const start = async (recipe: Recipe) => {
    const sandbox = await subject.runtime.runPodSandbox(sandboxConfig(subject));
    const id = await subject.runtime.createContainer(sandbox, containerConfig(recipe));
    await subject.runtime.startContainer(id);
    const { logPath } = await status(id);
    const speaks = implementation.real && recipe.command.join(" ").includes("echo ready");
    if (speaks)
      await vi.waitFor(async () => expect(await logOf(logPath)).toContain(readyLine), { interval: 5 });
    return { sandbox, id };
  };
  const status = async (id: string) => {
    const found = await subject.runtime.containerStatus(id);
    if (found === "absent") throw new Error("absent");
    return found;
  };
  const ended = (id: string) =>
    vi.waitFor(
      async () => {
        const found = await status(id);
        expect(found.state).toBe("exited");
        return found;
      },
      { interval: 5 },
    );

  test("is ready and has a name", async () => {
    expect(await subject.runtime.health()).toBe("ready");
    expect(await subject.runtime.version()).toMatchObject({ name: expect.any(String) });
  });

  test("a sandbox is made, listed, stopped, removed; the last two as often as one likes", async () => {
    const config = sandboxConfig(subject);
    const id = await subject.runtime.runPodSandbox(config);
    expect(await subject.runtime.listPodSandboxes()).toMatchObject([
      { id, pod: config.pod, state: "ready", labels: config.labels, annotations: config.annotations },
    ]);
    for (let time = 0; time < 2; time++) {
      await subject.runtime.stopPodSandbox(id);
      expect(await subject.runtime.listPodSandboxes()).toMatchObject([{ id, state: "not-ready" }]);
    }
    for (let time = 0; time < 2; time++) {
      await subject.runtime.removePodSandbox(id);
      expect(await subject.runtime.listPodSandboxes()).toEqual([]);
    }
  });

  test("a pod's attempt has one sandbox", async () => {
    const config = sandboxConfig(subject);
    await subject.runtime.runPodSandbox(config);
    await expect(subject.runtime.runPodSandbox(config)).rejects.toBeInstanceOf(RuntimeRefusal);
    await subject.runtime.runPodSandbox({ ...config, pod: { ...config.pod, attempt: 1 } });
    expect(await subject.runtime.listPodSandboxes()).toHaveLength(2);
  });

  test("a container is created, runs, is stopped and removed", async () => {
    const { runtime } = subject;
    const sandbox = await runtime.runPodSandbox(sandboxConfig(subject));
    const config = containerConfig(runs);
    const id = await runtime.createContainer(sandbox, config);
    const created = await status(id);
    expect(created).toMatchObject({
      id,
      sandboxId: sandbox,
      name: "main",
      attempt: 0,
      image: config.image,
      state: "created",
    });
    expect(created.annotations).toEqual(config.annotations);
    expect(created.startedAt).toBeUndefined();
    await runtime.startContainer(id);
    await runtime.startContainer(id);
    const running = await status(id);
    expect(running.state).toBe("running");
    expect(running.startedAt).toBeGreaterThanOrEqual(Math.floor(created.createdAt));
    await runtime.stopContainer(id, 30);
    const exited = await status(id);
    expect(exited.state).toBe("exited");
    expect([137, 143]).toContain(exited.exitCode);
    expect(exited.finishedAt).toBeGreaterThanOrEqual(exited.startedAt ?? Number.NaN);
    await runtime.stopContainer(id, 30);
    await expect(runtime.startContainer(id)).rejects.toBeInstanceOf(RuntimeRefusal);
    await runtime.removeContainer(id);
    await runtime.removeContainer(id);
    expect(await runtime.containerStatus(id)).toBe("absent");
    expect(await runtime.listContainers()).toEqual([]);
  });

  test.each([
    { code: 0, reason: "Completed" },
    { code: 3, reason: "Error" },
    { code: 126, reason: "Error" },
    { code: 127, reason: "Error" },
    { code: 255, reason: "Error" },
  ])("an exit code of its own: $code is $reason", async ({ code, reason }) => {
    const { id } = await start(exits(code));
    expect(await ended(id)).toMatchObject({ exitCode: code, reason });
  });

  test("TERM ends what obeys it within the grace period", async () => {
    const { id } = await start(obeysTerm);
    await subject.runtime.stopContainer(id, 20_000);
    expect(await status(id)).toMatchObject({ state: "exited", exitCode: 143 });
  });

  test("KILL ends what does not, after the grace period", async () => {
    const { id } = await start(ignoresTerm);
    const from = Date.now();
    await subject.runtime.stopContainer(id, 200);
    expect(Date.now() - from).toBeGreaterThanOrEqual(195);
    expect(await status(id)).toMatchObject({ state: "exited", exitCode: 137 });
  });

  test("no grace is KILL at once", async () => {
    const { id } = await start(ignoresTerm);
    await subject.runtime.stopContainer(id, 0);
    expect(await status(id)).toMatchObject({ state: "exited", exitCode: 137 });
  });

  test("a command that is not there refuses the start with its name", async () => {
    const sandbox = await subject.runtime.runPodSandbox(sandboxConfig(subject));
    const id = await subject.runtime.createContainer(sandbox, containerConfig(absent));
    const started = subject.runtime.startContainer(id);
    await expect(started).rejects.toMatchObject({
      reason: "RunContainerError",
      message: 'cannot start container main: exec: "no-such-command": executable file not found in $PATH',
    });
    expect(await status(id)).toMatchObject({ state: "exited", exitCode: 128, reason: "StartError" });
  });

  test("stopping a sandbox ends its containers, and no new one comes", async () => {
    const { sandbox, id } = await start(ignoresTerm);
    const waiting = await subject.runtime.createContainer(sandbox, containerConfig(runs, { name: "second" }));
    await subject.runtime.stopPodSandbox(sandbox);
    expect(await status(id)).toMatchObject({ state: "exited", exitCode: 137 });
    expect(await subject.processes()).toEqual([]);
    await expect(subject.runtime.startContainer(waiting)).rejects.toBeInstanceOf(RuntimeRefusal);
    await expect(
      subject.runtime.createContainer(sandbox, containerConfig(runs, { name: "third" })),
    ).rejects.toMatchObject({ reason: "CreateContainerError" });
    await subject.runtime.removePodSandbox(sandbox);
    expect(await subject.runtime.listContainers()).toEqual([]);
  });

  test("a name and attempt is there once in a sandbox", async () => {
    const { sandbox } = await start(runs);
    const again = subject.runtime.createContainer(sandbox, containerConfig(runs));
    await expect(again).rejects.toMatchObject({ reason: "CreateContainerError" });
    const next = containerConfig(runs, { attempt: 1, logPath: "main/1.log" });
    await subject.runtime.createContainer(sandbox, next);
    expect(
      (await subject.runtime.listContainers()).map(({ attempt }) => attempt).sort((a, b) => a - b),
    ).toEqual([0, 1]);
  });

  test("what is not there: stopping and removing do nothing, starting and creating are refused", async () => {
    await subject.runtime.stopContainer("absent", 10);
    await subject.runtime.removeContainer("absent");
    await subject.runtime.stopPodSandbox("absent");
    await subject.runtime.removePodSandbox("absent");
    expect(await subject.runtime.containerStatus("absent")).toBe("absent");
    expect((await subject.runtime.listUsage()).get("absent")).toBeUndefined();
    await expect(subject.runtime.startContainer("absent")).rejects.toBeInstanceOf(RuntimeRefusal);
    await expect(subject.runtime.execSync("absent", ["true"], 1000)).rejects.toBeInstanceOf(RuntimeRefusal);
    await expect(subject.runtime.createContainer("absent", containerConfig(runs))).rejects.toBeInstanceOf(
      RuntimeRefusal,
    );
  });

  test("exec answers with code and output, or with timeout", async () => {
    const { id } = await start(runs);
    expect(
      await subject.runtime.execSync(id, ["sh", "-c", "echo out; echo err >&2; exit 3"], 10_000),
    ).toEqual({
      exitCode: 3,
      stdout: "out\n",
      stderr: "err\n",
    });
    expect(await subject.runtime.execSync(id, ["sleep", "100"], 100)).toBe("timeout");
    await subject.runtime.stopContainer(id, 0);
    await expect(subject.runtime.execSync(id, ["true"], 1000)).rejects.toBeInstanceOf(RuntimeRefusal);
  });

  test("events tell of each step in order", async () => {
    const heard = listen(subject.runtime);
    const { sandbox, id } = await start(exits(0));
    await ended(id);
    await subject.runtime.removeContainer(id);
    await subject.runtime.removePodSandbox(sandbox);
    await vi.waitFor(() => expect(heard.events.length).toBeGreaterThanOrEqual(7));
    await heard.stop();
    expect(
      heard.events.map(({ is, containerId }) => (containerId === id ? `container ${is}` : `sandbox ${is}`)),
    ).toEqual([
      "sandbox created",
      "container created",
      "container started",
      "container stopped",
      "container deleted",
      "sandbox stopped",
      "sandbox deleted",
    ]);
    expect(new Set(heard.events.map(({ sandboxId }) => sandboxId))).toEqual(new Set([sandbox]));
  });

  test("usage of a running container", async () => {
    const { id } = await start(runs);
    expect((await subject.runtime.listUsage()).get(id)).toMatchObject({
      at: expect.any(Number),
      cpuNanos: expect.any(Number),
    });
    await subject.runtime.stopContainer(id, 0);
    expect((await subject.runtime.listUsage()).get(id)).toBeUndefined();
  });

  test("a pulled image is there", async () => {
    const reference = await subject.runtime.pullImage("example.org/agent:1");
    expect(reference).not.toBe("");
    expect(await subject.runtime.imageStatus("example.org/agent:1")).toMatchObject({
      tags: ["example.org/agent:1"],
    });
  });

  test("everything is found again after a restart, and goes on", async () => {
    const running = await start(obeysTerm);
    const exited = await start(exits(7));
    await ended(exited.id);
    const sandbox = await subject.runtime.runPodSandbox(sandboxConfig(subject));
    const created = await subject.runtime.createContainer(sandbox, containerConfig(obeysTerm));
    const before = {
      sandboxes: await subject.runtime.listPodSandboxes(),
      containers: [...(await subject.runtime.listContainers())].sort((a, b) => (a.id < b.id ? -1 : 1)),
    };
    await subject.restart();
    expect({
      sandboxes: [...(await subject.runtime.listPodSandboxes())].sort((a, b) => a.createdAt - b.createdAt),
      containers: [...(await subject.runtime.listContainers())].sort((a, b) => (a.id < b.id ? -1 : 1)),
    }).toEqual(before);
    const heard = listen(subject.runtime);
    await subject.runtime.startContainer(created);
    await subject.runtime.stopContainer(running.id, 20_000);
    expect(await status(running.id)).toMatchObject({ state: "exited", exitCode: 143 });
    expect(await status(created)).toMatchObject({ state: "running" });
    await heard.stop();
    expect(heard.events).toMatchObject([
      { is: "started", containerId: created },
      { is: "stopped", containerId: running.id },
    ]);
  });
});
