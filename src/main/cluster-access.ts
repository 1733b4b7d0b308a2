// Owns reaching the cluster that a kubeconfig names, for commands that work on any Kubernetes API server.
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { httpTransport, type HttpTransport } from "../client/http-transport.ts";
import { loadKubeconfig } from "../client/load-kubeconfig.ts";
import { KubeconfigError, type ClusterAccess } from "../model/kubeconfig.ts";
import { version } from "../model/version.ts";
import { Refusal } from "./refusal.ts";
import type { World } from "./world.ts";

export interface Reached {
  readonly access: ClusterAccess;
  readonly transport: HttpTransport;
}

/** Reads the kubeconfig; the connection is made with the first request. */
export async function reachCluster(world: World, kubeconfig: string, agent: string): Promise<Reached> {
  try {
    const access = await loadKubeconfig(world.files, kubeconfig);
    return {
      access,
      transport: httpTransport({ network: world.network, access, agent: `${agent}/${version}` }),
    };
  } catch (thrown) {
    if (thrown instanceof KubeconfigError) throw new Refusal(thrown.message);
    throw thrown;
  }
}

/** As kubectl finds it: $KUBECONFIG's first file, else the one in the home folder. */
export function usualKubeconfig(): string {
  const named = (process.env["KUBECONFIG"] ?? "").split(delimiter).find((path) => path !== "");
  return named ?? join(homedir(), ".kube", "config");
}
