// Owns a simulated machine: its runtime and disk, which outlive the real kubelet that comes and goes on it.
import { createEventRecorder } from "../../src/client/event-recorder.ts";
import { createInformers } from "../../src/client/informer.ts";
import { createClient } from "../../src/client/kube-client.ts";
import { createKubelet } from "../../src/kubelet/kubelet.ts";
import type { Instant } from "../../src/lib/units.ts";
import type { Taint } from "../../src/model/generated/types.ts";
import type { Transport } from "../../src/model/wire.ts";
import type { ContainerStatus, Runtime } from "../../src/runtime/runtime.ts";
import {
  createSimulatedRuntime,
  type SimulatedBehaviour,
  type SimulatedRuntime,
} from "../../src/runtime/simulated/simulated-runtime.ts";
import type { Files } from "../../src/world/files.ts";
import type { Network } from "../../src/world/http.ts";
import { seededRandom } from "../../src/world/random.ts";
import type { VirtualClock } from "../../src/world/virtual-clock.ts";
import type { Link } from "./link.ts";
import { manifestFolder, Manifests } from "./manifests.ts";
import { seedOf, type SimulatedProcess } from "./process.ts";

/** What containers on a machine do, from now on. */
export const moods = [
  "crash",
  "hang-at-start",
  "hang-at-stop",
  "refuse-start",
  "ignore-term",
  "fail-probe",
  "no-image",
] as const;
export type Mood = "well" | (typeof moods)[number];

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
  "hang-at-stop": { stopTakes: Number.POSITIVE_INFINITY, killTakes: 45_000 },
  "refuse-start": { refuses: "the simulated machine is in a bad mood" },
  "ignore-term": { stopTakes: Number.POSITIVE_INFINITY },
  "fail-probe": { exec: () => ({ exitCode: 1, stdout: "", stderr: "not now" }) },
  "no-image": {},
};

export const podNameOf = ({ labels }: ContainerStatus): string => labels["io.kubernetes.pod.name"] ?? "";
export const podUidOf = ({ labels }: ContainerStatus): string => labels["io.kubernetes.pod.uid"] ?? "";

/** Who hears what the kubelet orders of its runtime. */
export interface RuntimeObserver {
  started(machine: Machine, container: ContainerStatus): void;
  /** The container ran until then. */
  stops(machine: Machine, container: ContainerStatus): void;
}

/** What a planted fault puts between the kubelet and its machine. */
export interface Disguise {
  runtime(runtime: Runtime): Runtime;
  files(files: Files): Files;
}

export class Machine {
  readonly options: MachineOptions;
  readonly runtime: SimulatedRuntime;
  readonly manifests: Manifests;
  private restsFrom: Instant = 0;
  /** When a mood was last ended; the future while one goes on. */
  moodyUntil: Instant = 0;
  startedAt: Instant = 0;
  readonly bornAt: Instant;
  kubelet: { readonly process: SimulatedProcess; readonly link: Link } | undefined;
  /** Grows with each container started. */
  starts = 0;
  private current: Mood = "well";
  private incarnations = 0;
  private readonly clock: VirtualClock;

  constructor(options: MachineOptions, parts: { readonly clock: VirtualClock; readonly seed: number }) {
    this.options = options;
    this.clock = parts.clock;
    this.bornAt = parts.clock.now();
    this.manifests = new Manifests(parts.clock);
    const random = seededRandom(seedOf(parts.seed, `runtime of ${options.name} ${options.ip}`));
    this.runtime = createSimulatedRuntime({
      clock: parts.clock,
      random,
      behaviour: () => behaviours[this.current],
      image: () => (this.current === "no-image" ? { refuses: "manifest unknown" } : { pullTakes: 200 }),
      address: ({ pod }) => `10.1.${options.ip.split(".")[3]}.${1 + (seedOf(0, pod.uid) % 250)}`,
    });
  }

  get mood(): Mood {
    return this.current;
  }

  set mood(mood: Mood) {
    if (mood === this.current) return;
    this.current = mood;
    this.moodyUntil = mood === "well" ? this.clock.now() : Number.POSITIVE_INFINITY;
    // Back-off ends ten minutes after the last crash.
    this.disturbed(11 * 60_000);
  }

  /** Whether it has been as it is for long enough that its static pods are as they should be. */
  get isCalm(): boolean {
    return (
      this.kubelet !== undefined &&
      this.mood === "well" &&
      this.manifests.isThere &&
      this.clock.now() >= this.restsFrom
    );
  }

  /** Its static pods need time to follow. */
  disturbed(time: number): void {
    this.restsFrom = Math.max(this.restsFrom, this.clock.now() + time);
  }

  get nextProcessName(): string {
    return `kubelet-${this.options.name}#${this.incarnations++}`;
  }

  /** The kubelet is made of what the process may see; a disguise may stand between it and its machine. */
  startKubelet(process: SimulatedProcess, link: Link, disguise: Disguise, observer: RuntimeObserver): void {
    this.kubelet = { process, link };
    this.startedAt = this.clock.now();
    this.disturbed(60_000);
    const { name, ip, labels, taints } = this.options;
    const { clock, random, log } = process;
    const transport: Transport = link;
    const client = createClient(transport);
    const runtime = process.guard<Runtime>(disguise.runtime(this.observed(observer)), {
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
      files: process.guard(disguise.files(this.manifests.files)),
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
        staticPods: { folder: manifestFolder },
      },
    });
    kubelet.start().catch((thrown: unknown) => log.error("kubelet did not start", { error: String(thrown) }));
  }

  /** The runtime, with what it is ordered told to the observer. */
  private observed(observer: RuntimeObserver): Runtime {
    const { runtime } = this;
    const stopping = async (concerns: (container: ContainerStatus) => boolean): Promise<void> => {
      for (const container of await runtime.listContainers())
        if (container.state === "running" && concerns(container)) observer.stops(this, container);
    };
    const calls: Partial<Runtime> = {
      startContainer: async (id) => {
        await runtime.startContainer(id);
        this.starts += 1;
        const container = await runtime.containerStatus(id);
        if (container !== "absent") observer.started(this, container);
      },
      stopContainer: async (id, grace) => {
        await stopping((container) => container.id === id);
        return runtime.stopContainer(id, grace);
      },
      removeContainer: async (id) => {
        await stopping((container) => container.id === id);
        return runtime.removeContainer(id);
      },
      stopPodSandbox: async (id) => {
        await stopping(({ sandboxId }) => sandboxId === id);
        return runtime.stopPodSandbox(id);
      },
      removePodSandbox: async (id) => {
        await stopping(({ sandboxId }) => sandboxId === id);
        return runtime.removePodSandbox(id);
      },
    };
    return otherwise<Runtime>(runtime, calls);
  }

  /** The containers go on. */
  killKubelet(): void {
    this.kubelet?.process.kill();
    this.kubelet = undefined;
  }

  async running(): Promise<readonly ContainerStatus[]> {
    return (await this.runtime.listContainers()).filter(({ state }) => state === "running");
  }

  /** Ends every running container as a crash of its process would. */
  async crashContainers(): Promise<void> {
    this.disturbed(11 * 60_000);
    for (const { id } of await this.running()) this.runtime.endContainer(id, 139);
  }
}

/** A port with some calls done otherwise. */
export const otherwise = <T extends object>(port: T, calls: Partial<T>): T =>
  new Proxy(port, {
    get: (target, name): unknown => {
      const instead: unknown = Reflect.get(calls, name);
      const value: unknown = instead ?? Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
