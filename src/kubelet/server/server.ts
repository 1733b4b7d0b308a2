// Owns the node's HTTP server: who may ask, and which path answers what.
import type { Pod } from "../../model/generated/types.ts";
import type { Exchange, HttpServer, Upgrade } from "../../world/http.ts";
import { wordsOf } from "../../world/log.ts";
import { membersOf } from "../life/step-pod-moves.ts";
import type { PodSet } from "../pod-set.ts";
import type { KubeletOptions } from "../settings.ts";
import { parseLogRequest, streamLog, type LogRequest } from "./container-logs.ts";
import { refuse } from "../streams/accept.ts";
import { metricsText } from "./metrics.ts";
import { answerStreams, streamVerbs } from "./serve-streams.ts";

export interface ServerOptions extends KubeletOptions {
  readonly pods: PodSet;
  readonly runtimeName: string;
}

export interface KubeletServer {
  readonly port: number;
  close(): Promise<void>;
}

const plain = { "content-type": "text/plain; charset=utf-8" };
const json = { "content-type": "application/json" };

/** The API server, and those who may do everything. */
const mayAsk = ({ peer }: Exchange | Upgrade): boolean =>
  peer !== undefined &&
  (peer.commonName.startsWith("kube-apiserver") || peer.organizations.includes("system:masters"));

export async function serveKubelet(options: ServerOptions): Promise<KubeletServer> {
  const { network, config, log } = options;
  const server: HttpServer = await network.serve({
    host: config.address ?? config.nodeIp,
    port: config.port,
    ...(config.tls === undefined ? {} : { tls: config.tls }),
    handle: (exchange) => {
      answer(options, exchange).catch((thrown: unknown) => {
        log.warn("request not answered", { target: exchange.target, error: wordsOf(thrown) });
      });
    },
    upgrade: (upgrade) => answerUpgrade(options, upgrade),
  });
  return { port: server.port, close: () => server.close() };
}

const refusalOf = ({ peer }: Exchange | Upgrade): readonly [number, string] =>
  peer === undefined
    ? [401, "cannot answer: the request carries no client certificate; ask through the API server"]
    : [403, `cannot answer: ${peer.commonName} is not allowed to ask this node; ask through the API server`];

function answerUpgrade(options: ServerOptions, upgrade: Upgrade): void {
  const url = new URL(upgrade.target, "http://kubelet");
  const [verb = "", ...path] = url.pathname.split("/").slice(1).map(decodeURIComponent);
  if (!mayAsk(upgrade)) return refuse(upgrade, ...refusalOf(upgrade));
  if (!streamVerbs.has(verb))
    return refuse(upgrade, 404, `cannot answer ${url.pathname}: this node serves no such streams`);
  if (upgrade.method !== "GET" && upgrade.method !== "POST")
    return refuse(upgrade, 405, "method not allowed", { Allow: "GET, POST" });
  answerStreams(options, upgrade, verb, { path, query: url.searchParams });
}

async function answer(options: ServerOptions, exchange: Exchange): Promise<void> {
  const url = new URL(exchange.target, "http://kubelet");
  const [first = "", ...rest] = url.pathname.split("/").slice(1).map(decodeURIComponent);
  if (first === "healthz") return exchange.respond(200, plain, "ok");
  if (!mayAsk(exchange)) {
    const [status, message] = refusalOf(exchange);
    return exchange.respond(status, plain, `${message}\n`);
  }
  if (streamVerbs.has(first)) return exchange.respond(400, plain, "Upgrade request required\n");
  if (exchange.method !== "GET")
    return exchange.respond(405, { ...plain, allow: "GET" }, "method not allowed\n");
  switch (first) {
    case "pods":
      return exchange.respond(200, json, podList(Array.from(options.pods.all, (worker) => worker.observed)));
    case "runningpods":
      return exchange.respond(200, json, podList(runningPods(options.pods)));
    case "metrics":
      return exchange.respond(
        200,
        { "content-type": "text/plain; version=0.0.4" },
        metricsText(options.pods),
      );
    case "containerLogs":
      return answerLogs(options, exchange, { path: rest, query: url.searchParams });
    default:
      return exchange.respond(404, plain, `cannot answer ${url.pathname}: this node serves no such path\n`);
  }
}

const podList = (items: readonly Pod[]): string =>
  JSON.stringify({ kind: "PodList", apiVersion: "v1", metadata: {}, items });

/** Only what runs, and of it only what the runtime knows. */
function runningPods(pods: PodSet): Pod[] {
  return Array.from(pods.all)
    .filter(({ state }) => state.is === "running" || state.is === "stopping")
    .map(({ pod, state }) => ({
      apiVersion: "v1",
      kind: "Pod",
      metadata: pod.metadata,
      spec: {
        containers: membersOf(pod)
          .map(({ spec }) => spec)
          .filter(({ name }) => state.containers[name]?.is === "running"),
      },
    }));
}

async function answerLogs(
  options: ServerOptions,
  exchange: Exchange,
  { path, query }: { readonly path: readonly string[]; readonly query: URLSearchParams },
): Promise<void> {
  const { clock, files, pods } = options;
  const [namespace = "", name = "", containerName = ""] = path;
  const request = parseLogRequest(query, clock.now());
  if (typeof request === "string") return exchange.respond(400, plain, `${request}\n`);
  const worker = pods.named(namespace, name);
  if (worker === undefined) return exchange.respond(404, plain, `pod "${name}" not found\n`);
  const found = await logPathOf(options, worker, containerName, request);
  if ("refusal" in found) return exchange.respond(found.status, plain, `${found.refusal}\n`);
  const stream = exchange.stream(200, plain);
  const isLive = () => {
    const container = worker.state.containers[containerName];
    return container !== undefined && "id" in container && container.id === found.id;
  };
  await streamLog({ files, clock, path: found.path, signal: exchange.signal, isLive }, request, stream);
}

type FoundLog =
  { readonly id: string; readonly path: string } | { readonly status: number; readonly refusal: string };

async function logPathOf(
  { runtime }: ServerOptions,
  worker: ReturnType<PodSet["named"]> & object,
  name: string,
  request: LogRequest,
): Promise<FoundLog> {
  const container = worker.state.containers[name];
  const podName = worker.pod.metadata.name;
  if (container === undefined)
    return { status: 404, refusal: `container ${name} is not valid for pod ${podName}` };
  const current =
    "id" in container ? container.id : container.is === "ended" ? container.exit.id : container.last?.id;
  const id = request.previous ? container.last?.id : current;
  if (id === undefined || id === "")
    return {
      status: 400,
      refusal: request.previous
        ? `previous terminated container "${name}" in pod "${podName}" not found`
        : `container "${name}" in pod "${podName}" is waiting to start: ${container.is === "waiting" ? container.reason : "ContainerCreating"}`,
    };
  const status = await runtime.containerStatus(id);
  if (status === "absent")
    return { status: 404, refusal: `the log of container "${name}" in pod "${podName}" is gone` };
  return { id, path: status.logPath };
}
