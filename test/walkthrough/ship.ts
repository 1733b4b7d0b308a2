// Owns a kubelet with its manifest folder, for walks through static pods.
import { randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, unlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { endMarked, eventually, Everynode, processesMarked } from "./harness.ts";

/** A pod of one process that lives until it is told to end; `SET` in its environment tells it from others. */
const podText = (name: string, mark: string, more = ""): string => `apiVersion: v1
kind: Pod
metadata:
  name: ${name}
spec:
  terminationGracePeriodSeconds: 1
${more}  containers:
    - name: web
      image: host
      command: ["/bin/sh", "-c", "echo hello from ${name}; exec sleep 1000000"]
      env:
        - { name: WALK, value: "${mark}" }
        - { name: SET, value: "${name}-set" }
`;

/** One node and its manifest folder. */
export class Ship {
  readonly mark = randomUUID();
  readonly folder = mkdtempSync(join(tmpdir(), "everynode-static-"));
  readonly manifests = join(this.folder, "manifests");
  readonly root = join(this.folder, "root");
  kubelet: Everynode | undefined;

  constructor() {
    mkdirSync(this.manifests);
  }

  async start(...args: string[]): Promise<Everynode> {
    const from =
      args.includes("--config") || args.includes("--manifest-url")
        ? []
        : ["--pod-manifest-path", this.manifests];
    this.kubelet = new Everynode([
      "kubelet",
      "--root-dir",
      this.root,
      "--node-name",
      "Node01",
      ...from,
      ...args,
    ]);
    await this.kubelet.line(/^node node01 runs/);
    return this.kubelet;
  }

  put(file: string, text: string): void {
    const beside = join(this.manifests, `.${file}.new`);
    writeFileSync(beside, text);
    renameSync(beside, join(this.manifests, file));
  }

  pod(name: string, more = ""): string {
    return podText(name, this.mark, more);
  }

  remove(file: string): void {
    unlinkSync(join(this.manifests, file));
  }

  /** Pids of the pod's own process. */
  pids(name: string): number[] {
    return processesMarked(this.mark).filter((pid) => {
      try {
        const env = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
        return (
          env.includes(`SET=${name}-set`) &&
          readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0")[0] === "sleep"
        );
      } catch {
        return false;
      }
    });
  }

  /** Resolves with the pid when exactly one process is there. */
  one(name: string): Promise<number> {
    return eventually(`one process of ${name}`, () => {
      const pids = this.pids(name);
      if (pids.length !== 1) throw new Error(`there are ${pids.length}; ${this.kubelet?.errors ?? ""}`);
      return pids[0];
    });
  }

  none(name: string): Promise<boolean> {
    return eventually(`no process of ${name}`, () => this.pids(name).length === 0);
  }

  async stop(): Promise<void> {
    const { child } = this.kubelet ?? {};
    if (child !== undefined && child.exitCode === null && child.signalCode === null)
      await this.kubelet?.kill("SIGTERM");
    endMarked(this.folder);
    endMarked(this.mark);
    rmSync(this.folder, { recursive: true, force: true });
  }
}
