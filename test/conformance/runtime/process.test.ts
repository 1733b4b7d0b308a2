// Owns what is asked of the process runtime alone: real output, real starts, real deaths.
import { appendFile, chmod, mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { realProcesses } from "../../../src/world/real-processes.ts";
import { eachWith, ended, gone, logged, printed, says, shell, start, status, subject } from "./scene.ts";
import { containerConfig, listen, logOf, onBareProcesses, onProcesses, sandboxConfig } from "./subject.ts";

describe("logs", () => {
  eachWith(onProcesses);

  test("each line with its stream; a line without an end and a long one in parts", async () => {
    const long = "x".repeat(20_000);
    const { id } = await start(`echo one; echo two >&2; echo ${long}; printf three`);
    await ended(id);
    const lines = await logged(id);
    expect(lines.filter((line) => line.startsWith("stdout"))).toEqual([
      "stdout F one",
      `stdout P ${long.slice(0, 16_384)}`,
      `stdout F ${long.slice(16_384)}`,
      "stdout P three",
    ]);
    expect(lines.filter((line) => line.startsWith("stderr"))).toEqual(["stderr F two"]);
  });

  test("are written while the container runs", async () => {
    const { id } = await start("echo early; exec sleep 1000");
    await says(id, "stdout F early");
  });

  test("go on in a new file after a rotation, with no line lost or twice", async () => {
    const { id } = await start(
      "n=0; while [ $n -lt 400 ]; do echo line $n; n=$((n+1)); [ $((n%40)) = 0 ] && sleep 0.03; done; :",
    );
    const { logPath } = await status(id);
    await says(id, "stdout F line 39");
    await rename(logPath, `${logPath}.1`);
    await subject.runtime.reopenContainerLog(id);
    await ended(id);
    const lines = [...(await logOf(`${logPath}.1`)), ...(await logged(id))];
    expect(lines).toEqual(Array.from({ length: 400 }, (_, n) => `stdout F line ${n}`));
  });

  test("hold each line once when the runtime dies between a rotation and what it notes of it", async () => {
    const gate = join(subject.folder, "gate");
    const { id } = await start(
      `n=0; for part in 0 1 2 3 4; do
         while [ $n -lt $((part*40+40)) ]; do echo line $n; n=$((n+1)); done
         while [ $part != 4 ] && [ ! -e ${gate}-$part ]; do sleep 0.01; done
       done`,
    );
    const { logPath } = await status(id);
    const rotated = [1, 2].map((second) => `${logPath}.20260101-00000${second}`);
    for (const [time, path] of rotated.entries()) {
      await says(id, `stdout F line ${time * 80 + 39}`);
      // What it knew of the log before the rotation is what a later one finds.
      const noted = join(subject.folder, "runtime", "containers", id, "pumped.json");
      const before = await readFile(noted, "utf8").catch(() => undefined);
      await rename(logPath, path);
      await writeFile(`${gate}-${time * 2}`, "");
      await says(id, `stdout F line ${time * 80 + 79}`);
      await subject.runtime.close();
      if (before === undefined) await rm(noted, { force: true });
      else await writeFile(noted, before);
      await subject.restart();
      await writeFile(`${gate}-${time * 2 + 1}`, "");
    }
    await ended(id);
    const lines: string[] = [];
    for (const path of rotated) lines.push(...(await logOf(path)));
    expect([...lines, ...(await logged(id))]).toEqual(
      Array.from({ length: 200 }, (_, n) => `stdout F line ${n}`),
    );
  });

  test("hold each line once over restarts of the runtime, and raw output does not pile up", async () => {
    const count = 40_000;
    const filler = "y".repeat(100);
    const { id } = await start(
      `n=0; while [ $n -lt ${count} ]; do echo $n ${filler}; n=$((n+1)); [ $((n%500)) = 0 ] && sleep 0.02; done`,
    );
    const { logPath } = await status(id);
    for (let restart = 0; restart < 3; restart++) {
      const before = (await stat(logPath)).size;
      await vi.waitFor(async () => expect((await stat(logPath)).size).toBeGreaterThan(before), {
        interval: 2,
      });
      await subject.restart();
    }
    await ended(id);
    const lines = await logged(id);
    expect(lines.length).toBe(count);
    expect(lines.every((line, n) => line === `stdout F ${n} ${filler}`)).toBe(true);
    const raw = join(subject.folder, "runtime", "containers", id);
    expect((await readdir(raw)).filter((name) => name === "stdout" || name === "stderr")).toEqual([]);
  });

  test("a torn last line is written anew after a restart", async () => {
    const { id } = await start("echo one; echo two; exec sleep 1000");
    await says(id, "stdout F two");
    const { logPath } = await status(id);
    await subject.runtime.close();
    const text = await readFile(logPath, "utf8");
    await writeFile(logPath, text.slice(0, text.indexOf("stdout F two") + "stdout F t".length));
    await subject.restart();
    await vi.waitFor(async () => expect(await logged(id)).toEqual(["stdout F one", "stdout F two"]));
  });

  test("survive a script that opens its output anew", async () => {
    const { id } = await start("echo one; sleep 0.2; echo two >/dev/stdout; sleep 0.2; echo three");
    await ended(id);
    expect(await logged(id)).toEqual(["stdout F one", "stdout F two", "stdout F three"]);
  });
});

describe("start", () => {
  eachWith(onProcesses);

  test.each([
    {
      what: "a path that is not there",
      command: ["/no/such"],
      because: 'exec: "/no/such": stat /no/such: no such file or directory',
    },
    {
      what: "a file that is no program",
      command: ["/etc/passwd"],
      because: 'exec: "/etc/passwd": permission denied',
    },
    { what: "a folder", command: ["/etc"], because: 'exec: "/etc": permission denied' },
    {
      what: "a working folder that is not there",
      command: ["true"],
      workingDir: "/no/such",
      because: 'workingDir "/no/such" does not exist on this host; create it or mount a volume there',
    },
  ])("refuses $what", async ({ what: _what, command, because, ...changes }) => {
    const { id, refusal } = await start("", { command, ...changes });
    expect(refusal).toBe(`cannot start container main: ${because}`);
    expect(await status(id)).toMatchObject({
      state: "exited",
      exitCode: 128,
      reason: "StartError",
      message: refusal,
    });
    await subject.restart();
    expect(await status(id)).toMatchObject({ state: "exited", exitCode: 128, reason: "StartError" });
  });

  test("refuses a script whose interpreter is not there", async () => {
    const script = join(subject.folder, "script");
    await writeFile(script, "#!/no/such/interpreter\n");
    await chmod(script, 0o755);
    const { refusal } = await start("", { command: [script] });
    expect(refusal).toBe(
      `cannot start container main: exec: "${script}": exec format error, or its interpreter is missing`,
    );
  });

  test.each([
    {
      name: "no command",
      changes: { command: [], image: "nginx" },
      because:
        'image "nginx" cannot be unpacked by the process runtime and no command is given; name a command that exists on the host',
    },
  ])("creation refuses $name", async ({ changes, because }) => {
    const sandbox = await subject.runtime.runPodSandbox(sandboxConfig(subject));
    await expect(
      subject.runtime.createContainer(sandbox, containerConfig(shell(""), changes)),
    ).rejects.toMatchObject({
      reason: "CreateContainerError",
      message: `cannot create container main: ${because}`,
    });
  });

  test("refuses a host port that differs from the container's", async () => {
    const portMappings = [{ protocol: "TCP" as const, containerPort: 80, hostPort: 8080, hostIp: "" }];
    await expect(
      subject.runtime.runPodSandbox(sandboxConfig(subject, { portMappings })),
    ).rejects.toMatchObject({
      reason: "CreatePodSandboxError",
    });
  });

  test("gives the container's environment and nothing else, odd names too", async () => {
    const env = [
      { name: "PLAIN", value: 'it\'s "quoted" $HOME' },
      { name: "with.dot-and-dash", value: "kept\nwith a second line" },
      { name: "IFS", value: ":" },
      { name: "PWD", value: "/elsewhere" },
    ];
    const text = await printed("tr '\\0' '|' </proc/self/environ", { env, workingDir: "/tmp" });
    const found = text
      .split("|")
      .filter((entry) => entry !== "" && !entry.startsWith("EVERYNODE_CONTAINER_"));
    expect(
      found
        .map((entry) => entry.split("=")[0])
        .filter((name) => !["OLDPWD", "_", "SHLVL"].includes(name ?? "")),
    ).toEqual(expect.arrayContaining(["PATH", "HOSTNAME", "PLAIN", "with.dot-and-dash"]));
    expect(found).toContain('PLAIN=it\'s "quoted" $HOME');
    expect(text).toContain("with.dot-and-dash=kept\nwith a second line");
    expect(text).not.toContain("VITEST");
  });

  test("passes words on as they are, in the working folder", async () => {
    const { id } = await start("", {
      command: ["sh", "-c", 'pwd; for word; do echo "[$word]"; done', "sh"],
      args: ["a b", "", "'", "$PATH", "*", "--"],
      workingDir: "/tmp",
    });
    await ended(id);
    expect(await logged(id)).toEqual(
      ["/tmp", "[a b]", "[]", "[']", "[$PATH]", "[*]", "[--]"].map((word) => `stdout F ${word}`),
    );
  });

  test("leaves the container no file of ours open and default signals", async () => {
    const text = await printed("ls /proc/self/fd; grep -E 'SigIgn|SigBlk' /proc/self/status");
    expect(text.split("\n").filter((line) => /^\d$/.test(line))).toEqual(["0", "1", "2", "3"]);
    expect(text).toMatch(/SigBlk:\s0000000000000000/);
    expect(text).toMatch(/SigIgn:\s0000000000000000/);
  });
});

describe.each([onProcesses, onBareProcesses])("end, $name:", (implementation) => {
  eachWith(implementation);

  test("of the first process from outside is its exit code, told at once", async () => {
    const { id } = await start("exec sleep 1000");
    const heard = listen(subject.runtime);
    const { pid = 0 } = await status(id);
    await vi.waitFor(async () => expect(await realProcesses.commandLine(pid)).toEqual(["sleep", "1000"]));
    const from = Date.now();
    process.kill(pid, "SIGKILL");
    await vi.waitFor(() => expect(heard.events).toMatchObject([{ is: "stopped", containerId: id }]), {
      interval: 1,
    });
    // Whoever is not told finds out by looking, and looks every two seconds.
    expect(Date.now() - from).toBeLessThan(2000);
    await heard.stop();
    expect(await ended(id)).toMatchObject({ exitCode: 137, reason: "Error" });
  });

  test("takes all processes of the container along", async () => {
    const { id } = await start("sleep 1000 & setsid sleep 1001 & setsid -f sleep 1002; sleep 0.3; exit 5");
    expect(await ended(id)).toMatchObject({ exitCode: 5 });
    expect(await subject.processes()).toEqual([]);
  });

  test("of an adopted container is noticed and keeps its code", async () => {
    const { id } = await start("while [ ! -e stop ]; do sleep 0.01; done; exit 9", {
      workingDir: subject.folder,
    });
    await subject.restart();
    expect((await status(id)).state).toBe("running");
    const heard = listen(subject.runtime);
    await writeFile(join(subject.folder, "stop"), "");
    await vi.waitFor(() => expect(heard.events).toMatchObject([{ is: "stopped", containerId: id }]), {
      interval: 5,
    });
    await heard.stop();
    expect(await status(id)).toMatchObject({ state: "exited", exitCode: 9 });
  });

  test("while no runtime is there is found later, with its code and output", async () => {
    const { id } = await start("while [ ! -e stop ]; do sleep 0.01; done; echo last words; exit 9", {
      workingDir: subject.folder,
    });
    const { pid = 0 } = await status(id);
    await subject.runtime.close();
    await writeFile(join(subject.folder, "stop"), "");
    await gone(pid);
    await subject.restart();
    expect(await ended(id)).toMatchObject({ exitCode: 9, reason: "Error" });
    expect(await logged(id)).toEqual(["stdout F last words"]);
  });

  test.each(["alive", "away"])(
    "of the shim alone ends the container, with the runtime %s",
    async (runtime) => {
      const { id } = await start("sleep 1000 & wait");
      const pids = await subject.processes();
      const shim = Math.min(...pids);
      if (runtime === "away") await subject.runtime.close();
      process.kill(shim, "SIGKILL");
      if (runtime === "away") await subject.restart();
      expect(await ended(id)).toMatchObject({ exitCode: 137, reason: "Error" });
      expect(await subject.processes()).toEqual([]);
      await subject.restart();
      expect(await status(id)).toMatchObject({ state: "exited", exitCode: 137 });
    },
  );

  test("a removed container leaves nothing behind but its log", async () => {
    const { id, sandbox } = await start("echo here; sleep 1000");
    await says(id, "stdout F here");
    const { logPath } = await status(id);
    await subject.runtime.removePodSandbox(sandbox);
    expect(await readdir(join(subject.folder, "runtime", "containers"))).toEqual([]);
    expect(await readdir(join(subject.folder, "runtime", "sandboxes"))).toEqual([]);
    expect(await logOf(logPath)).toEqual(["stdout F here"]);
    expect(await subject.processes()).toEqual([]);
  });

  test("an exec that takes too long is ended with what it started", async () => {
    const { id } = await start("exec sleep 1000");
    expect(await subject.runtime.execSync(id, ["sh", "-c", "sleep 12345 & sleep 12345"], 200)).toBe(
      "timeout",
    );
    await vi.waitFor(async () => {
      const lines = await Promise.all(
        (await subject.processes()).map((pid) => realProcesses.commandLine(pid)),
      );
      expect(lines.flat()).not.toContain("12345");
    });
  });
});

describe("the folder", () => {
  eachWith(onProcesses);

  test("a folder of a container that was never wholly created is cleared away", async () => {
    const stray = join(subject.folder, "runtime", "containers", "0".repeat(64));
    await mkdir(stray, { recursive: true });
    await appendFile(join(stray, "run-0"), "true");
    await subject.restart();
    await expect(stat(stray)).rejects.toMatchObject({ code: "ENOENT" });
    await rm(stray, { recursive: true, force: true });
  });
});
