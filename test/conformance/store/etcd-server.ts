// Owns real etcd processes for tests: one, or members of a cluster, that can be killed and started again on their data.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const hasEtcd = ((): boolean => {
  try {
    execFileSync("etcd", ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
})();

/** Says aloud what is left out; in CI it is a failure. */
export function etcdOrSkip(): boolean {
  if (hasEtcd) return true;
  if (process.env["EVERYNODE_SKIP_IS_FAILURE"] === "1")
    throw new Error("no etcd on this machine: in CI a skip is a failure");
  console.warn(
    "skipped: the store on etcd needs an etcd on the PATH (Debian: etcd-server), and there is none",
  );
  return false;
}

export interface MemberOptions {
  readonly name: string;
  readonly clientPort: number;
  readonly peerPort: number;
  /** What other members are told to use, where it is not the peer port itself. */
  readonly peerAt?: number;
  /** `name=http://…,name=http://…`; this member alone where it is absent. */
  readonly cluster?: string;
  readonly flags?: readonly string[];
  readonly scheme?: "http" | "https";
}

export class EtcdMember {
  readonly folder = mkdtempSync(join(tmpdir(), "everynode-etcd-"));
  readonly options: MemberOptions;
  private child: ChildProcess | undefined;

  constructor(options: MemberOptions) {
    this.options = options;
  }

  get endpoint(): string {
    return `${this.options.scheme ?? "http"}://127.0.0.1:${this.options.clientPort}`;
  }

  /** Resolves once its client port accepts. */
  async start(): Promise<void> {
    const { name, peerPort, cluster, flags = [] } = this.options;
    const advertised = `http://127.0.0.1:${this.options.peerAt ?? peerPort}`;
    const child = spawn(
      "etcd",
      [
        `--name=${name}`,
        `--data-dir=${this.folder}`,
        `--listen-client-urls=${this.endpoint}`,
        `--advertise-client-urls=${this.endpoint}`,
        `--listen-peer-urls=http://127.0.0.1:${peerPort}`,
        `--initial-advertise-peer-urls=${advertised}`,
        `--initial-cluster=${cluster ?? `${name}=${advertised}`}`,
        "--logger=zap",
        "--log-outputs=stderr",
        "--log-level=warn",
        ...flags,
      ],
      // Its default on some machines is not built in.
      { stdio: ["ignore", "ignore", "pipe"], env: { ...process.env, ETCD_UNSUPPORTED_ARCH: process.arch } },
    );
    this.child = child;
    let said = "";
    child.stderr.on("data", (piece: Buffer) => (said = (said + piece.toString()).slice(-4000)));
    await this.accepts(() => {
      if (child.exitCode !== null) throw new Error(`etcd ended with ${child.exitCode}: ${said}`);
    });
  }

  signal(name: NodeJS.Signals): void {
    this.child?.kill(name);
  }

  /** With no chance to tidy up. */
  async kill(): Promise<void> {
    const { child } = this;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await ended;
  }

  async dispose(): Promise<void> {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async accepts(check: () => void): Promise<void> {
    const { connect } = await import("node:net");
    for (;;) {
      check();
      const isOpen = await new Promise<boolean>((resolve) => {
        const socket = connect(this.options.clientPort, "127.0.0.1");
        socket.once("connect", () => (socket.destroy(), resolve(true)));
        socket.once("error", () => resolve(false));
      });
      if (isOpen) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
