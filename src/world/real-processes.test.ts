// Owns the proof that the machine's processes are started, told apart, found again and ended.
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { parseStat, realProcesses, variableIn } from "./real-processes.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "everynode-processes-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("reading /proc", () => {
  const line = (name: string, state: string) =>
    `42 (${name}) ${state} 7 40 41 0 -1 0 0 0 0 0 100 50 30 20 20 0 1 0 987654 1 2 3`;
  test.each([
    { name: "a plain name", text: line("sleep", "S") },
    { name: "a name with spaces and parentheses", text: line("a) b (c", "R") },
  ])("parses $name", ({ text }) => {
    expect(parseStat(text)).toEqual({
      pid: 42,
      started: 987654,
      parent: 7,
      group: 40,
      session: 41,
      cpu: 2000,
    });
  });
  test("knows no zombie", () => expect(parseStat(line("sleep", "Z"))).toBeUndefined());
  test.each([
    { text: "A=1\0B=2\0", variable: "B", expected: "2" },
    { text: "XB=1\0A=B=3\0", variable: "B", expected: undefined },
    { text: "B=\0", variable: "B", expected: "" },
  ])("finds $variable in $text", ({ text, variable, expected }) =>
    expect(variableIn(Buffer.from(text), variable)).toBe(expected),
  );
});

describe("spawn", () => {
  test("starts a session of its own, appends output, reports the end", async () => {
    const stdout = join(folder, "out");
    for (const word of ["one", "two"]) {
      const spawned = await realProcesses.spawn({
        command: ["/bin/sh", "-c", `echo ${word} $MARK; exit 3`],
        env: { MARK: "m" },
        stdout,
      });
      expect(await spawned.ended).toEqual({ code: 3 });
    }
    expect(await readFile(stdout, "utf8")).toBe("one m\ntwo m\n");
  });

  test("rejects with the system's code", async () => {
    await expect(realProcesses.spawn({ command: ["/no/such"], env: {} })).rejects.toMatchObject({
      code: "ENOENT",
    });
  });

  test("identity, mark and words of a running process, and none after its end", async () => {
    const { pid, ended } = await realProcesses.spawn({
      command: ["/bin/sleep", "1000"],
      env: { EVERYNODE_TEST_MARK: folder },
    });
    await vi.waitFor(async () =>
      expect(await realProcesses.commandLine(pid)).toEqual(["/bin/sleep", "1000"]),
    );
    const identity = await realProcesses.identify(pid);
    expect(identity).toMatchObject({ pid });
    expect((await realProcesses.all()).find((facts) => facts.pid === pid)).toMatchObject({
      group: pid,
      session: pid,
    });
    expect(await realProcesses.marked("EVERYNODE_TEST_MARK")).toContainEqual({ pid, value: folder });
    expect(realProcesses.signal(-pid, "SIGKILL")).toBe(true);
    expect(await ended).toEqual({ signal: "SIGKILL" });
    expect(await realProcesses.identify(pid)).toBe("absent");
    expect(realProcesses.signal(pid, "SIGTERM")).toBe(false);
  });
});

describe("run", () => {
  test.each([
    {
      name: "output and code",
      script: "echo out; echo err >&2; exit 4",
      expected: { code: 4, stdout: "out\n", stderr: "err\n" },
    },
    { name: "a signal", script: "kill -TERM $$", expected: { code: 143, stdout: "", stderr: "" } },
    { name: "input", script: "cat", expected: { code: 0, stdout: "given", stderr: "" } },
  ])("reports $name", async ({ script, expected }) => {
    expect(await realProcesses.run(["/bin/sh", "-c", script], { stdin: "given" })).toEqual(expected);
  });

  test("is bounded in output", async () => {
    const { stdout } = await realProcesses.run(["/bin/sh", "-c", "head -c 3000000 /dev/zero"]);
    expect(stdout.length).toBe(1024 * 1024);
  });

  test("ends with its children when aborted", async () => {
    const stop = new AbortController();
    const mark = join(folder, "aborted");
    const running = realProcesses.run(["/bin/sh", "-c", `sleep 1000 & echo $! >${mark}; wait`], {
      signal: stop.signal,
    });
    await vi.waitFor(async () => expect(await readFile(mark, "utf8")).toMatch(/^\d+\n$/));
    const child = Number(await readFile(mark, "utf8"));
    stop.abort(new Error("enough"));
    await expect(running).rejects.toThrow("enough");
    await vi.waitFor(async () => expect(await realProcesses.identify(child)).toBe("absent"));
  });
});
