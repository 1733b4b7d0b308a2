// Owns `everynode apiserver`: the API server and its store as a process of its own.
import { resolve } from "node:path";
import type { KeyPair } from "../world/certificates.ts";
import type { Files } from "../world/files.ts";
import type { LogLevel } from "../world/log.ts";
import { aborted, endingSignal } from "./ending.ts";
import type { EtcdFlags } from "./open-store.ts";
import { readPem } from "./read-pem.ts";
import { Refusal } from "./refusal.ts";
import { serveApi, startApiServer, writeAdminKubeconfig, type ServerIdentity } from "./start-api-server.ts";
import { realWorld } from "./world.ts";

interface IdentityFlags {
  readonly clientCaFile?: string;
  readonly tlsCertFile?: string;
  readonly tlsPrivateKeyFile?: string;
  readonly kubeletClientCertificate?: string;
  readonly kubeletClientKey?: string;
  readonly enableBootstrapTokenAuth?: string;
}

export interface ApiServerCommand extends IdentityFlags, EtcdFlags {
  readonly dataDir: string;
  readonly bindAddress: string;
  readonly port: number;
  readonly securePort?: number;
  readonly certDir?: string;
  readonly maxRequestsInflight: number;
  readonly maxMutatingRequestsInflight: number;
  readonly kubeconfig?: string;
  readonly logLevel: LogLevel;
}

/** Serves until SIGINT or SIGTERM. */
export async function runApiServer(options: ApiServerCommand): Promise<void> {
  const world = realWorld(options.logLevel);
  const signal = endingSignal();
  const dataDir = resolve(options.dataDir);
  const place = {
    dataDir,
    host: options.bindAddress,
    port: options.securePort ?? options.port,
    etcd: options,
    seats: options.maxRequestsInflight + options.maxMutatingRequestsInflight,
    ...(options.certDir === undefined ? {} : { certDir: resolve(options.certDir) }),
  };
  const given = await identityOf(world.files, options);
  if (given !== undefined) {
    const server = await serveApi(world, place, given);
    console.log(`ready ${server.url}`);
    await aborted(signal);
    return server.close();
  }
  const server = await startApiServer(world, place);
  try {
    const kubeconfig = resolve(options.kubeconfig ?? `${dataDir}/kubeconfig`);
    await writeAdminKubeconfig(world, server, kubeconfig);
    console.log(`ready ${server.url} kubeconfig=${kubeconfig}`);
    await aborted(signal);
  } finally {
    await server.close();
  }
}

/** What the files given make it; undefined where none are, and the server is to make its own. */
async function identityOf(files: Files, flags: IdentityFlags): Promise<ServerIdentity | undefined> {
  const { clientCaFile, tlsCertFile, tlsPrivateKeyFile, kubeletClientCertificate, kubeletClientKey } = flags;
  const named = {
    "--client-ca-file": clientCaFile,
    "--tls-cert-file": tlsCertFile,
    "--tls-private-key-file": tlsPrivateKeyFile,
    "--kubelet-client-certificate": kubeletClientCertificate,
    "--kubelet-client-key": kubeletClientKey,
  };
  const missing = Object.entries(named).flatMap(([flag, path]) => (path === undefined ? [flag] : []));
  if (missing.length === Object.keys(named).length) return undefined;
  if (missing.length > 0)
    throw new Refusal(
      `cannot serve with the certificates given: ${missing.join(", ")} ${missing.length === 1 ? "is" : "are"} missing; give all five, or none for certificates of its own`,
      2,
    );
  const read = (flag: keyof typeof named) => readPem(files, flag, named[flag] ?? "");
  const pair = async (cert: keyof typeof named, key: keyof typeof named): Promise<KeyPair> => ({
    cert: await read(cert),
    key: await read(key),
  });
  return {
    clientCa: await read("--client-ca-file"),
    serving: await pair("--tls-cert-file", "--tls-private-key-file"),
    kubeletClient: await pair("--kubelet-client-certificate", "--kubelet-client-key"),
    bootstrapTokens: flags.enableBootstrapTokenAuth === "true",
  };
}
