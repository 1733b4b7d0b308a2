// Owns the proof that a cluster killed at any moment, again and again, loses no acknowledged write and runs nothing twice.
import { randomInt, randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { afterAll, expect, it } from "vitest";
import type { Client } from "../../../src/client/client.ts";
import { createClient } from "../../../src/client/kube-client.ts";
import { httpTransport, type HttpTransport } from "../../../src/client/http-transport.ts";
import { loadKubeconfig } from "../../../src/client/load-kubeconfig.ts";
import type { DaemonSet } from "../../../src/model/generated/types.ts";
import { configMap } from "../../../src/model/kinds/config-map.ts";
import { daemonSet } from "../../../src/model/kinds/daemon-set.ts";
import type { Draft } from "../../../src/model/meta.ts";
import { realFiles } from "../../../src/world/real-files.ts";
import { realNetwork } from "../../../src/world/real-network.ts";
import { Cluster, eventually, processesMarked } from "../../walkthrough/harness.ts";

const rounds = 6;
const mark = randomUUID();
const cluster = new Cluster("");
afterAll(() => cluster.stop());

const set = (round: number): Draft<DaemonSet> => ({
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

interface Agent {
  readonly pid: number;
  readonly node: string;
  readonly round: string;
}

/** Host processes that are the agent itself, not the shells over it. */
function agents(): Agent[] {
  return processesMarked(`MARK=${mark}`).flatMap((pid) => {
    try {
      const pairs = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
      const value = (name: string) =>
        pairs.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1) ?? "";
      const isAgent = readFileSync(`/proc/${pid}/cmdline`, "utf8").startsWith("sleep\0");
      return isAgent ? [{ pid, node: value("NODE"), round: value("ROUND") }] : [];
    } catch {
      return [];
    }
  });
}

async function reach(): Promise<{ client: Client; transport: HttpTransport }> {
  const access = await loadKubeconfig(realFiles, cluster.kubeconfig);
  const transport = httpTransport({ network: realNetwork, access, agent: "crash" });
  return { client: createClient(transport), transport };
}

/** Writes ConfigMaps until the connection breaks; gives the names that were acknowledged. */
async function writeUntilBroken(client: Client, round: number): Promise<string[]> {
  const names: string[] = [];
  for (let at = 0; ; at++) {
    const name = `kept-${round}-${at}`;
    try {
      const answer = await client
        .of(configMap)
        .create({ apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace: "default" }, data: {} });
      if (answer.is === "ok") names.push(name);
    } catch {
      return names;
    }
  }
}

it("killed at any moment, it loses no acknowledged write and runs no agent twice (V.1, V.3, D.7)", async () => {
  const kept: string[] = [];
  const doubles: string[] = [];
  for (let round = 0; round < rounds; round++) {
    const up = await cluster.start();
    const { client, transport } = await reach();
    const writing = writeUntilBroken(client, round);
    const resource = client.of(daemonSet);
    const applied =
      round === 0
        ? await resource.create(set(0))
        : await resource.patch({ name: "agent", namespace: "default" }, "merge", { spec: set(round).spec });
    expect(applied.is).toBe("ok");
    const begun = Date.now();
    const wait = randomInt(0, 3000);
    await eventually("the moment of the kill", () => {
      const nodes = agents().map(({ node }) => node);
      if (new Set(nodes).size !== nodes.length) doubles.push(nodes.join(" "));
      return Date.now() - begun >= wait;
    });
    await up.kill("SIGKILL");
    kept.push(...(await writing));
    await transport.close().catch(() => undefined);
  }
  expect(doubles).toEqual([]);
  await cluster.start();
  const { client, transport } = await reach();
  const names = new Set(
    (await client.of(configMap).list({ namespace: "default" })).items.map(({ metadata }) => metadata.name),
  );
  expect(kept.filter((name) => !names.has(name))).toEqual([]);
  expect(kept.length).toBeGreaterThan(rounds);
  await eventually("one agent of the last round on each worker", () => {
    const found = agents()
      .map(({ node, round }) => `${node} ${round}`)
      .sort();
    const wanted = ["worker-1", "worker-2", "worker-3"].map((node) => `${node} ${rounds - 1}`);
    if (JSON.stringify(found) !== JSON.stringify(wanted)) throw new Error(`saw ${found.join(", ")}`);
    return true;
  });
  await transport.close();
});
