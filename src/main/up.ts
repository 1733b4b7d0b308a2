// Owns `everynode up`: a whole cluster in one process, started, shown and ended in order.
import { resolve } from "node:path";
import { createInformers } from "../client/informer.ts";
import type { InformerChange } from "../client/client.ts";
import { createClient } from "../client/kube-client.ts";
import type { Node } from "../model/generated/types.ts";
import { node as nodeKind } from "../model/kinds/node.ts";
import type { Caller } from "../model/wire.ts";
import type { LogLevel } from "../world/log.ts";
import type { EtcdFlags } from "./open-store.ts";
import { startApiServer, writeAdminKubeconfig, type ApiServer } from "./start-api-server.ts";
import {
  controllerManagerCaller,
  runControllers,
  runLeading,
  runScheduler,
  schedulerCaller,
  type ComponentOptions,
} from "./components.ts";
import { showDemo } from "./demo.ts";
import { startHollowNodes, type HollowNodes } from "./hollow-nodes.ts";
import { aborted, endingSignal, sharedAbort } from "./ending.ts";
import { startNode, type RunningNode } from "./node.ts";
import { Refusal } from "./refusal.ts";
import { realWorld, type World } from "./world.ts";

export interface UpOptions extends EtcdFlags {
  readonly workers: number;
  readonly dataDir: string;
  readonly port: number;
  readonly kubeconfig?: string;
  readonly hollowNodes: number;
  readonly demo?: boolean;
  readonly logLevel: LogLevel;
}

const controlPlane = "control-plane";
const admin: Caller = {
  name: "kubernetes-admin",
  groups: ["system:masters", "system:authenticated"],
  agent: "everynode",
};

/** Runs until SIGINT or SIGTERM. */
export async function runUp(options: UpOptions): Promise<void> {
  const world = realWorld(options.logLevel);
  const signal = endingSignal();
  const dataDir = resolve(options.dataDir);
  const server = await startApiServer(world, {
    dataDir,
    host: "127.0.0.1",
    port: options.port,
    etcd: options,
  });
  const stop = sharedAbort();
  const { ca } = server.authority;
  const lead = leading(world, server, { signal: stop.signal, isShared: options.etcdServers !== undefined });
  const background = [
    lead("kube-controller-manager", controllerManagerCaller, (parts) =>
      runControllers(world, { ...parts, ca: ca.cert, signingPair: ca }),
    ),
    lead("kube-scheduler", schedulerCaller, (parts) => runScheduler(world, parts)),
  ];
  // A controller that throws is a bug: the process ends, and what it kept is found again by the next.
  const broken = Promise.race(background.map((running) => running.then(() => aborted(signal))));
  const [nodes, hollow] = await Promise.all([
    startNodes(world, server, { dataDir, workers: options.workers }),
    options.hollowNodes === 0 ? undefined : startHollow(world, server, options.hollowNodes),
  ]);
  try {
    await Promise.race([present(world, server, { ...options, dataDir, signal }), broken]);
    await aborted(signal);
  } finally {
    stop.abort();
    await Promise.all([hollow?.stop(), ...nodes.map((node) => node.stop({ pods: "end" }))]);
    await Promise.allSettled(background);
    await server.close();
  }
}

/** On a store that others may share, controllers and scheduler wait for their Lease. */
function leading(
  world: World,
  server: ApiServer,
  { signal, isShared }: { signal: AbortSignal; isShared: boolean },
): (lease: string, caller: Caller, run: (parts: ComponentOptions) => Promise<void>) => Promise<void> {
  return async (lease, caller, run) => {
    const transport = server.transportFor(caller);
    if (!isShared) return run({ transport, signal });
    const parts = { transport, signal, lease, run: (held: AbortSignal) => run({ transport, signal: held }) };
    if ((await runLeading(world, parts)) === "lost")
      throw new Refusal(
        `cannot go on as leader: another process holds the Lease ${lease}; start this one again`,
      );
  };
}

interface Fleet {
  readonly dataDir: string;
  readonly workers: number;
}

function startNodes(world: World, server: ApiServer, { dataDir, workers }: Fleet): Promise<RunningNode[]> {
  const names = [controlPlane, ...Array.from({ length: workers }, (_, at) => `worker-${at + 1}`)];
  return Promise.all(
    names.map(async (name) => {
      const rootDir = resolve(dataDir, "nodes", name);
      const manifests = resolve(rootDir, "manifests");
      await world.files.makeFolder(manifests);
      return startNode(world, {
        name,
        staticPods: { folder: manifests },
        transport: server.transportFor({
          name: `system:node:${name}`,
          groups: ["system:nodes", "system:authenticated"],
          agent: "kubelet",
        }),
        rootDir,
        nodeIp: "127.0.0.1",
        port: 0,
        labels: name === controlPlane ? { "node-role.kubernetes.io/control-plane": "" } : {},
        taints:
          name === controlPlane
            ? [{ key: "node-role.kubernetes.io/control-plane", effect: "NoSchedule" }]
            : [],
        serving: await server.authority.issue(`kubelet-${name}`, {
          commonName: `system:node:${name}`,
          organizations: ["system:nodes"],
          use: { is: "both", names: [name, "127.0.0.1", "localhost"] },
        }),
        clientCa: server.authority.ca.cert,
      });
    }),
  );
}

/** Their containers are books of this process: with its end the nodes are machines switched off. */
async function startHollow(world: World, server: ApiServer, count: number): Promise<HollowNodes> {
  return startHollowNodes(world, {
    transport: server.transportFor(admin),
    count,
    namePrefix: "hollow-",
    nodeIp: "127.0.0.1",
    port: 0,
    serving: await server.authority.issue("hollow-nodes", {
      commonName: "everynode-hollow-nodes",
      organizations: ["system:nodes"],
      use: { is: "server", names: ["127.0.0.1", "localhost"] },
    }),
    clientCa: server.authority.ca.cert,
  });
}

interface Presented extends UpOptions {
  readonly signal: AbortSignal;
}

/** Writes the kubeconfig, waits for every node and says so in one line; then, where asked, the demonstration. */
async function present(world: World, server: ApiServer, options: Presented): Promise<void> {
  const kubeconfig = resolve(options.kubeconfig ?? `${options.dataDir}/kubeconfig`);
  try {
    await writeAdminKubeconfig(world, server, kubeconfig);
  } catch (thrown) {
    throw new Refusal(
      `cannot write the kubeconfig ${kubeconfig}: ${thrown instanceof Error ? thrown.message : String(thrown)}`,
    );
  }
  const count = options.workers + 1 + options.hollowNodes;
  const transport = server.transportFor(admin);
  const { clock, random, log } = world;
  const informers = createInformers({ transport, clock, random, log });
  try {
    await nodesReady(informers.of(nodeKind), count, options.signal);
    if (options.signal.aborted) return;
    console.log(`ready ${server.url} nodes=${count} kubeconfig=${kubeconfig}`);
    if (options.demo === true)
      await showDemo(world, { client: createClient(transport), informers, signal: options.signal });
  } finally {
    informers.stop();
  }
}

const isReady = (node: Node): boolean =>
  node.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") ?? false;

interface NodeCopy {
  onChange(told: (change: InformerChange<Node>) => void): () => void;
}

function nodesReady(nodes: NodeCopy, count: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const ready = new Set<string>();
    let end: (() => void) | undefined;
    const look = () => {
      if (ready.size < count && !signal.aborted) return;
      end?.();
      signal.removeEventListener("abort", look);
      resolve();
    };
    signal.addEventListener("abort", look, { once: true });
    end = nodes.onChange(({ is, object }) => {
      if (is !== "removed" && isReady(object)) ready.add(object.metadata.name);
      else ready.delete(object.metadata.name);
      look();
    });
    look();
  });
}
