// Owns a cluster with one node that has a KubeletConfiguration, for walks through what a kubelet does for its pods.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Cluster, endMarked, eventually, type Everynode, run } from "./harness.ts";

const head = "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n";

interface Told {
  readonly status?: {
    readonly phase?: string;
    readonly reason?: string;
    readonly message?: string;
    readonly qosClass?: string;
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly message?: string;
    }[];
    readonly containerStatuses?: readonly {
      readonly ready: boolean;
      readonly restartCount: number;
      readonly state: State;
      readonly lastState: State;
    }[];
  };
}
interface State {
  readonly terminated?: { readonly exitCode: number; readonly reason: string; readonly message?: string };
  readonly waiting?: { readonly reason: string; readonly message?: string };
}

/** A control plane, and beside it a node named `edge` that is a process of its own. */
export class Edge {
  readonly cluster: Cluster;
  readonly root: string;
  readonly manifests: string;
  kubelet: Everynode | undefined;

  constructor(kubectl: string) {
    this.cluster = new Cluster(kubectl);
    this.root = join(this.cluster.folder, "edge");
    this.manifests = join(this.cluster.folder, "manifests");
    mkdirSync(this.manifests);
  }

  async start(configuration: string): Promise<void> {
    await this.cluster.start("--workers", "1");
    await this.startKubelet(configuration);
    await eventually("edge is Ready", () =>
      this.cluster.kubectl("get node edge --no-headers").out.includes(" Ready"),
    );
  }

  async startKubelet(configuration: string): Promise<Everynode> {
    const config = join(this.cluster.folder, "kubelet.yaml");
    writeFileSync(config, `${head}staticPodPath: ${this.manifests}\n${configuration}`);
    const { kubeconfig } = this.cluster;
    this.kubelet = this.cluster.also(
      "kubelet",
      `--kubeconfig=${kubeconfig}`,
      `--config=${config}`,
      `--root-dir=${this.root}`,
      "--node-name=edge",
    );
    await this.kubelet.line(/^node edge runs/);
    return this.kubelet;
  }

  /** A pod on the node, of these containers and this much more. */
  apply(name: string, spec: { readonly containers: readonly object[] } & Record<string, unknown>): void {
    const pod = {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name },
      spec: { nodeName: "edge", terminationGracePeriodSeconds: 1, ...spec },
    };
    this.cluster.ok("apply -f -", JSON.stringify(pod));
  }

  pod(name: string): Told {
    // What kubectl prints of a pod.
    return JSON.parse(this.cluster.ok(`get pod ${name} -o json`)) as Told;
  }

  /** The pod, once it is as asked for. */
  until(name: string, what: string, holds: (pod: Told) => boolean): Promise<Told> {
    return eventually(`pod ${name} ${what}`, () => {
      const pod = this.pod(name);
      if (holds(pod)) return pod;
      throw new Error(JSON.stringify(pod.status));
    });
  }

  logs(name: string, ...more: string[]): string {
    return this.cluster.kubectl(["logs", name, ...more].join(" ")).out;
  }

  async stop(): Promise<void> {
    await this.cluster.stop();
    endMarked(this.cluster.folder);
    for (const line of readFileSync("/proc/self/mountinfo", "utf8").split("\n")) {
      const point = line.split(" ")[4] ?? "";
      if (point.startsWith(this.cluster.folder)) run("umount", [point]);
    }
    rmSync(this.cluster.folder, { recursive: true, force: true });
  }
}

/** A container of the host's own shell. */
export const shell = (script: string, more: Record<string, unknown> = {}): Record<string, unknown> => ({
  name: "main",
  image: "host",
  command: ["/bin/sh", "-c", script],
  ...more,
});
