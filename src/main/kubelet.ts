// Owns `everynode kubelet`: one node as a process of its own, in the cluster that a kubeconfig names or alone.
import { join, resolve } from "node:path";
import { makeCertificate, type KeyPair } from "../world/certificates.ts";
import type { LogLevel } from "../world/log.ts";
import { openAuthority } from "./authority.ts";
import { reachCluster } from "./cluster-access.ts";
import { aborted, endingSignal } from "./ending.ts";
import { kubeletSettings, type KubeletFlags } from "./kubelet-settings.ts";
import { nodeNameOf } from "./machine-flags.ts";
import { startNode } from "./node.ts";
import { Refusal } from "./refusal.ts";
import { realWorld, type World } from "./world.ts";

export interface KubeletCommand extends KubeletFlags {
  readonly kubeconfig?: string;
  readonly nodeName?: string;
  readonly nodeLabels?: string;
  readonly rootDir: string;
  readonly nodeIp: string;
  readonly logLevel: LogLevel;
}

const year = 365 * 86_400_000;

/** Runs until SIGINT or SIGTERM. Containers go on: the next start adopts them. */
export async function runKubelet(options: KubeletCommand): Promise<void> {
  const world = realWorld(options.logLevel);
  const signal = endingSignal();
  const settings = await kubeletSettings(world.files, world.log, options);
  const { kubeconfig, rootDir, nodeIp } = options;
  if (kubeconfig === undefined && settings.staticPods === undefined)
    throw new Refusal(
      "cannot run a node: nothing tells it its pods; give --kubeconfig, --pod-manifest-path, --manifest-url, or --config with staticPodPath",
      2,
    );
  const name = nodeNameOf(options.nodeName);
  const cluster = kubeconfig === undefined ? undefined : await reachCluster(world, kubeconfig, "kubelet");
  const { serving, clientCa } = await credentialsOf(world, {
    name,
    nodeIp,
    rootDir: resolve(rootDir),
    clusterCa: cluster?.access.ca,
    clientCaFile: settings.clientCaFile,
  });
  const node = await startNode(world, {
    ...settings,
    name,
    ...(cluster === undefined ? {} : { transport: cluster.transport }),
    rootDir: resolve(rootDir),
    nodeIp,
    labels: readLabels(options.nodeLabels ?? ""),
    serving,
    clientCa,
  });
  const { folder, url } = settings.staticPods ?? {};
  const from = [
    ...(kubeconfig === undefined ? [] : [`the cluster of ${kubeconfig}`]),
    ...(folder === undefined ? [] : [folder]),
    ...(url === undefined ? [] : [url]),
  ];
  console.log(`node ${name} runs pods of ${from.join(", ")}; its containers go on when this ends`);
  if (settings.shutdownGraces.length === 0) await aborted(signal);
  else if (await endsWithMachine(world, signal)) {
    console.log(`node ${name} ends its pods: the machine goes down`);
    await node.shutDown();
  }
  await node.stop({ pods: "keep" });
  await cluster?.transport.close();
}

interface Credentials {
  readonly name: string;
  readonly nodeIp: string;
  readonly rootDir: string;
  /** Absent where the node stands alone. */
  readonly clusterCa: string | undefined;
  readonly clientCaFile: string | undefined;
}

/** What the server shows, and whose client certificates it takes. A node alone has an authority of its own, and a certificate for its owner. */
async function credentialsOf(
  world: World,
  of: Credentials,
): Promise<{ readonly serving: KeyPair; readonly clientCa: string | undefined }> {
  const { clock, files, log } = world;
  const given = of.clientCaFile === undefined ? undefined : await files.readText(of.clientCaFile);
  if (of.clientCaFile !== undefined && given === undefined)
    throw new Refusal(
      `cannot read authentication.x509.clientCAFile ${of.clientCaFile}: there is no such file; give one that is`,
      2,
    );
  const request = {
    commonName: `system:node:${of.name}`,
    organizations: ["system:nodes"],
    use: { is: "server", names: [...new Set([of.name, of.nodeIp, "localhost"])] },
  } as const;
  if (of.clusterCa !== undefined)
    return {
      serving: await makeCertificate(clock, { ...request, validFor: year }),
      clientCa: given ?? of.clusterCa,
    };
  const authority = await openAuthority({ clock, files, log, folder: join(of.rootDir, "pki") });
  await authority.issue("kubelet-client", {
    commonName: "kubelet-owner",
    organizations: ["system:masters"],
    use: { is: "client" },
  });
  return {
    serving: await authority.issue("kubelet", request),
    clientCa: [authority.ca.cert, given ?? ""].join("\n"),
  };
}

/**
 * Resolves when this process is to end: whether the whole machine does, as SIGPWR says, or any other signal that comes
 * while systemd takes the machine down.
 */
async function endsWithMachine(world: World, signal: AbortSignal): Promise<boolean> {
  const powerFails = new Promise<boolean>((resolve) => process.once("SIGPWR", () => resolve(true)));
  return (await Promise.race([powerFails, aborted(signal)])) === true || isMachineStopping(world);
}

const isMachineStopping = async ({ processes }: World): Promise<boolean> => {
  try {
    return (await processes.run(["systemctl", "is-system-running"])).stdout.trim() === "stopping";
  } catch {
    return false;
  }
};

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
