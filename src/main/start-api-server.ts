// Owns the composition of the API server: store, pipeline, edge and listener, with the certificates they need.
import { join } from "node:path";
import { createAuthenticate } from "../apiserver/authentication/authenticate.ts";
import { bootstrapTokens } from "../apiserver/authentication/bootstrap-tokens.ts";
import { usualIssuer } from "../apiserver/authentication/service-account-token.ts";
import { authorize } from "../apiserver/authorization/authorize.ts";
import { registerFairness } from "../apiserver/fairness/fairness-metrics.ts";
import { createFairness } from "../apiserver/fairness/fairness.ts";
import { createEdge } from "../apiserver/http/edge.ts";
import { createMetrics, type Metrics } from "../apiserver/http/metrics.ts";
import { createPipeline, type RunningPipeline } from "../apiserver/pipeline.ts";
import { createSystemObjects } from "../apiserver/registry/system-objects.ts";
import { inProcessTransport } from "../client/in-process-transport.ts";
import { kinds } from "../model/kinds/kinds.ts";
import { writeKubeconfig, type ClusterAccess } from "../model/kubeconfig.ts";
import { kubernetesVersion } from "../model/version.ts";
import type { Caller, Transport } from "../model/wire.ts";
import type { KeyPair } from "../world/certificates.ts";
import type { HttpServer } from "../world/http.ts";
import { wordsOf } from "../world/log.ts";
import { createUpgradeClient } from "../world/real-upgrade-client.ts";
import { countedTransport } from "./counted-transport.ts";
import { openAuthority, type Authority } from "./authority.ts";
import { establishKinds, serverCaller } from "./established-kinds.ts";
import { openStore, type EtcdFlags } from "./open-store.ts";
import { openTokenKey } from "./token-key.ts";
import { Refusal } from "./refusal.ts";
import type { World } from "./world.ts";

export interface ApiServerOptions {
  readonly dataDir: string;
  readonly host: string;
  /** 0 picks a free one, the one of the last time where that is still free. */
  readonly port: number;
  /** Where its certificates and keys are kept: `pki` in the data folder unless given. */
  readonly certDir?: string;
  readonly etcd?: EtcdFlags;
  /** Requests worked on at once; long-running ones and administrators' need no seat. */
  readonly seats?: number;
}

/** By what the server is known, and whom it believes. */
export interface ServerIdentity {
  readonly serving: KeyPair;
  /** As whom it asks kubelets. */
  readonly kubeletClient: KeyPair;
  /** Authority that clients' certificates chain to, PEM. */
  readonly clientCa: string;
  /** Whether the tokens by which machines join are believed. */
  readonly bootstrapTokens: boolean;
}

export interface ServedApi {
  readonly url: string;
  /** A transport that skips the socket and nothing else. */
  transportFor(caller: Caller): Transport;
  close(): Promise<void>;
}

export interface ApiServer extends ServedApi {
  readonly authority: Authority;
  /** Who an administrator with a certificate of this cluster is, and how to reach it. */
  adminAccess(): Promise<ClusterAccess>;
}

// As upstream's --max-requests-inflight and --max-mutating-requests-inflight together.
const usualSeats = 600;

const certDirOf = ({ certDir, dataDir }: ApiServerOptions): string => certDir ?? join(dataDir, "pki");

/** Opens the store in the data folder and serves it over TLS, with an authority of its own kept there. */
export async function startApiServer(world: World, options: ApiServerOptions): Promise<ApiServer> {
  const { clock, files, log } = world;
  const authority = await openAuthority({ clock, files, log, folder: certDirOf(options) });
  const server = await serveApi(world, options, await ownIdentity(authority, options.host));
  return {
    ...server,
    authority,
    adminAccess: () => issueAdminAccess(authority, server.url),
  };
}

/** Who an administrator with a new certificate is, and how to reach the cluster. */
export const issueAdminAccess = async (authority: Authority, server: string): Promise<ClusterAccess> => ({
  server,
  ca: authority.ca.cert,
  ...(await authority.issue("admin", {
    commonName: "kubernetes-admin",
    organizations: ["system:masters"],
    use: { is: "client" },
  })),
});

/** The certificates that an API server at the address goes by, from the authority. */
export async function ownIdentity(authority: Authority, host: string): Promise<ServerIdentity> {
  const names = [
    ...new Set([
      "localhost",
      "kubernetes",
      "kubernetes.default",
      "kubernetes.default.svc",
      "127.0.0.1",
      host,
    ]),
  ];
  const [serving, kubeletClient] = await Promise.all([
    authority.issue("apiserver", { commonName: "kube-apiserver", use: { is: "server", names } }),
    authority.issue("apiserver-kubelet-client", {
      commonName: "kube-apiserver-kubelet-client",
      organizations: ["system:masters"],
      use: { is: "client" },
    }),
  ]);
  return { serving, kubeletClient, clientCa: authority.ca.cert, bootstrapTokens: true };
}

/** Opens the store in the data folder and serves it as the identity given. */
export async function serveApi(
  world: World,
  options: ApiServerOptions,
  identity: ServerIdentity,
): Promise<ServedApi> {
  const { clock, files, log, random } = world;
  const store = await openStore(world, join(options.dataDir, "store"), options.etcd);
  try {
    const pipeline = await createPipeline({
      store,
      kinds,
      clock,
      random,
      log: log.with({ room: "apiserver" }),
      authorize,
      network: world.network,
      tokens: {
        key: await openTokenKey({ files, folder: certDirOf(options) }),
        issuer: usualIssuer,
      },
    });
    await createSystemObjects(pipeline.registry);
    const metrics = createMetrics();
    const server = await listen(world, options, { pipeline, identity, metrics });
    const url = `https://${server.host}:${server.port}`;
    const transportFor = (caller: Caller): Transport =>
      countedTransport(inProcessTransport(pipeline, caller), metrics, clock);
    const kindsOfDefinitions = establishKinds(world, transportFor(serverCaller));
    return {
      url,
      transportFor,
      async close() {
        await kindsOfDefinitions.stop();
        await server.close();
        await pipeline.stop();
        await store.close();
      },
    };
  } catch (thrown) {
    await store.close();
    throw thrown;
  }
}

interface Served {
  readonly pipeline: RunningPipeline;
  readonly identity: ServerIdentity;
  readonly metrics: Metrics;
}

async function listen(
  world: World,
  options: ApiServerOptions,
  { pipeline, identity, metrics }: Served,
): Promise<HttpServer> {
  const { clock, random, log, network } = world;
  const fairness = createFairness({ clock, seats: options.seats ?? usualSeats });
  registerFairness(metrics, fairness);
  const edge = createEdge({
    fairness,
    pipeline,
    kinds: () => pipeline.registry.feed.served,
    authenticate: createAuthenticate(
      [],
      pipeline.verifyToken,
      identity.bootstrapTokens ? bootstrapTokens(pipeline.registry) : undefined,
    ),
    authorize,
    clock,
    random,
    log: log.with({ room: "apiserver" }),
    metrics,
    version: kubernetesVersion,
    // As upstream by default, the server does not verify the kubelets' own certificates; the kubelets verify the server's.
    kubelets: network.client({ ...identity.kubeletClient, insecureSkipVerify: true }),
    kubeletStreams: createUpgradeClient({ ...identity.kubeletClient, insecureSkipVerify: true }),
  });
  const serve = (port: number): Promise<HttpServer> =>
    network.serve({
      host: options.host,
      port,
      tls: { ...identity.serving, ca: identity.clientCa },
      handle: (exchange) => edge.handle(exchange),
      upgrade: (upgrade) => edge.upgrade(upgrade),
    });
  return listenAt(world, options, serve);
}

/** With port 0, the port of the last time is tried first, so that kubeconfigs written then still lead here. */
async function listenAt(
  world: World,
  { dataDir, host, port }: ApiServerOptions,
  serve: (port: number) => Promise<HttpServer>,
): Promise<HttpServer> {
  const kept = join(dataDir, "port");
  const last = port === 0 ? Number((await world.files.readText(kept)) ?? 0) : 0;
  if (last > 0) {
    const again = await serve(last).catch(() => undefined);
    if (again !== undefined) return again;
  }
  try {
    const server = await serve(port);
    await world.files.writeText(kept, String(server.port));
    return server;
  } catch (thrown) {
    const code = thrown instanceof Error && "code" in thrown ? thrown.code : undefined;
    const because =
      code === "EADDRINUSE"
        ? "another program listens there; end it, or choose another port with --port (0 picks a free one)"
        : code === "EACCES"
          ? "this user may not listen there; choose a port above 1023 with --port"
          : wordsOf(thrown);
    throw new Refusal(`cannot listen on ${host}:${port}: ${because}`);
  }
}

/** Writes a kubeconfig readable by its owner only. */
export async function writeAdminKubeconfig(world: World, server: ApiServer, path: string): Promise<void> {
  await world.files.writeText(
    path,
    writeKubeconfig(await server.adminAccess(), "everynode", "kubernetes-admin"),
    0o600,
  );
}
