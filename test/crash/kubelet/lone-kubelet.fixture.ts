// Owns a kubelet with nothing but a manifest folder, for tests that kill it: its folders, its pods, its start.
import { randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { endMarked, Everynode } from "../../walkthrough/harness.ts";

export class LoneKubelet {
  /** In the environment of every process of its pods. */
  readonly mark = randomUUID();
  readonly folder = mkdtempSync(join(tmpdir(), "everynode-lone-"));
  readonly root = join(this.folder, "root");
  readonly manifests = join(this.folder, "manifests");
  /** The last life of it. */
  running: Everynode | undefined;

  constructor() {
    mkdirSync(this.manifests);
  }

  /** A pod of one container; what it is for the test stands in `POD`. */
  put(name: string, command: readonly string[], pod = name): void {
    const env = [
      { name: "MARK", value: this.mark },
      { name: "POD", value: pod },
    ];
    const text = JSON.stringify({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name },
      spec: {
        terminationGracePeriodSeconds: 1,
        containers: [{ name: "main", image: "host", command, env }],
      },
    });
    writeFileSync(join(this.manifests, `${name}.json`), text);
  }

  start(...flags: string[]): Everynode {
    const places = ["--pod-manifest-path", this.manifests, "--root-dir", this.root];
    this.running = new Everynode(["kubelet", "--node-name", "n1", ...places, ...flags]);
    return this.running;
  }

  /** With no chance to tidy up. */
  async kill(): Promise<void> {
    await this.running?.kill("SIGKILL");
  }

  async remove(): Promise<void> {
    await this.kill();
    endMarked(this.mark);
    endMarked(this.folder);
    rmSync(this.folder, { recursive: true, force: true });
  }
}
