// Owns the machine's processes, as Linux shows them under /proc.
import { spawn } from "node:child_process";
import { constants, closeSync, openSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { constants as osConstants, hostname } from "node:os";
import { converse, feedPipe } from "./real-conversation.ts";
import type { ProcessFacts, Processes, RunResult, Spawned, SpawnRequest } from "./processes.ts";

const outputMax = 1024 * 1024;
// How long output is awaited after the end of a program whose own children keep the pipes open.
const drainMax = 500;
// The kernel tells times to programs in hundredths of a second on every architecture (USER_HZ).
const tickMillis = 10;

/** The content, or undefined where the process is gone or may not be looked into. */
async function ofProcess(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (thrown) {
    const code = thrown instanceof Error && "code" in thrown ? thrown.code : undefined;
    if (code === "ENOENT" || code === "ESRCH" || code === "EACCES" || code === "EPERM") return undefined;
    throw thrown;
  }
}

/** From /proc/PID/stat (proc(5)); undefined for a zombie. */
export function parseStat(text: string): Omit<ProcessFacts, "memory"> | undefined {
  const pid = Number.parseInt(text, 10);
  // The name may hold spaces and parentheses, so the fields are counted from its end.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const state = fields[0];
  if (!Number.isInteger(pid) || fields.length < 20 || state === "Z" || state === "X") return undefined;
  const at = (field: number): number => Number(fields[field - 3]);
  return {
    pid,
    started: at(22),
    parent: at(4),
    group: at(5),
    session: at(6),
    cpu: (at(14) + at(15) + at(16) + at(17)) * tickMillis,
  };
}

async function factsOf(pid: number): Promise<ProcessFacts | undefined> {
  const stat = await ofProcess(`/proc/${pid}/stat`);
  const facts = stat === undefined ? undefined : parseStat(stat.toString("latin1"));
  if (facts === undefined) return undefined;
  const status = await ofProcess(`/proc/${pid}/status`);
  const resident = /^VmRSS:\s+(\d+) kB/m.exec(status?.toString("latin1") ?? "")?.[1];
  return { ...facts, memory: Number(resident ?? 0) * 1024 };
}

const pids = async (): Promise<number[]> =>
  (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);

// Each question waits for a thread and hardly works: some at a time, a look at thousands of processes takes a fraction.
const askedAtOnce = 8;

async function gather<T>(ask: (pid: number) => Promise<T | undefined>): Promise<T[]> {
  const found: T[] = [];
  const left = (await pids()).values();
  const asking = Array.from({ length: askedAtOnce }, async () => {
    for (const pid of left) {
      const answer = await ask(pid);
      if (answer !== undefined) found.push(answer);
    }
  });
  await Promise.all(asking);
  return found;
}

/** What a variable holds in the text of /proc/PID/environ. */
export function variableIn(environment: Buffer, variable: string): string | undefined {
  const start = `${variable}=`;
  if (!environment.includes(start)) return undefined;
  const found = environment
    .toString()
    .split("\0")
    .find((entry) => entry.startsWith(start));
  return found?.slice(start.length);
}

function openAppending(path: string | undefined): number | "ignore" {
  if (path === undefined) return "ignore";
  return openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND, 0o640);
}

function spawnDetached(request: SpawnRequest): Promise<Spawned> {
  const [program, ...args] = request.command;
  const opened: number[] = [];
  const open = (path: string | undefined) => {
    const file = openAppending(path);
    if (file !== "ignore") opened.push(file);
    return file;
  };
  try {
    const child = spawn(program, args, {
      env: { ...request.env },
      detached: true,
      stdio: ["ignore", open(request.stdout), open(request.stderr)],
      ...(request.workingFolder === undefined ? {} : { cwd: request.workingFolder }),
    });
    child.unref();
    const ended = new Promise<{ code: number } | { signal: string }>((resolve) => {
      child.once("exit", (code, signal) =>
        resolve(code === null ? { signal: signal ?? "SIGKILL" } : { code }),
      );
    });
    return new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("spawn", () => resolve({ pid: child.pid ?? 0, ended }));
    });
  } catch (thrown) {
    return Promise.reject(thrown);
  } finally {
    for (const file of opened) closeSync(file);
  }
}

/** Collects up to the limit and drops the rest. */
function collect(stream: NodeJS.ReadableStream | null): () => string {
  const parts: Buffer[] = [];
  let size = 0;
  stream?.on("data", (part: Buffer) => {
    if (size >= outputMax) return;
    parts.push(part.subarray(0, outputMax - size));
    size += part.length;
  });
  stream?.on("error", () => undefined);
  return () => Buffer.concat(parts).toString();
}

const codeOfEnd = (code: number | null, signal: NodeJS.Signals | null): number =>
  code ?? 128 + (signal === null ? 9 : osConstants.signals[signal]);

type RunOptions = Parameters<Processes["run"]>[1];

function run(command: readonly [string, ...string[]], options: RunOptions = {}): Promise<RunResult> {
  const [program, ...args] = command;
  const { signal } = options;
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) return reject(signal.reason);
    const child = spawn(program, args, {
      detached: true,
      stdio: ["pipe", "pipe", "pipe"],
      ...(options.env === undefined ? {} : { env: options.env }),
      ...(options.workingFolder === undefined ? {} : { cwd: options.workingFolder }),
    });
    const stdout = collect(child.stdout);
    const stderr = collect(child.stderr);
    const kill = () => {
      if (child.pid !== undefined) sendSignal(-child.pid, "SIGKILL");
      settle(() => reject(signal?.reason));
    };
    let drain: NodeJS.Timeout | undefined;
    const settle = (answer: () => void) => {
      signal?.removeEventListener("abort", kill);
      clearTimeout(drain);
      child.stdout.destroy();
      child.stderr.destroy();
      answer();
    };
    const finish = (code: number | null, ended: NodeJS.Signals | null) =>
      settle(() => resolve({ code: codeOfEnd(code, ended), stdout: stdout(), stderr: stderr() }));
    signal?.addEventListener("abort", kill, { once: true });
    child.once("error", (thrown) => settle(() => reject(thrown)));
    child.once("exit", (code, ended) => {
      drain = setTimeout(() => finish(code, ended), drainMax);
    });
    child.once("close", finish);
    // A program that does not read its input closes the pipe.
    child.stdin.on("error", () => undefined);
    child.stdin.end(options.stdin ?? "");
  });
}

function sendSignal(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch (thrown) {
    if (thrown instanceof Error && "code" in thrown && thrown.code === "ESRCH") return false;
    throw thrown;
  }
}

export const realProcesses: Processes = {
  spawn: spawnDetached,
  run,
  converse,
  feed: feedPipe,
  identify: async (pid) => {
    const stat = await ofProcess(`/proc/${pid}/stat`);
    const facts = stat === undefined ? undefined : parseStat(stat.toString("latin1"));
    return facts === undefined ? "absent" : { pid: facts.pid, started: facts.started };
  },
  all: () => gather(factsOf),
  commandLine: async (pid) => {
    const text = await ofProcess(`/proc/${pid}/cmdline`);
    if (text === undefined) return "absent";
    return text.length === 0 ? [] : text.toString().replace(/\0$/, "").split("\0");
  },
  marked: (variable) =>
    gather(async (pid) => {
      const environment = await ofProcess(`/proc/${pid}/environ`);
      const value = environment === undefined ? undefined : variableIn(environment, variable);
      return value === undefined ? undefined : { pid, value };
    }),
  signal: sendSignal,
  bootId: async () => (await readFile("/proc/sys/kernel/random/boot_id", "utf8")).trim(),
  self: {
    pid: process.pid,
    uid: process.getuid?.() ?? -1,
    hostname: hostname(),
    now: () => Date.now(),
  },
};
