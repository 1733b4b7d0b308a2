// Owns hollow nodes: many real kubelets in one process, whose runtime only keeps books.
import type { Client, Informers } from "../client/client.ts";
import { createEventRecorder } from "../client/event-recorder.ts";
import { createInformers } from "../client/informer.ts";
import { createClient } from "../client/kube-client.ts";
import { createSharedInformers, placing, wholeOf } from "../client/shared-informers.ts";
import { createKubelet, type Kubelet } from "../kubelet/kubelet.ts";
import { node as nodeKind } from "../model/kinds/node.ts";
import { pod as podKind } from "../model/kinds/pod.ts";
import { kubernetesVersion } from "../model/version.ts";
import type { Transport } from "../model/wire.ts";
import { createSimulatedRuntime } from "../runtime/simulated/simulated-runtime.ts";
import { makeCertificate, type KeyPair } from "../world/certificates.ts";
import type { LogLevel } from "../world/log.ts";
import { realGrpcHealth } from "../world/real-grpc-health.ts";
import { realDial } from "../world/real-dial.ts";
import { reachCluster } from "./cluster-access.ts";
import { aborted, endingSignal } from "./ending.ts";
import {
  hollowFiles,
  openSharedPort,
  podKeyOfTarget,
  slottedClock,
  type SharedPort,
} from "./hollow-world.ts";
import { realWorld, type World } from "./world.ts";

export interface HollowOptions {
  readonly transport: Transport;
  readonly count: number;
  readonly namePrefix: string;
  readonly nodeIp: string;
  readonly port: number;
  /** Of the port they share. */
  readonly serving: KeyPair;
  readonly clientCa: string | undefined;
  /** Whether the kubelets write events; unset they do. */
  readonly events?: boolean;
}

export interface HollowNodes {
  /** Resolves when every node stands in the API. */
  readonly registered: Promise<void>;
  stop(): Promise<void>;
}

/** A cluster full of pods has pods of twice this on one node: room must not be what stops a test. */
const capacity = { cpu: "64", memory: "256Gi", "ephemeral-storage": "1Ti", pods: "500" };
const rootDir = "/var/lib/everynode-hollow";
const podLogsDir = "/var/log/pods";
// A server meets so many registrations at a time; more at once would only wait in its queues.
const registeringMax = 64;

export async function startHollowNodes(world: World, options: HollowOptions): Promise<HollowNodes> {
  const { clock, random, log, network } = world;
  const { transport, namePrefix, count, nodeIp } = options;
  const client = createClient(transport);
  const whole = createInformers({ transport, clock, random, log });
  // One node alone follows only what is its own, as any kubelet does.
  const informers = count === 1 ? whole : sharedByNodes(whole);
  const all = count === 1 ? undefined : whole.of(podKind, wholeOf(boundPods));
  const nodeOf = (target: string) =>
    all === undefined ? `${namePrefix}1` : all.get(podKeyOfTarget(target) ?? "")?.spec?.nodeName;
  const shared = await openSharedPort(
    network,
    {
      host: nodeIp,
      port: options.port,
      tls: { ...options.serving, ...(options.clientCa === undefined ? {} : { ca: options.clientCa }) },
    },
    nodeOf,
  );
  const make = kubeletMaker(world, options, { client, informers, shared });
  const kubelets: Kubelet[] = [];
  let stopped = false;
  const names = Array.from({ length: count }, (_, at) => `${namePrefix}${at + 1}`).values();
  const start = async (): Promise<void> => {
    for (const name of names) {
      if (stopped) return;
      const kubelet = make(name);
      kubelets.push(kubelet);
      await kubelet.start();
      await kubelet.registered;
    }
  };
  const registered = Promise.all(Array.from({ length: registeringMax }, start)).then(() => undefined);
  return {
    registered,
    async stop() {
      stopped = true;
      await Promise.all(kubelets.map((kubelet) => kubelet.stop()));
      informers.stop();
      await shared.close();
    },
  };
}

const boundPods = { field: "spec.nodeName", someHaveNone: true };

const sharedByNodes = (whole: Informers): Informers =>
  createSharedInformers(whole, [
    placing({ ...boundPods, kind: podKind, placeOf: ({ spec }) => spec?.nodeName }),
    placing({ kind: nodeKind, field: "metadata.name", placeOf: ({ metadata }) => metadata.name }),
  ]);

interface Common {
  readonly client: Client;
  readonly informers: Informers;
  readonly shared: SharedPort;
}

function kubeletMaker(world: World, options: HollowOptions, common: Common): (name: string) => Kubelet {
  const { clock, random } = world;
  const { client, informers, shared } = common;
  const log = world.log.with({ component: "hollow-nodes" });
  const files = hollowFiles(world.files, [rootDir, podLogsDir]);
  const config = {
    rootDir,
    podLogsDir,
    nodeIp: options.nodeIp,
    port: shared.port,
    labels: { "everynode.io/hollow": "true" },
    capacity,
    maxPods: Number(capacity.pods),
    version: kubernetesVersion,
    // The books tell every event: looking them over again would only cost.
    relistPeriod: 3_600_000,
  };
  const together = options.count === 1 ? clock : slottedClock(clock);
  return (nodeName) =>
    createKubelet({
      nodeName,
      client,
      informers,
      runtime: createSimulatedRuntime({ clock, random }),
      clock: together,
      random,
      log,
      files,
      network: shared.networkFor(nodeName),
      dial: realDial,
      grpcHealth: realGrpcHealth,
      config,
      ...(options.events === false
        ? {}
        : {
            recorder: createEventRecorder({
              client,
              clock,
              random,
              log,
              component: "kubelet",
              host: nodeName,
            }),
          }),
    });
}

export interface HollowCommand {
  readonly kubeconfig: string;
  readonly count: number;
  readonly namePrefix: string;
  readonly nodeIp: string;
  readonly port: number;
  readonly events: boolean;
  readonly logLevel: LogLevel;
}

const year = 365 * 86_400_000;

/** Runs until SIGINT or SIGTERM. The nodes stay in the API: like machines that were switched off. */
export async function runHollowNodes(command: HollowCommand): Promise<void> {
  const world = realWorld(command.logLevel);
  const signal = endingSignal();
  const { access, transport } = await reachCluster(world, command.kubeconfig, "everynode-hollow-nodes");
  const serving = await makeCertificate(world.clock, {
    commonName: "everynode-hollow-nodes",
    organizations: ["system:nodes"],
    use: { is: "server", names: [command.nodeIp] },
    validFor: year,
  });
  const nodes = await startHollowNodes(world, { ...command, transport, serving, clientCa: access.ca });
  await Promise.race([nodes.registered, aborted(signal)]);
  if (!signal.aborted)
    console.log(
      `ready nodes=${command.count} from=${command.namePrefix}1 to=${command.namePrefix}${command.count}`,
    );
  await aborted(signal);
  await nodes.stop();
  await transport.close();
}
