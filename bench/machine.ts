// Owns what a measurement asks of the machine: processes started and ended, their CPU time and memory, the disk's sync.
import { spawn, type ChildProcess } from "node:child_process";
import { closeSync, fsyncSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const bin = join(import.meta.dirname, "../bin/everynode.js");

export interface Running {
  readonly child: ChildProcess;
  readonly pid: number;
  /** From the start of the process to its `ready` line. */
  readonly millis: number;
}

/** Starts a command of ours; resolves with its `ready` line. */
export function startEverynode(args: readonly string[], nodeArgs: readonly string[] = []): Promise<Running> {
  const begun = performance.now();
  const child = spawn(process.execPath, [...nodeArgs, bin, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  return new Promise((resolve, reject) => {
    child.once("exit", (code) => reject(new Error(`everynode ${args[0]} ended with ${code}`)));
    child.stdout?.on("data", (chunk: Buffer) => {
      if (/^ready /m.test(chunk.toString()))
        resolve({ child, pid: child.pid ?? 0, millis: performance.now() - begun });
    });
  });
}

export async function end({ child }: Running): Promise<void> {
  child.removeAllListeners("exit");
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  await ended;
}

/** CPU time used so far, in milliseconds. */
export function cpuMillis(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /, "")
    .split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

const memory = (pid: number, field: "VmRSS" | "VmHWM"): number =>
  Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;

export const residentMiB = (pid: number): number => memory(pid, "VmRSS");
export const residentPeakMiB = (pid: number): number => memory(pid, "VmHWM");

export const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

export const sleep = (millis: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, millis));

/** Median of 100 appends of 4 KB, each synced: what every figure with durable writes in it stands on. */
export function syncMillis(): number {
  const folder = mkdtempSync(join(tmpdir(), "everynode-bench-"));
  const file = openSync(join(folder, "file"), "w");
  const block = Buffer.alloc(4096, "x");
  const times = Array.from({ length: 100 }, () => {
    const start = performance.now();
    writeSync(file, block);
    fsyncSync(file);
    return performance.now() - start;
  });
  closeSync(file);
  rmSync(folder, { recursive: true });
  return median(times);
}
