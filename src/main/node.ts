// Owns the composition of one node: its runtime, its kubelet, and who it is to the API server.
import { join } from "node:path";
import { statfs } from "node:fs/promises";
import { availableParallelism, totalmem } from "node:os";
import { createEventRecorder } from "../client/event-recorder.ts";
import { createInformers } from "../client/informer.ts";
import { createClient } from "../client/kube-client.ts";
import {
  createKubelet,
  createMachine,
  logRotationDefault,
  type RotationOptions,
} from "../kubelet/kubelet.ts";
import type { Taint } from "../model/generated/types.ts";
import type { EvictionSettings } from "../model/kubelet-configuration/eviction-settings.ts";
import type { ShutdownGrace } from "../model/kubelet-configuration/kubelet-configuration.ts";
import { kubernetesVersion } from "../model/version.ts";
import type { Transport } from "../model/wire.ts";
import { createProcessRuntime } from "../runtime/process/process-runtime.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { KeyPair } from "../world/certificates.ts";
import { realConnect } from "../world/real-connect.ts";
import { realGrpcHealth } from "../world/real-grpc-health.ts";
import { realMounts } from "../world/real-mounts.ts";
import { realDial } from "../world/real-dial.ts";
import type { Millis } from "../lib/units.ts";
import type { AccessSettings, StaticPodsConfig } from "../kubelet/kubelet.ts";
import type { World } from "./world.ts";

export interface NodeOptions {
  readonly name: string;
  /** Absent runs the node alone, on what its own sources tell. */
  readonly transport?: Transport;
  readonly rootDir: string;
  readonly nodeIp: string;
  readonly port: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly Taint[];
  readonly serving: KeyPair;
  /** Authority that the API server's client certificate chains to. */
  readonly clientCa: string | undefined;
  readonly address?: string | undefined;
  readonly podLogsDir?: string | undefined;
  readonly maxPods?: number | undefined;
  readonly heartbeatPeriod?: Millis | undefined;
  readonly staticPods?: StaticPodsConfig | undefined;
  readonly access?: AccessSettings | undefined;
  readonly readOnlyPort?: number | undefined;
  readonly streamIdleTimeout?: Millis | undefined;
  readonly shown?: Readonly<Record<string, unknown>> | undefined;
  readonly logRotation?: RotationOptions;
  readonly eviction?: EvictionSettings;
  readonly shutdownGraces?: readonly ShutdownGrace[];
  /** What of the capacity is not for pods. */
  readonly reservedOf?: (capacity: Readonly<Record<string, string>>) => Readonly<Record<string, string>>;
}

export interface RunningNode {
  /** The machine goes down: its pods end in order, where it is set how. */
  shutDown(): Promise<void>;
  /** Lets go of the node; its pods go on, or end too. */
  stop(how: { readonly pods: "keep" | "end" }): Promise<void>;
}

/** Resolves when the node's containers are found again and its server listens; registration goes on behind. */
export async function startNode(world: World, options: NodeOptions): Promise<RunningNode> {
  const { clock, random, files, network, processes } = world;
  const { name, transport, rootDir } = options;
  const log = world.log.with({ node: name });
  const runtime = await createProcessRuntime({
    folder: join(rootDir, "runtime"),
    files,
    processes,
    clock,
    log,
    random,
    connect: realConnect,
  });
  const cluster = transport === undefined ? undefined : clusterOf(world, transport, name);
  const capacity = await machineCapacity(rootDir);
  const kubelet = createKubelet({
    nodeName: name,
    ...cluster,
    runtime,
    clock,
    random,
    log,
    files,
    network,
    dial: realDial,
    grpcHealth: realGrpcHealth,
    mounts: realMounts(files, processes),
    machine: createMachine(files),
    config: {
      rootDir,
      podLogsDir: options.podLogsDir ?? join(rootDir, "logs"),
      nodeIp: options.nodeIp,
      port: options.port,
      labels: options.labels,
      taints: options.taints,
      capacity,
      reserved: options.reservedOf?.(capacity) ?? {},
      ...given("eviction", options.eviction),
      ...given("shutdownGraces", options.shutdownGraces),
      tls: { ...options.serving, ...(options.clientCa === undefined ? {} : { ca: options.clientCa }) },
      version: kubernetesVersion,
      logRotation: options.logRotation ?? logRotationDefault,
      ...given("address", options.address),
      ...given("maxPods", options.maxPods),
      ...given("heartbeatPeriod", options.heartbeatPeriod),
      ...given("staticPods", options.staticPods),
      ...serverConfig(options),
    },
  });
  await kubelet.start();
  return {
    shutDown: () => kubelet.shutDown(),
    async stop({ pods }) {
      await kubelet.stop();
      cluster?.informers.stop();
      if (pods === "end") await endContainers(runtime);
      await runtime.close();
    },
  };
}

const serverConfig = (options: NodeOptions) => ({
  ...given("access", options.access),
  ...given("readOnlyPort", options.readOnlyPort),
  ...given("streamIdleTimeout", options.streamIdleTimeout),
  ...given("shown", options.shown),
});

function clusterOf(world: World, transport: Transport, host: string) {
  const { clock, random } = world;
  const log = world.log.with({ node: host });
  const client = createClient(transport);
  const informers = createInformers({ transport, clock, random, log });
  const recorder = createEventRecorder({ client, clock, random, log, component: "kubelet", host });
  return { client, informers, recorder };
}

/** The setting where it is given, nothing where it isn't. */
const given = <K extends string, V>(key: K, value: V | undefined): { [key in K]?: V } =>
  // One key with a value of its type, or none.
  (value === undefined ? {} : { [key]: value }) as { [key in K]?: V };

/** What the machine has: all nodes of one machine have the same, for what runs on one is not taken from another. */
async function machineCapacity(rootDir: string): Promise<Record<string, string>> {
  const disk = await statfs(rootDir);
  return {
    cpu: String(availableParallelism()),
    memory: `${Math.floor(totalmem() / 1024)}Ki`,
    "ephemeral-storage": `${Math.floor((disk.blocks * disk.bsize) / 1024)}Ki`,
  };
}

/** Whoever ends a whole cluster waits no longer than this for any one container. */
const graceMax = 10_000;

async function endContainers(runtime: Runtime): Promise<void> {
  const running = (await runtime.listContainers()).filter(({ state }) => state === "running");
  await Promise.all(running.map(({ id }) => runtime.stopContainer(id, graceMax)));
}
