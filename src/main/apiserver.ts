// Owns `everynode apiserver`: the API server and its store as a process of its own.
import { resolve } from "node:path";
import type { LogLevel } from "../world/log.ts";
import { aborted, endingSignal } from "./ending.ts";
import { startApiServer, writeAdminKubeconfig } from "./start-api-server.ts";
import { realWorld } from "./world.ts";

export interface ApiServerCommand {
  readonly dataDir: string;
  readonly bindAddress: string;
  readonly port: number;
  readonly kubeconfig?: string;
  readonly logLevel: LogLevel;
}

/** Serves until SIGINT or SIGTERM. */
export async function runApiServer(options: ApiServerCommand): Promise<void> {
  const world = realWorld(options.logLevel);
  const signal = endingSignal();
  const dataDir = resolve(options.dataDir);
  const server = await startApiServer(world, { dataDir, host: options.bindAddress, port: options.port });
  try {
    const kubeconfig = resolve(options.kubeconfig ?? `${dataDir}/kubeconfig`);
    await writeAdminKubeconfig(world, server, kubeconfig);
    console.log(`ready ${server.url} kubeconfig=${kubeconfig}`);
    await aborted(signal);
  } finally {
    await server.close();
  }
}
