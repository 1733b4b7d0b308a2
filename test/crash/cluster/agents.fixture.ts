// Owns what the crash tests of a cluster look at: a ledger of acknowledged writes, and the agents that really run.
import { readFileSync } from "node:fs";
import { createClient } from "../../../src/client/kube-client.ts";
import { httpTransport } from "../../../src/client/http-transport.ts";
import { loadKubeconfig } from "../../../src/client/load-kubeconfig.ts";
import type { Client } from "../../../src/client/client.ts";
import type { DaemonSet } from "../../../src/model/generated/types.ts";
import { configMap } from "../../../src/model/kinds/config-map.ts";
import { daemonSet } from "../../../src/model/kinds/daemon-set.ts";
import { pod as podKind } from "../../../src/model/kinds/pod.ts";
import type { Draft } from "../../../src/model/meta.ts";
import { realFiles } from "../../../src/world/real-files.ts";
import { realNetwork } from "../../../src/world/real-network.ts";
import { eventually, processesMarked } from "../../walkthrough/harness.ts";

export interface Reached {
  readonly client: Client;
  close(): Promise<void>;
}

export async function reach(kubeconfig: string): Promise<Reached> {
  const access = await loadKubeconfig(realFiles, kubeconfig);
  const transport = httpTransport({ network: realNetwork, access, agent: "crash" });
  return { client: createClient(transport), close: () => transport.close().catch(() => undefined) };
}

const mapOf = (name: string, count: number) => ({
  apiVersion: "v1" as const,
  kind: "ConfigMap" as const,
  metadata: { name, namespace: "default" },
  data: { count: String(count) },
});

/** Every write that was acknowledged, so that a store can be held to it. */
export class Ledger {
  private readonly counts = new Map<string, number>();
  private made = 0;
  acknowledged = 0;

  /** Creates and updates without pause until the server is gone or the signal aborts. */
  async write(client: Client, signal?: AbortSignal): Promise<void> {
    try {
      while (signal?.aborted !== true) await this.one(client);
    } catch {
      // The connection is cut: whether the last write counts is not known.
    }
  }

  private async one(client: Client): Promise<void> {
    const maps = client.of(configMap);
    const name = `ledger-${this.made++}`;
    if ((await maps.create(mapOf(name, 0))).is !== "ok") return;
    this.note(name, 0);
    for (let count = 1; count <= 3; count++) {
      const answer = await maps.patch({ name, namespace: "default" }, "merge", {
        data: { count: String(count) },
      });
      if (answer.is === "ok") this.note(name, count);
    }
  }

  private note(name: string, count: number): void {
    this.counts.set(name, count);
    this.acknowledged++;
  }

  /** What was acknowledged and is not there. */
  async lost(client: Client): Promise<string[]> {
    // What is acknowledged while the list is read need not be in it.
    const owed = [...this.counts];
    const { items } = await client.of(configMap).list({ namespace: "default" });
    const found = new Map(items.map(({ metadata, data }) => [metadata.name, Number(data?.["count"])]));
    return owed.filter(([name, count]) => !((found.get(name) ?? -1) >= count)).map(([name]) => name);
  }
}

const agentSet = (mark: string, round: number): Draft<DaemonSet> => ({
  apiVersion: "apps/v1",
  kind: "DaemonSet",
  metadata: { name: "agent", namespace: "default" },
  spec: {
    selector: { matchLabels: { app: "agent" } },
    updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: "100%" } },
    template: {
      metadata: { labels: { app: "agent" } },
      spec: {
        terminationGracePeriodSeconds: 1,
        containers: [
          {
            name: "agent",
            image: "host",
            command: ["sleep", "1000000"],
            env: [
              { name: "MARK", value: mark },
              { name: "ROUND", value: String(round) },
              { name: "NODE", valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } } },
            ],
          },
        ],
      },
    },
  },
});

export async function applyAgents(client: Client, mark: string, round: number): Promise<void> {
  const sets = client.of(daemonSet);
  const created = await sets.create(agentSet(mark, round));
  if (created.is === "ok") return;
  const { spec } = agentSet(mark, round);
  const patched = await sets.patch({ name: "agent", namespace: "default" }, "merge", { spec });
  if (patched.is !== "ok") throw new Error(`cannot apply the agents: ${patched.status.message}`);
}

export interface Agent {
  readonly pid: number;
  readonly node: string;
  readonly round: string;
}

interface Marked extends Agent {
  readonly container: string;
  readonly isAgent: boolean;
}

/** Every process of an agent's container: the agent itself and the shells over it. */
function marked(mark: string): Marked[] {
  return processesMarked(`MARK=${mark}`).flatMap((pid) => {
    try {
      const pairs = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
      const value = (name: string) =>
        pairs.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1) ?? "";
      const isAgent = readFileSync(`/proc/${pid}/cmdline`, "utf8").startsWith("sleep\0");
      const container = value("EVERYNODE_CONTAINER_FOLDER");
      return [{ pid, node: value("NODE"), round: value("ROUND"), container, isAgent }];
    } catch {
      return [];
    }
  });
}

export const agents = (mark: string): Agent[] => marked(mark).filter(({ isAgent }) => isAgent);

/** Processes whose container has no agent: what is left of one that is gone. */
function orphans(mark: string): number[] {
  const found = marked(mark);
  const alive = new Set(found.filter(({ isAgent }) => isAgent).map(({ container }) => container));
  return found.filter(({ container }) => !alive.has(container)).map(({ pid }) => pid);
}

/** Nodes on which more than one agent runs at this moment. */
export function doubled(mark: string): string[] {
  const nodes = agents(mark).map(({ node }) => node);
  return nodes.filter((node, at) => nodes.indexOf(node) !== at);
}

/** Waits for one process of this round on each node, no other, and one Ready pod for each in the API. */
export async function converged(
  client: Client,
  { mark, round, nodes }: { mark: string; round: number; nodes: readonly string[] },
): Promise<readonly Agent[]> {
  const wanted = nodes.map((node) => `${node} ${round}`).sort();
  return eventually("one agent on each node", async () => {
    const running = agents(mark);
    const found = running.map(({ node, round: of }) => `${node} ${of}`).sort();
    if (JSON.stringify(found) !== JSON.stringify(wanted)) throw new Error(`runs: ${found.join(", ")}`);
    const left = orphans(mark);
    if (left.length > 0) throw new Error(`left over: ${left.join(" ")}`);
    const { items } = await client.of(podKind).list({ namespace: "default" });
    const ready = items
      .filter(({ status }) =>
        status?.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True"),
      )
      .map(({ spec }) => `${spec?.nodeName}`);
    const pods = items.map(
      ({ metadata, spec, status }) => `${metadata.name} ${spec?.nodeName} ${status?.phase}`,
    );
    if (items.length !== nodes.length || JSON.stringify(ready.sort()) !== JSON.stringify(nodes.toSorted()))
      throw new Error(`pods: ${pods.join(", ")}; ready: ${ready.join(", ")}`);
    return running;
  });
}
