// Owns the proof that a container has its own place and rights, and no more than its limits, where the machine permits it.
import { chmod, mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { findAbilities } from "../../../src/runtime/process/abilities.ts";
import { Cgroups } from "../../../src/runtime/process/cgroups.ts";
import type { ContainerConfig } from "../../../src/runtime/runtime.ts";
import { realRandom } from "../../../src/world/random.ts";
import { realFiles } from "../../../src/world/real-files.ts";
import { realProcesses } from "../../../src/world/real-processes.ts";
import { eachWith, ended, logged, printed, security, shell, start, status, subject } from "./scene.ts";
import { containerConfig, onBareProcesses, onProcesses, sandboxConfig } from "./subject.ts";

const abilities = await findAbilities(realProcesses);
const cgroups = await Cgroups.open(
  { files: realFiles, processes: realProcesses, random: realRandom },
  abilities.tools,
);
if (!(cgroups instanceof Cgroups)) process.stderr.write(`tests of limits are skipped: ${cgroups.because}\n`);
const isolated = abilities.namespaces !== "none";
if (!isolated || !abilities.privileges)
  process.stderr.write(`some tests of isolation are skipped: ${abilities.missing.join("; ")}\n`);

test("without namespaces, what cannot be honoured is refused by name", async () => {
  const bare = await onBareProcesses.make();
  const sandbox = await bare.runtime.runPodSandbox(sandboxConfig(bare));
  const mount = { hostPath: "/tmp", containerPath: "/data", readonly: false };
  const refused = async (changes: Partial<ContainerConfig>) =>
    bare.runtime.createContainer(sandbox, containerConfig(shell(""), changes)).then(
      () => "created",
      (thrown: Error) => thrown.message,
    );
  expect(await refused({ mounts: [mount] })).toMatch(/volume at mountPath "\/data"/);
  expect(await refused({ mounts: [{ ...mount, containerPath: "/tmp", readonly: true }] })).toMatch(
    /read-only volume/,
  );
  expect(await refused({ security: { ...security, readonlyRootFilesystem: true } })).toMatch(
    /readOnlyRootFilesystem/,
  );
  expect(await refused({ mounts: [{ ...mount, containerPath: "/tmp" }] })).toBe("created");
  await bare.dispose();
});

describe.skipIf(!isolated)("isolation", () => {
  eachWith(onProcesses);

  test("a container sees its own processes only, and its pod's name", async () => {
    const text = await printed(
      "ls -d /proc/[0-9]* | wc -l; hostname",
      {},
      { hostNetwork: false, hostname: "pod-name" },
    );
    const [processes, name] = text.split("\n");
    expect(Number(processes)).toBeLessThan(6);
    expect(name).toBe("pod-name");
  });

  test("with hostPID it sees the host's, and still takes its own along", async () => {
    const { id } = await start(
      `[ -e /proc/${process.pid}/stat ] && echo seen; setsid sleep 1000 & hostname; sleep 0.2`,
      {},
      { hostPid: true },
    );
    await ended(id);
    expect(await logged(id)).toEqual(["stdout F seen", `stdout F ${hostname()}`]);
    expect(await subject.processes()).toEqual([]);
  });

  test("exec is in the same place", async () => {
    const { id } = await start(
      "exec sleep 1000",
      { env: [{ name: "a.b", value: "c" }], workingDir: "/tmp" },
      { hostNetwork: false },
    );
    const script = "ls -d /proc/[0-9]* | wc -l; hostname; pwd";
    const { stdout } = (await subject.runtime.execSync(id, ["sh", "-c", script], 10_000)) as {
      stdout: string;
    };
    const [processes, ...rest] = stdout.trim().split("\n");
    expect(Number(processes)).toBeLessThan(9);
    expect(rest).toEqual(["pod-host", "/tmp"]);
    expect(await subject.runtime.execSync(id, ["env"], 10_000)).toMatchObject({
      stdout: expect.stringMatching(/^a\.b=c$/m),
    });
  });

  test("volumes: missing places, files, read-only ones, ones within others; the host sees none of it", async () => {
    const volume = async (name: string) => {
      const path = join(subject.folder, "volumes", name);
      await mkdir(path, { recursive: true });
      await writeFile(join(path, "file"), `from ${name}\n`);
      return path;
    };
    const [a, b, c, d, e, f] = await Promise.all(["a", "b c", "c", "d", "e", "f"].map(volume));
    const at = (hostPath: string | undefined, containerPath: string, readonly = false) => ({
      hostPath: hostPath ?? "",
      containerPath,
      readonly,
    });
    const mounts = [
      at(a, "/everynode-test/data"),
      at(b, "/etc/everynode-test/config", true),
      at(c, "/var/run/secrets/everynode.test/token"),
      at(d, "/everynode-test/data/inner"),
      at(join(e ?? "", "file"), "/everynode-test-file", true),
      at(f, "/mnt"),
    ];
    const script = `cat /everynode-test/data/file /etc/everynode-test/config/file /var/run/secrets/everynode.test/token/file \\
      /everynode-test/data/inner/file /everynode-test-file /mnt/file
      echo new >/everynode-test/data/new && echo written
      (echo no >/etc/everynode-test/config/no) 2>/dev/null || echo protected
      [ -e /etc/passwd ] && [ -d ${subject.folder} ] && echo host seen
      [ -L /var/run ] && echo links kept`;
    expect((await printed(script, { mounts })).split("\n")).toEqual([
      ...["a", "b c", "c", "d", "e", "f"].map((name) => `from ${name}`),
      "written",
      "protected",
      "host seen",
      "links kept",
    ]);
    expect(await readFile(join(a ?? "", "new"), "utf8")).toBe("new\n");
    for (const path of [
      "/everynode-test",
      "/etc/everynode-test",
      "/run/secrets/everynode.test",
      "/everynode-test-file",
      "/mnt/file",
    ])
      await expect(stat(path)).rejects.toMatchObject({ code: "ENOENT" });
    expect(await readFile("/proc/self/mountinfo", "utf8")).not.toContain(subject.folder);
  });

  test("a volume whose source is missing refuses the start and names the path", async () => {
    const { refusal } = await start("true", {
      mounts: [{ hostPath: "/no/such", containerPath: "/data", readonly: false }],
    });
    expect(refusal).toMatch(/^cannot start container main: cannot set up volume at \/data: .*\/no\/such/);
  });

  test("a read-only root, with volumes that can be written", async () => {
    const data = join(subject.folder, "data");
    await mkdir(data);
    const script = `for f in /tmp/everynode-no /etc/everynode-no ${subject.folder}/no; do (echo x >$f) 2>/dev/null || echo protected; done; echo x >/data/yes && echo written; echo x >/dev/null && echo null`;
    const text = await printed(script, {
      mounts: [{ hostPath: data, containerPath: "/data", readonly: false }],
      security: { ...security, readonlyRootFilesystem: true },
    });
    expect(text.split("\n")).toEqual(["protected", "protected", "protected", "written", "null"]);
  });

  test.skipIf(!abilities.privileges).each([
    {
      name: "a user",
      changes: { runAsUser: 1234 },
      script: "id -u; id -g; id -G",
      expected: ["1234", "0", "0"],
    },
    {
      name: "a group and more",
      changes: { runAsUser: 1234, runAsGroup: 567, supplementalGroups: [8, 9] },
      script: "id -u; id -g; id -G",
      expected: ["1234", "567", "567 8 9"],
    },
    {
      name: "no new privileges",
      changes: { noNewPrivileges: true },
      script: "grep -c 'NoNewPrivs:.1' /proc/self/status",
      expected: ["1"],
    },
    {
      name: "the usual capabilities",
      changes: {},
      script: "grep CapBnd /proc/self/status",
      expected: ["CapBnd:\t00000000a80425fb"],
    },
    {
      name: "fewer and others",
      changes: { dropCapabilities: ["ALL"], addCapabilities: ["NET_ADMIN"] },
      script: "grep -E 'CapEff|CapBnd' /proc/self/status",
      expected: ["CapEff:\t0000000000001000", "CapBnd:\t0000000000001000"],
    },
  ])("rights: $name", async ({ changes, script, expected }) => {
    expect((await printed(script, { security: { ...security, ...changes } })).split("\n")).toEqual(expected);
  });

  test.skipIf(!abilities.privileges)("another user finds out that it may not run a command", async () => {
    const script = join(subject.folder, "script");
    await writeFile(script, "#!/bin/sh\n");
    await chmod(subject.folder, 0o755);
    await chmod(script, 0o700);
    const { refusal } = await start("", { command: [script], security: { ...security, runAsUser: 1234 } });
    expect(refusal).toBe(`cannot start container main: exec: "${script}": permission denied`);
  });

  test.skipIf(!abilities.privileges)("privileged has all the runtime has", async () => {
    const all = /CapBnd:\t(\w+)/.exec(await readFile("/proc/self/status", "utf8"))?.[1];
    const changes = { security: { ...security, privileged: true } };
    expect(await printed("grep CapBnd /proc/self/status", changes)).toBe(`CapBnd:\t${all}`);
  });
});

describe.skipIf(!(cgroups instanceof Cgroups))("limits", () => {
  eachWith(onProcesses);

  test("memory: what asks for more is ended and says so, after a restart too", async () => {
    const { id } = await start("tail /dev/zero", { resources: { memoryLimit: 32 * 1024 * 1024 } });
    const before = await ended(id);
    expect(before).toMatchObject({ exitCode: 137, reason: "OOMKilled" });
    await subject.restart();
    expect(await status(id)).toEqual(before);
  });

  test("cpu: no more than its part", async () => {
    const { id } = await start("while :; do :; done", { resources: { cpuLimitMillis: 100, cpuShares: 102 } });
    const used = async () => {
      const usage = (await subject.runtime.listUsage()).get(id);
      if (usage === undefined) throw new Error("absent");
      return usage;
    };
    const from = await used();
    await vi.waitFor(async () => expect((await used()).at - from.at).toBeGreaterThan(1000), {
      interval: 100,
    });
    const to = await used();
    expect((to.cpuNanos - from.cpuNanos) / 1_000_000 / (to.at - from.at)).toBeLessThan(0.3);
  });

  test("the group goes with the container", async () => {
    const { id } = await start("sleep 1000 & exec sleep 1000", { resources: { memoryLimit: 1 << 28 } });
    const find = () => realProcesses.run(["find", "/sys/fs/cgroup", "-name", id]);
    expect((await find()).stdout).not.toBe("");
    await subject.runtime.stopContainer(id, 0);
    expect((await find()).stdout).toBe("");
  });
});
