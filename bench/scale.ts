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
  type Running,
} from "./machine.ts";
import { followPods, namespace, type PodTally } from "./scale-watch.ts";

const addedNodes = 20;
const idleSeconds = 10;
const name = "bench-agent";

export interface ScaleFigures {
  readonly nodes: number;
  readonly syncMillis: number;
  readonly registerMillis: number;
  readonly createMillis: number;
  readonly rollTenthMillis: number;
  readonly rollAllMillis: number;
  readonly addedMillisMedian: number;
  readonly addedMillisWorst: number;
  readonly deleteMillis: number;
  /** Of the process of API server, store, controllers and scheduler; unknown where it isn't ours. */
  readonly controlPlane?: {
    readonly cpuMillisPerPod: number;
    /** Of the roll at 10 %. */
    readonly cpuMillisPerPodRolled: number;
    readonly peakMiB: number;
    readonly idlePercent: number;
    readonly idleMiB: number;
  };
  readonly kilobytesPerHollowNode: number;
}

/** Upstream's control plane, v1.20 with etcd, its clients' limits lifted; the issue this is measured against has the story. */
const reference: Readonly<
  Record<number, Partial<Record<keyof ScaleFigures | "cpu" | "memory" | "idle", number>>>
> = {
  1000: {
    createMillis: 6500,
    rollTenthMillis: 11_200,
    rollAllMillis: 10_300,
    deleteMillis: 4700,
    addedMillisMedian: 43,
    cpu: 12,
    memory: 1270,
    idle: 33,
  },
  5000: { createMillis: 107_000, memory: 3200 },
};

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

async function timed(work: () => Promise<number>): Promise<number> {
  const start = performance.now();
  return (await work()) - start;
}

interface Measured {
  readonly client: Client;
  readonly transport: Transport;
  readonly pods: PodTally;
  readonly nodes: number;
}

async function rolled(
  { client, pods, nodes }: Measured,
  image: string,
  maxUnavailable: string,
): Promise<number> {
  const { spec } = agentSet(image, maxUnavailable);
  return timed(async () => {
    await expectOk(
      "change the DaemonSet",
      client.of(daemonSet).patch({ name, namespace }, "merge", { spec }),
    );
    return pods.until((tally) => tally.readyOf(image) === nodes && tally.total === nodes);
  });
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
    const namePrefix = `added-${at}-`;
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

interface Cluster {
  readonly kubeconfig: string;
  readonly controlPlane: Running | undefined;
  /** Arguments to Node for the processes started. */
  readonly profile: readonly string[];
}

async function measure({ kubeconfig, controlPlane, profile }: Cluster, nodes: number): Promise<ScaleFigures> {
  const transport = httpTransport({
    network: realNetwork,
    access: await loadKubeconfig(realFiles, kubeconfig),
    agent: "everynode-bench",
  });
  const client = createClient(transport);
  const count = ["--count", String(nodes)];
  const hollow = await startEverynode(
    ["hollow-nodes", "--kubeconfig", kubeconfig, ...count, "--no-events"],
    profile,
  );
  const pods = followPods(transport, `app=${name}`);
  try {
    await sleep(3000);
    const cpu = () => (controlPlane === undefined ? 0 : cpuMillis(controlPlane.pid));
    const idleBegun = cpu();
    await sleep(idleSeconds * 1000);
    const idlePercent = (cpu() - idleBegun) / (idleSeconds * 10);
    const idleMiB = controlPlane === undefined ? 0 : residentMiB(controlPlane.pid);
    const kilobytesPerHollowNode = (residentMiB(hollow.pid) * 1024) / nodes;
    const measured: Measured = { client, transport, pods, nodes };
    const cpuBegun = cpu();
    const createMillis = await timed(async () => {
      await expectOk("create the DaemonSet", client.of(daemonSet).create(agentSet("agent:1", "10%")));
      return pods.until((tally) => tally.readyOf("agent:1") === nodes);
    });
    const cpuMillisPerPod = (cpu() - cpuBegun) / nodes;
    const rollBegun = cpu();
    const rollTenthMillis = await rolled(measured, "agent:2", "10%");
    const cpuMillisPerPodRolled = (cpu() - rollBegun) / nodes;
    const rollAllMillis = await rolled(measured, "agent:3", "100%");
    await sleep(1000);
    const added = await addedTimes(measured);
    const deleteMillis = await timed(async () => {
      await expectOk("delete the DaemonSet", client.of(daemonSet).delete({ name, namespace }));
      // The kubelets of the added nodes are gone, and with them who would end their pods.
      return pods.until((tally) => tally.total <= addedNodes);
    });
    const peakMiB = controlPlane === undefined ? 0 : residentPeakMiB(controlPlane.pid);
    return {
      nodes,
      syncMillis: syncMillis(),
      registerMillis: hollow.millis,
      createMillis,
      rollTenthMillis,
      rollAllMillis,
      addedMillisMedian: median(added),
      addedMillisWorst: Math.max(...added),
      deleteMillis,
      ...(controlPlane === undefined
        ? {}
        : { controlPlane: { cpuMillisPerPod, cpuMillisPerPodRolled, peakMiB, idlePercent, idleMiB } }),
      kilobytesPerHollowNode,
    };
  } finally {
    pods.stop();
    await end(hollow);
    if (controlPlane === undefined) await clean(client);
    await transport.close();
  }
}

/** Leaves a cluster that isn't ours as it was found. */
async function clean(client: Client): Promise<void> {
  const selector = { labelSelector: "everynode.io/hollow=true" };
  const { items } = await client.of(nodeKind).list(selector);
  for (const { metadata } of items) await client.of(nodeKind).delete({ name: metadata.name });
}

export async function benchScale(nodes: number, profile: readonly string[] = []): Promise<ScaleFigures> {
  const folder = mkdtempSync(join(tmpdir(), "everynode-bench-"));
  const kubeconfig = join(folder, "kubeconfig");
  const up = [
    "up",
    "--workers",
    "0",
    "--port",
    "0",
    "--data-dir",
    join(folder, "data"),
    "--kubeconfig",
    kubeconfig,
  ];
  const controlPlane = await startEverynode(up, profile);
  try {
    return await measure({ kubeconfig, controlPlane, profile }, nodes);
  } finally {
    await end(controlPlane);
    rmSync(folder, { recursive: true, force: true });
  }
}

const seconds = (millis: number): string => `${(millis / 1000).toFixed(2)} s`;
const asMillis = (millis: number): string => `${millis.toFixed(0)} ms`;

function table(all: readonly ScaleFigures[]): string {
  const lines: string[] = [];
  const row = (label: string, of: (figures: ScaleFigures) => string) =>
    lines.push(label.padEnd(38) + all.map((figures) => of(figures).padStart(26)).join(""));
  const beside = (key: keyof ScaleFigures, show: (value: number) => string) => (figures: ScaleFigures) => {
    const upstream = reference[figures.nodes]?.[key];
    return `${show(Number(figures[key]))}${upstream === undefined ? "" : ` (${show(upstream)})`}`;
  };
  const own =
    (key: "cpu" | "memory" | "idle", of: (figures: ScaleFigures) => number | undefined, unit: string) =>
    (figures: ScaleFigures) => {
      const [value, upstream] = [of(figures), reference[figures.nodes]?.[key]];
      return `${value?.toFixed(1) ?? "?"}${unit}${upstream === undefined ? "" : ` (${upstream}${unit})`}`;
    };
  row("nodes (in brackets: the reference)", ({ nodes }) => String(nodes));
  row("one synced 4 KB write, median", ({ syncMillis: millis }) => `${millis.toFixed(2)} ms`);
  row("nodes started until all registered", beside("registerMillis", seconds));
  row("created until all Ready", beside("createMillis", seconds));
  row("rolled, maxUnavailable 10 %", beside("rollTenthMillis", seconds));
  row("rolled, maxUnavailable 100 %", beside("rollAllMillis", seconds));
  row("node registered to Ready, median of 20", beside("addedMillisMedian", asMillis));
  row("node registered to Ready, worst of 20", beside("addedMillisWorst", asMillis));
  row("deleted until all gone", beside("deleteMillis", seconds));
  row(
    "CPU a pod created",
    own("cpu", (figures) => figures.controlPlane?.cpuMillisPerPod, " ms"),
  );
  row(
    "CPU a pod rolled at 10 %",
    (figures) => `${figures.controlPlane?.cpuMillisPerPodRolled.toFixed(1) ?? "?"} ms`,
  );
  row(
    "memory, peak",
    own("memory", (figures) => figures.controlPlane?.peakMiB, " MiB"),
  );
  row(
    "idle, CPU",
    own("idle", (figures) => figures.controlPlane?.idlePercent, " %"),
  );
  row(
    "a hollow node (with its process' share)",
    (figures) => `${figures.kilobytesPerHollowNode.toFixed(0)} KB`,
  );
  return lines.join("\n");
}

/** Of time over nodes, between the smallest and the largest cluster: 1 is linear. */
function growth(all: readonly ScaleFigures[]): string {
  const [first, last] = [all[0], all.at(-1)];
  if (first === undefined || last === undefined || first === last) return "";
  const exponent = (key: "createMillis" | "rollTenthMillis" | "rollAllMillis" | "deleteMillis") =>
    (Math.log(last[key] / first[key]) / Math.log(last.nodes / first.nodes)).toFixed(2);
  return `growth exponent ${first.nodes} to ${last.nodes} nodes: create ${exponent("createMillis")}, roll 10 % ${exponent("rollTenthMillis")}, roll 100 % ${exponent("rollAllMillis")}, delete ${exponent("deleteMillis")}`;
}

export async function run(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      nodes: { type: "string", default: "100,1000" },
      big: { type: "boolean", default: false },
      against: { type: "string" },
      profile: { type: "string" },
    },
  });
  const counts = [...values.nodes.split(",").map(Number), ...(values.big ? [5000] : [])];
  const profile = values.profile === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${values.profile}`];
  const { against } = values;
  const all: ScaleFigures[] = [];
  for (const nodes of counts)
    all.push(
      against === undefined
        ? await benchScale(nodes, profile)
        : await measure({ kubeconfig: against, controlPlane: undefined, profile }, nodes),
    );
  console.log(table(all));
  console.log(growth(all));
  const results = join(import.meta.dirname, "results");
  if (!existsSync(results)) mkdirSync(results);
  const file = join(results, `scale-${new Date().toISOString().replace(/[:.]/g, "-")}.json`);
  writeFileSync(file, JSON.stringify({ against: against ?? "everynode", figures: all }, undefined, 2));
  console.log(`written to ${file}`);
}

if (process.argv[1]?.endsWith("scale.ts") === true) await run(process.argv.slice(2));
