// Owns the figures of a whole cluster on this machine: cold start, idle cost, and how soon a new node's daemon pod is bound.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "../src/client/kube-client.ts";
import { httpTransport } from "../src/client/http-transport.ts";
import { loadKubeconfig } from "../src/client/load-kubeconfig.ts";
import type { Client } from "../src/client/client.ts";
import type { DaemonSet, Node, Pod } from "../src/model/generated/types.ts";
import { daemonSet } from "../src/model/kinds/daemon-set.ts";
import { node as nodeKind } from "../src/model/kinds/node.ts";
import type { Draft } from "../src/model/meta.ts";
import { realFiles } from "../src/world/real-files.ts";
import { realNetwork } from "../src/world/real-network.ts";
import { cpuMillis, end, median, residentMiB, sleep, startEverynode, syncMillis } from "./machine.ts";

const newNodes = 20;
const idleSeconds = 20;

export interface ClusterFigures {
  /** Of one small write on this disk: a pod bound is two commits of its own, one after the other. */
  readonly syncMillis: number;
  readonly coldStartMillis: number;
  readonly idleResidentMiB: number;
  readonly idleCpuPercent: number;
  readonly boundMillisMedian: number;
  readonly boundMillisWorst: number;
}

const agentSet: Draft<DaemonSet> = {
  apiVersion: "apps/v1",
  kind: "DaemonSet",
  metadata: { name: "agent", namespace: "default" },
  spec: {
    selector: { matchLabels: { app: "agent" } },
    template: {
      metadata: { labels: { app: "agent" } },
      spec: {
        nodeSelector: { bench: "yes" },
        containers: [{ name: "agent", image: "host", command: ["sleep", "1000000"] }],
      },
    },
  },
};

const benchNode = (name: string): Draft<Node> => ({
  apiVersion: "v1",
  kind: "Node",
  metadata: { name, labels: { bench: "yes" } },
  spec: {},
  status: {
    allocatable: { cpu: "4", memory: "8Gi", pods: "110" },
    conditions: [{ type: "Ready", status: "True" }],
  },
});

/** Registers nodes without kubelets one after the other; each time is from the answered registration to the bound pod. */
async function boundTimes(client: Client, signal: AbortSignal): Promise<number[]> {
  const bound = new Map<string, () => void>();
  const watching = (async () => {
    for await (const events of client.transport.watch(
      { method: "GET", path: "/api/v1/namespaces/default/pods", query: { watch: "1" } },
      signal,
    ))
      for (const event of events)
        if (event.type === "ADDED" || event.type === "MODIFIED")
          bound.get((event.object as Pod).spec?.nodeName ?? "")?.();
  })().catch(() => undefined);
  const times: number[] = [];
  for (let at = 0; at < newNodes; at++) {
    const name = `bench-${at}`;
    const seen = new Promise<void>((resolve) => bound.set(name, resolve));
    const answer = await client.of(nodeKind).create(benchNode(name));
    if (answer.is !== "ok") throw new Error(`cannot create node ${name}: ${answer.status.message}`);
    const registered = performance.now();
    await seen;
    times.push(performance.now() - registered);
  }
  void watching;
  return times;
}

export async function benchCluster(): Promise<ClusterFigures> {
  const folder = mkdtempSync(join(tmpdir(), "everynode-bench-"));
  const up = await startEverynode([
    "up",
    "--workers",
    "3",
    "--port",
    "0",
    "--data-dir",
    join(folder, "data"),
    "--kubeconfig",
    join(folder, "kubeconfig"),
  ]);
  const { pid } = up;
  const stop = new AbortController();
  try {
    await sleep(5_000);
    const before = cpuMillis(pid);
    await sleep(idleSeconds * 1000);
    const idleCpuPercent = (cpuMillis(pid) - before) / (idleSeconds * 10);
    const idleResidentMiB = residentMiB(pid);
    const transport = httpTransport({
      network: realNetwork,
      access: await loadKubeconfig(realFiles, join(folder, "kubeconfig")),
      agent: "everynode-bench",
    });
    const client = createClient(transport);
    const created = await client.of(daemonSet).create(agentSet);
    if (created.is !== "ok") throw new Error(`cannot create the DaemonSet: ${created.status.message}`);
    const times = await boundTimes(client, stop.signal);
    stop.abort();
    await transport.close();
    return {
      syncMillis: syncMillis(),
      coldStartMillis: up.millis,
      idleResidentMiB,
      idleCpuPercent,
      boundMillisMedian: median(times),
      boundMillisWorst: Math.max(...times),
    };
  } finally {
    stop.abort();
    await end(up);
    rmSync(folder, { recursive: true, force: true });
  }
}
