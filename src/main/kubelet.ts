// Owns `everynode kubelet`: one node as a process of its own, in the cluster that a kubeconfig names.
import { hostname } from "node:os";
import { resolve } from "node:path";
import { makeCertificate } from "../world/certificates.ts";
import type { Taint } from "../model/generated/types.ts";
import type { LogLevel } from "../world/log.ts";
import { reachCluster } from "./cluster-access.ts";
import { aborted, endingSignal } from "./ending.ts";
import { startNode } from "./node.ts";
import { Refusal } from "./refusal.ts";
import { realWorld } from "./world.ts";

export interface KubeletCommand {
  readonly kubeconfig: string;
  readonly nodeName?: string;
  readonly nodeLabels?: string;
  readonly registerWithTaints?: string;
  readonly rootDir: string;
  readonly nodeIp: string;
  readonly port: number;
  readonly containerRuntimeEndpoint: string;
  readonly logLevel: LogLevel;
}

const year = 365 * 86_400_000;

/** Runs until SIGINT or SIGTERM. Containers go on: the next start adopts them. */
export async function runKubelet(options: KubeletCommand): Promise<void> {
  if (options.containerRuntimeEndpoint !== "process")
    throw new Refusal(
      `cannot use --container-runtime-endpoint ${JSON.stringify(options.containerRuntimeEndpoint)}: only "process" is there`,
      2,
    );
  const world = realWorld(options.logLevel);
  const signal = endingSignal();
  const name = options.nodeName ?? hostname().toLowerCase();
  const labels = readLabels(options.nodeLabels ?? "");
  const taints = readTaints(options.registerWithTaints ?? "");
  const { access, transport } = await reachCluster(world, options.kubeconfig, "kubelet");
  const serving = await makeCertificate(world.clock, {
    commonName: `system:node:${name}`,
    organizations: ["system:nodes"],
    use: { is: "server", names: [name, options.nodeIp] },
    validFor: year,
  });
  const { rootDir, nodeIp, port } = options;
  const node = await startNode(world, {
    name,
    transport,
    rootDir: resolve(rootDir),
    nodeIp,
    port,
    labels,
    taints,
    serving,
    clientCa: access.ca,
  });
  console.log(`node ${name} runs; its containers go on when this ends`);
  await aborted(signal);
  await node.stop({ pods: "keep" });
  await transport.close();
}

/** `a=b,c=d` */
function readLabels(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  for (const pair of text.split(",").filter((part) => part !== "")) {
    const [key, value, ...more] = pair.split("=");
    if (key === undefined || key === "" || value === undefined || more.length > 0)
      throw new Refusal(`cannot use --node-labels: ${JSON.stringify(pair)} is not key=value`, 2);
    labels[key] = value;
  }
  return labels;
}

/** `key=value:Effect,key:Effect` */
function readTaints(text: string): Taint[] {
  return text
    .split(",")
    .filter((part) => part !== "")
    .map((part) => {
      const found = /^([^=:]+)(?:=([^:]*))?:(NoSchedule|PreferNoSchedule|NoExecute)$/.exec(part);
      const [, key, value, effect] = found ?? [];
      if (key === undefined || effect === undefined)
        throw new Refusal(
          `cannot use --register-with-taints: ${JSON.stringify(part)} is not key=value:Effect, with the effect NoSchedule, PreferNoSchedule or NoExecute`,
          2,
        );
      return { key, effect, ...(value === undefined || value === "" ? {} : { value }) };
    });
}
