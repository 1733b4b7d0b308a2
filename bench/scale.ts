// Owns the measure of DaemonSets over hollow nodes, through the real HTTP API over TLS: created, rolled, a node added, deleted.
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Client } from "../src/client/client.ts";
import { httpTransport } from "../src/client/http-transport.ts";
import { createClient } from "../src/client/kube-client.ts";
import { loadKubeconfig } from "../src/client/load-kubeconfig.ts";
import { startHollowNodes } from "../src/main/hollow-nodes.ts";
import { realWorld } from "../src/main/world.ts";
import type { DaemonSet } from "../src/model/generated/types.ts";
import { daemonSet } from "../src/model/kinds/daemon-set.ts";
import { lease } from "../src/model/kinds/lease.ts";
import { node as nodeKind } from "../src/model/kinds/node.ts";
import type { Draft } from "../src/model/meta.ts";
import type { Transport } from "../src/model/wire.ts";
import { makeCertificate } from "../src/world/certificates.ts";
import { realFiles } from "../src/world/real-files.ts";
import { realNetwork } from "../src/world/real-network.ts";
import {
  cpuMillis,
  end,
  median,
  residentMiB,
  residentPeakMiB,
  sleep,
  startEverynode,
  syncMillis,
} from "./machine.ts";
import { growth, requestLines, table, type Phase, type ScaleFigures } from "./scale-figures.ts";
import { requestsAnswered, requestsBetween } from "./scale-requests.ts";
import { followPods, namespace, type PodTally } from "./scale-watch.ts";

const addedNodes = 20;
const idleSeconds = 10;
const name = "bench-agent";

const agentSet = (image: string, maxUnavailable: string): Draft<DaemonSet> => ({
  apiVersion: "apps/v1",
  kind: "DaemonSet",
  metadata: { name, namespace },
  spec: {
    selector: { matchLabels: { app: name } },
    updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable } },
    template: {
      metadata: { labels: { app: name } },
      spec: {
        nodeSelector: { "everynode.io/hollow": "true" },
        terminationGracePeriodSeconds: 1,
        containers: [{ name: "agent", image, resources: { requests: { cpu: "10m", memory: "16Mi" } } }],
      },
    },
  },
});

async function expectOk(what: string, answer: Promise<{ is: string }>): Promise<void> {
  const { is } = await answer;
  if (is !== "ok") throw new Error(`cannot ${what}: ${JSON.stringify(await answer)}`);
}

/** The processes measured. */
interface Processes {
  /** Of API server, store, controllers and scheduler; none where they aren't known. */
  readonly controlPlane: readonly number[];
  readonly hollowNodes: number;
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

interface Measured {
  readonly client: Client;
  readonly transport: Transport;
  readonly pods: PodTally;
  readonly nodes: number;
  readonly processes: Processes;
}

/** Makes the change, and waits until it is carried out. */
async function phase(
  { transport, pods, nodes, processes }: Measured,
  change: () => Promise<void>,
  isDone: (tally: PodTally) => boolean,
): Promise<Phase> {
  const before = await requestsAnswered(transport);
  const cpu = () => ({
    controlPlane: sum(processes.controlPlane.map(cpuMillis)),
    hollowNodes: cpuMillis(processes.hollowNodes),
  });
  const used = cpu();
  const start = performance.now();
  await change();
  const millis = (await pods.until(isDone)) - start;
  const now = cpu();
  return {
    millis,
    requestsPerPod: requestsBetween(before, await requestsAnswered(transport), nodes),
    cpuMillisPerPod: {
      hollowNodes: (now.hollowNodes - used.hollowNodes) / nodes,
      ...(processes.controlPlane.length === 0
        ? {}
        : { controlPlane: (now.controlPlane - used.controlPlane) / nodes }),
    },
  };
}

function created(measured: Measured): Promise<Phase> {
  return phase(
    measured,
    () => expectOk("create the DaemonSet", measured.client.of(daemonSet).create(agentSet("agent:1", "10%"))),
    (tally) => tally.readyOf("agent:1") === measured.nodes,
  );
}

function roll(measured: Measured, image: string, maxUnavailable: string): Promise<Phase> {
  const { spec } = agentSet(image, maxUnavailable);
  return phase(
    measured,
    () =>
      expectOk(
        "change the DaemonSet",
        measured.client.of(daemonSet).patch({ name, namespace }, "merge", { spec }),
      ),
    (tally) => tally.readyOf(image) === measured.nodes && tally.total === measured.nodes,
  );
}

/** Real kubelets in this process, one after the other; each time is from the node in the API to its pod Ready. */
async function addedTimes({ transport, pods }: Measured): Promise<number[]> {
  const world = realWorld("error");
  const serving = await makeCertificate(world.clock, {
    commonName: "bench",
    use: { is: "server", names: ["127.0.0.1"] },
    validFor: 86_400_000,
  });
  const times: number[] = [];
  for (let at = 0; at < addedNodes; at++) {
    const namePrefix = `${addedPrefix}${at}-`;
    const ready = pods.readyOn(`${namePrefix}1`);
    const of = { namePrefix, count: 1, nodeIp: "127.0.0.1", port: 0, serving, clientCa: undefined };
    const node = await startHollowNodes(world, { ...of, transport, events: false });
    await node.registered;
    const registered = performance.now();
    times.push(Math.max(0, (await ready) - registered));
    // Quiet in between, as when a machine joins.
    await sleep(100);
    await node.stop();
  }
  return times;
}

const hollowPrefix = "hollow-";
const addedPrefix = "added-";

interface Cluster {
  readonly of: string;
  readonly kubeconfig: string;
  readonly controlPlane: readonly number[];
  /** Whether it lives on after the measure and is to be left as it was found. */
  readonly stays: boolean;
  /** Arguments to Node for the processes started. */
  readonly profile: readonly string[];
}

async function measure(
  { of, kubeconfig, controlPlane, stays, profile }: Cluster,
  nodes: number,
): Promise<ScaleFigures> {
  const transport = httpTransport({
    network: realNetwork,
    access: await loadKubeconfig(realFiles, kubeconfig),
    agent: "everynode-bench",
  });
  const client = createClient(transport);
  const count = ["--count", String(nodes), "--name-prefix", hollowPrefix];
  const hollow = await startEverynode(
    ["hollow-nodes", "--kubeconfig", kubeconfig, ...count, "--no-events"],
    profile,
  );
  const pods = followPods(transport, `app=${name}`);
  const processes: Processes = { controlPlane, hollowNodes: hollow.pid };
  try {
    const measured: Measured = { client, transport, pods, nodes, processes };
    const idle = await idleFigures(processes);
    const create = await created(measured);
    const rollTenth = await roll(measured, "agent:2", "10%");
    const rollAll = await roll(measured, "agent:3", "100%");
    await sleep(1000);
    const added = await addedTimes(measured);
    const gone = await phase(
      measured,
      () => expectOk("delete the DaemonSet", client.of(daemonSet).delete({ name, namespace })),
      // The kubelets of the added nodes are gone, and with them who would end their pods.
      (tally) => tally.total <= addedNodes,
    );
    const peaks = withPeaks(idle, processes);
    await sleep(1000);
    // By a control plane that has run for a while, where the first is by one just started.
    const createAgain = await created(measured);
    return {
      of,
      nodes,
      syncMillis: syncMillis(),
      registerMillis: hollow.millis,
      phases: { create, rollTenth, rollAll, delete: gone, createAgain },
      addedMillisMedian: median(added),
      addedMillisWorst: Math.max(...added),
      ...peaks,
    };
  } finally {
    pods.stop();
    await end(hollow);
    if (stays) await clean(client);
    await transport.close();
  }
}

type IdleFigures = Pick<ScaleFigures, "controlPlane" | "hollowNodes">;

async function idleFigures({ controlPlane, hollowNodes }: Processes): Promise<IdleFigures> {
  // What registration left to do is over by then, and with it the heartbeats' first turn.
  await sleep(3000);
  const cpu = () => [sum(controlPlane.map(cpuMillis)), cpuMillis(hollowNodes)] as const;
  const before = cpu();
  await sleep(idleSeconds * 1000);
  const after = cpu();
  const percent = (at: 0 | 1) => (after[at] - before[at]) / (idleSeconds * 10);
  return {
    ...(controlPlane.length === 0
      ? {}
      : {
          controlPlane: { idlePercent: percent(0), idleMiB: sum(controlPlane.map(residentMiB)), peakMiB: 0 },
        }),
    hollowNodes: { idlePercent: percent(1), idleMiB: residentMiB(hollowNodes), peakMiB: 0 },
  };
}

const withPeaks = (idle: IdleFigures, { controlPlane, hollowNodes }: Processes): IdleFigures => ({
  ...(idle.controlPlane === undefined
    ? {}
    : { controlPlane: { ...idle.controlPlane, peakMiB: sum(controlPlane.map(residentPeakMiB)) } }),
  hollowNodes: { ...idle.hollowNodes, peakMiB: residentPeakMiB(hollowNodes) },
});

/** Leaves a cluster as it was found. */
async function clean(client: Client): Promise<void> {
  await client.of(daemonSet).delete({ name, namespace });
  const { items } = await client.of(nodeKind).list({ labelSelector: "everynode.io/hollow=true" });
  const remove = async (nodeName: string): Promise<void> => {
    await client.of(nodeKind).delete({ name: nodeName });
    await client.of(lease).delete({ name: nodeName, namespace: "kube-node-lease" });
  };
  const own = items.map(({ metadata }) => metadata.name).filter((one) => /^(?:hollow|added)-/.test(one));
  for (let at = 0; at < own.length; at += 32) await Promise.all(own.slice(at, at + 32).map(remove));
}

async function benchOurs(nodes: number, profile: readonly string[] = []): Promise<ScaleFigures> {
  const folder = mkdtempSync(join(tmpdir(), "everynode-bench-"));
  const kubeconfig = join(folder, "kubeconfig");
  const where = ["--data-dir", join(folder, "data"), "--kubeconfig", kubeconfig];
  const up = await startEverynode(["up", "--workers", "0", "--port", "0", ...where], profile);
  try {
    return await measure(
      { of: "everynode", kubeconfig, controlPlane: [up.pid], stays: false, profile },
      nodes,
    );
  } finally {
    await end(up);
    rmSync(folder, { recursive: true, force: true });
  }
}

export async function run(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      nodes: { type: "string", default: "100,1000,5000" },
      against: { type: "string" },
      "against-pids": { type: "string", default: "" },
      profile: { type: "string" },
    },
  });
  const profile = values.profile === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${values.profile}`];
  const { against } = values;
  const pids = values["against-pids"].split(",").filter((pid) => pid !== "");
  const all: ScaleFigures[] = [];
  for (const nodes of values.nodes.split(",").map(Number)) {
    all.push(await benchOurs(nodes, profile));
    if (against !== undefined)
      all.push(
        await measure(
          { of: against, kubeconfig: against, controlPlane: pids.map(Number), stays: true, profile: [] },
          nodes,
        ),
      );
  }
  console.log(table(all));
  for (const figures of all) console.log(requestLines(figures));
  console.log(growth(all));
  const results = join(import.meta.dirname, "results");
  if (!existsSync(results)) mkdirSync(results);
  const file = join(results, `scale-${new Date().toISOString().replace(/[:.]/g, "-")}.json`);
  writeFileSync(file, JSON.stringify(all, undefined, 2));
  console.log(`written to ${file}`);
}

if (process.argv[1]?.endsWith("scale.ts") === true) await run(process.argv.slice(2));
