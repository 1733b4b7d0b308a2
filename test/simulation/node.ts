// Owns a simulated machine: its runtime and disk, which outlive the real kubelet that comes and goes on it.
import { createEventRecorder } from "../../src/client/event-recorder.ts";
import { createInformers } from "../../src/client/informer.ts";
import { createClient } from "../../src/client/kube-client.ts";
import { createKubelet } from "../../src/kubelet/kubelet.ts";
import { MemoryFiles } from "../../src/kubelet/memory-files.fixture.ts";
import type { Taint } from "../../src/model/generated/types.ts";
import type { Transport } from "../../src/model/wire.ts";
import type { Runtime } from "../../src/runtime/runtime.ts";
import {
  createSimulatedRuntime,
  type SimulatedBehaviour,
  type SimulatedRuntime,
} from "../../src/runtime/simulated/simulated-runtime.ts";
import type { Network } from "../../src/world/http.ts";
import { seededRandom } from "../../src/world/random.ts";
import type { VirtualClock } from "../../src/world/virtual-clock.ts";
import type { Link } from "./link.ts";
import { seedOf, type SimulatedProcess } from "./process.ts";

/** What containers on a machine do, from now on. */
export type Mood =
  "well" | "crash" | "hang-at-start" | "refuse-start" | "ignore-term" | "fail-probe" | "no-image";

export interface MachineOptions {
  readonly name: string;
  readonly ip: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly Taint[];
}

export const noNetwork: Network = {
  serve: async ({ host, port }) => ({ host, port: port === 0 ? 10250 : port, close: async () => undefined }),
  client: () => ({
    request: () => Promise.reject(new Error("connection refused")),
    close: async () => undefined,
  }),
};

const behaviours: Readonly<Record<Mood, SimulatedBehaviour>> = {
  well: { startTakes: 40, stopTakes: 60 },
  crash: { runsFor: 4000, exitCode: 1 },
  "hang-at-start": { startTakes: 90_000 },
  "refuse-start": { refuses: "the simulated machine is in a bad mood" },
  "ignore-term": { stopTakes: Number.POSITIVE_INFINITY },
  "fail-probe": { exec: () => ({ exitCode: 1, stdout: "", stderr: "not now" }) },
  "no-image": {},
};

export class Machine {
  readonly options: MachineOptions;
  readonly runtime: SimulatedRuntime;
  mood: Mood = "well";
  kubelet: { readonly process: SimulatedProcess; readonly link: Link } | undefined;
  private readonly files = new MemoryFiles();
  private incarnations = 0;

  constructor(options: MachineOptions, parts: { readonly clock: VirtualClock; readonly seed: number }) {
    this.options = options;
    const random = seededRandom(seedOf(parts.seed, `runtime of ${options.name} ${options.ip}`));
    this.runtime = createSimulatedRuntime({
      clock: parts.clock,
      random,
      behaviour: () => behaviours[this.mood],
      image: () => (this.mood === "no-image" ? { refuses: "manifest unknown" } : { pullTakes: 200 }),
      address: ({ pod }) => `10.1.${options.ip.split(".")[3]}.${1 + (seedOf(0, pod.uid) % 250)}`,
    });
  }

  get nextProcessName(): string {
    return `kubelet-${this.options.name}#${this.incarnations++}`;
  }

  /** The kubelet is made of what the process may see; `disguise` may stand between it and the runtime. */
  startKubelet(process: SimulatedProcess, link: Link, disguise: (runtime: Runtime) => Runtime): void {
    this.kubelet = { process, link };
    const { name, ip, labels, taints } = this.options;
    const { clock, random, log } = process;
    const transport: Transport = link;
    const client = createClient(transport);
    const runtime = process.guard<Runtime>(disguise(this.runtime), {
      events: (signal) => process.stream((either) => this.runtime.events(either), signal),
    });
    const kubelet = createKubelet({
      nodeName: name,
      client,
      informers: createInformers({ transport, clock, random, log }),
      runtime,
      grpcHealth: async () => "serving",
      clock,
      random,
      log,
      files: process.guard(this.files),
      network: noNetwork,
      dial: async () => (this.mood === "fail-probe" ? { error: "connection refused" } : "open"),
      recorder: createEventRecorder({ client, clock, random, log, component: "kubelet", host: name }),
      config: {
        rootDir: "/var/lib/kubelet",
        podLogsDir: "/var/log/pods",
        nodeIp: ip,
        port: 10250,
        labels,
        taints,
        capacity: { cpu: "4", memory: "8Gi", "ephemeral-storage": "100Gi" },
      },
    });
    kubelet.start().catch((thrown: unknown) => log.error("kubelet did not start", { error: String(thrown) }));
  }

  /** The containers go on. */
  killKubelet(): void {
    this.kubelet?.process.kill();
    this.kubelet = undefined;
  }

  /** Ends every running container as a crash of its process would. */
  async crashContainers(): Promise<void> {
    for (const { id, state } of await this.runtime.listContainers())
      if (state === "running") this.runtime.endContainer(id, 139);
  }
}
