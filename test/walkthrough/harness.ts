// Owns how a walkthrough starts the built product, speaks kubectl to it and waits on conditions.
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";

export const bin = join(import.meta.dirname, "../../bin/everynode.js");

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs to the end; `input` goes to standard input. */
export function run(
  command: string,
  args: readonly string[],
  options: { input?: string; env?: NodeJS.ProcessEnv } = {},
): Ran {
  const done = spawnSync(command, args, {
    encoding: "utf8",
    timeout: 120_000,
    maxBuffer: 64 << 20,
    ...(options.input === undefined ? {} : { input: options.input }),
    env: { ...process.env, ...options.env },
  });
  return { code: done.status ?? 128, out: done.stdout ?? "", err: done.stderr ?? "" };
}

/** A command of the built product, to its end. */
export const everynode = (...args: string[]): Ran => run(process.execPath, [bin, ...args]);

/** Every kubectl on this machine: those on the PATH, and others of other versions beside the files they lead to. */
export function kubectls(): string[] {
  const found = new Map<string, string>();
  for (const folder of (process.env["PATH"] ?? "").split(delimiter)) {
    const path = join(folder, "kubectl");
    if (!existsSync(path)) continue;
    const real = realpathSync(path);
    for (const name of readdirSync(dirname(real)))
      if (/^kubectl(?:\.1\.\d+)?$/.test(name))
        found.set(realpathSync(join(dirname(real), name)), join(dirname(real), name));
  }
  return [...found.values()].sort();
}

/** Waits until the probe gives something other than undefined or false; fails with what was last seen. */
export async function eventually<T>(
  what: string,
  probe: () => T | undefined | false | Promise<T | undefined | false>,
  limit = 60_000,
): Promise<T> {
  const end = Date.now() + limit;
  let last: unknown;
  for (;;) {
    try {
      const found = await probe();
      if (found !== undefined && found !== false) return found;
      last = found;
    } catch (thrown) {
      last = thrown;
    }
    if (Date.now() > end) throw new Error(`${what}: not within ${limit / 1000} s; last: ${String(last)}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** A command that goes on beside the test; what it prints is gathered. */
export class Running {
  readonly child: ChildProcess;
  output = "";
  errors = "";

  constructor(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
    this.child = spawn(command, args, {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, ...env },
    });
    this.child.stdout?.on("data", (chunk: Buffer) => (this.output += chunk.toString()));
    this.child.stderr?.on("data", (chunk: Buffer) => (this.errors += chunk.toString()));
  }

  get hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  ended(): Promise<number> {
    return new Promise((resolve) => {
      if (this.hasEnded) resolve(this.child.exitCode ?? 128);
      else this.child.once("exit", (code) => resolve(code ?? 128));
    });
  }

  async kill(signal: NodeJS.Signals): Promise<number> {
    this.child.kill(signal);
    return this.ended();
  }
}

/** A running `everynode` command. */
export class Everynode extends Running {
  constructor(args: readonly string[]) {
    super(process.execPath, [bin, ...args]);
  }

  /** Resolves with the first line of standard output that matches. */
  line(pattern: RegExp, limit = 60_000): Promise<string> {
    return eventually(
      `a line ${pattern}`,
      () => {
        const line = this.output.split("\n").find((text) => pattern.test(text));
        if (line === undefined && this.child.exitCode !== null)
          throw new Error(`ended with ${this.child.exitCode}: ${this.errors}${this.output}`);
        return line;
      },
      limit,
    );
  }
}

/** A cluster in a folder of its own, and a kubectl that speaks to it. */
export class Cluster {
  readonly folder = mkdtempSync(join(tmpdir(), "everynode-walk-"));
  readonly kubeconfig = join(this.folder, "kubeconfig");
  readonly dataDir = join(this.folder, "data");
  /** What a kubectl is given to find the cluster. */
  readonly env = { KUBECONFIG: this.kubeconfig, HOME: this.folder };
  kubectlPath: string;
  up: Everynode | undefined;
  private readonly others: Running[] = [];

  constructor(kubectlPath: string) {
    this.kubectlPath = kubectlPath;
  }

  async start(...args: string[]): Promise<Everynode> {
    const up = new Everynode([
      "up",
      "--workers",
      "3",
      "--port",
      "0",
      "--data-dir",
      this.dataDir,
      "--kubeconfig",
      this.kubeconfig,
      ...args,
    ]);
    this.up = up;
    await up.line(/^ready /);
    return up;
  }

  /** Another command of the product, ended with the cluster. */
  also(...args: string[]): Everynode {
    const other = new Everynode(args);
    this.others.push(other);
    return other;
  }

  kubectl(args: string, input?: string): Ran {
    return run(this.kubectlPath, words(args), { ...(input === undefined ? {} : { input }), env: this.env });
  }

  /** A kubectl that watches, follows or forwards beside the test, ended with the cluster. */
  beside(args: string, kubectl = this.kubectlPath): Running {
    const other = new Running(kubectl, words(args), this.env);
    this.others.push(other);
    return other;
  }

  /** As kubectl, failing the test unless it exits with 0; gives standard output. */
  ok(args: string, input?: string): string {
    const ran = this.kubectl(args, input);
    if (ran.code !== 0) throw new Error(`kubectl ${args}: exit ${ran.code}\n${ran.out}${ran.err}`);
    return ran.out;
  }

  /** As kubectl, failing the test unless it is refused; gives what was said of it. */
  refused(args: string, input?: string): string {
    const ran = this.kubectl(args, input);
    if (ran.code === 0) throw new Error(`kubectl ${args}: not refused\n${ran.out}`);
    return ran.err;
  }

  async stop(): Promise<void> {
    for (const other of this.others) if (other.child.exitCode === null) await other.kill("SIGTERM");
    if (this.up !== undefined && this.up.child.exitCode === null && this.up.child.signalCode === null)
      await this.up.kill("SIGTERM");
    for (const pid of processesMarked(this.folder)) killIfThere(pid);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It ended by itself since it was seen.
  }
}

/** Splits as a shell does, with single quotes only. */
function words(text: string): string[] {
  return [...text.matchAll(/'([^']*)'|((?:[^\s']|'[^']*')+)/g)].map((match) =>
    (match[1] ?? match[2] ?? "").replaceAll("'", ""),
  );
}

/** Pids of running processes whose environment or command line holds the text. */
export function processesMarked(text: string): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((name) => {
      try {
        if (/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${name}/stat`, "utf8"))) return false;
        const found =
          readFileSync(`/proc/${name}/environ`, "utf8") + readFileSync(`/proc/${name}/cmdline`, "utf8");
        return found.includes(text);
      } catch {
        return false;
      }
    })
    .map(Number);
}

/** Ends every process so marked; one may be gone before it is told to. */
export function endMarked(text: string): void {
  for (const pid of processesMarked(text))
    try {
      process.kill(pid, "SIGKILL");
    } catch (thrown) {
      if (!(thrown instanceof Error && "code" in thrown && thrown.code === "ESRCH")) throw thrown;
    }
}

const minorLeast = 27;

function minorOf(kubectl: string): number {
  const told: unknown = JSON.parse(run(kubectl, ["version", "--client", "-o", "json"]).out);
  const minor = /"minor":"(\d+)/.exec(JSON.stringify(told))?.[1];
  return Number(minor ?? 0);
}

/** A suite that needs what kubectl can since 1.27; with an older one alone it is skipped aloud. `.ci/run` knows of that case. */
export function withModernKubectl(): string | undefined {
  const path = withKubectl();
  if (path === undefined || minorOf(path) >= minorLeast) return path;
  console.warn(`skipped: needs kubectl 1.${minorLeast} or later, and the newest here is 1.${minorOf(path)}`);
  return undefined;
}

/** A suite that needs a kubectl; without one it is skipped aloud, and in CI it fails. */
export function withKubectl(): string | undefined {
  const path = kubectls().at(-1);
  if (path === undefined) {
    if (process.env["EVERYNODE_SKIP_IS_FAILURE"] === "1")
      throw new Error("no kubectl on this machine: in CI a skip is a failure");
    console.warn("skipped: the walkthroughs need a kubectl on the PATH, and there is none");
  }
  return path;
}
