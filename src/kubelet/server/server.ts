// Owns the node's HTTP server: who may ask, and which path answers what.
import type { Pod } from "../../model/generated/types.ts";
import type { Exchange, Upgrade } from "../../world/http.ts";
import { wordsOf } from "../../world/log.ts";
import { membersOf } from "../life/step-pod-moves.ts";
import type { PodSet } from "../pod-set.ts";
import type { KubeletOptions } from "../settings.ts";
import { Access, accessDefault } from "./access.ts";
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

export async function serveKubelet(options: ServerOptions): Promise<KubeletServer> {
  const { network, config, log, client, clock, nodeName } = options;
  const access = new Access({
    ...(config.access ?? accessDefault),
    nodeName,
    clock,
    transport: client?.transport,
  });
  const host = config.address ?? config.nodeIp;
  const told = (target: string) => (thrown: unknown) => {
    log.warn("request not answered", { target, error: wordsOf(thrown) });
  };
  const server = await network.serve({
    host,
    port: config.port,
    ...(config.tls === undefined ? {} : { tls: config.tls }),
    handle: (exchange) => void answer(options, access, exchange).catch(told(exchange.target)),
    upgrade: (upgrade) => void answerUpgrade(options, access, upgrade).catch(told(upgrade.target)),
  });
  const open =
    config.readOnlyPort === undefined
      ? undefined
      : await network.serve({
          host,
          port: config.readOnlyPort,
          handle: (exchange) => void answerReader(options, exchange).catch(told(exchange.target)),
        });
  return {
    port: server.port,
    close: async () => {
      await Promise.all([server.close(), open?.close()]);
    },
  };
}

/** Path in parts, and query; undefined where the path is none. */
function readTarget(
  target: string,
): { readonly parts: readonly string[]; readonly query: URLSearchParams } | undefined {
  try {
    const url = new URL(target, "http://kubelet");
    return { parts: url.pathname.split("/").slice(1).map(decodeURIComponent), query: url.searchParams };
  } catch {
    return undefined;
  }
}

async function answerUpgrade(options: ServerOptions, access: Access, upgrade: Upgrade): Promise<void> {
  const target = readTarget(upgrade.target);
  const [verb = "", ...path] = target?.parts ?? [];
  const verdict = await access.verdict(upgrade);
  if (verdict !== "allow") return refuse(upgrade, verdict.status, verdict.message);
  if (target === undefined || !streamVerbs.has(verb))
    return refuse(upgrade, 404, `cannot answer ${upgrade.target}: this node serves no such streams`);
  if (upgrade.method !== "GET" && upgrade.method !== "POST")
    return refuse(upgrade, 405, "method not allowed", { Allow: "GET, POST" });
  answerStreams(options, upgrade, verb, { path, query: target.query });
}

async function answer(options: ServerOptions, access: Access, exchange: Exchange): Promise<void> {
  const { parts, query } = readTarget(exchange.target) ?? { parts: [""], query: new URLSearchParams() };
  const [first = "", ...rest] = parts;
  if (first === "healthz") return exchange.respond(200, plain, "ok");
  const verdict = await access.verdict(exchange);
  if (verdict !== "allow") return exchange.respond(verdict.status, plain, `${verdict.message}\n`);
  if (streamVerbs.has(first)) return exchange.respond(400, plain, "Upgrade request required\n");
  if (exchange.method !== "GET")
    return exchange.respond(405, { ...plain, allow: "GET" }, "method not allowed\n");
  switch (first) {
    case "runningpods":
      return exchange.respond(200, json, podList(runningPods(options.pods)));
    case "configz":
      return exchange.respond(200, json, JSON.stringify({ kubeletconfig: options.config.shown ?? {} }));
    case "containerLogs":
      return answerLogs(options, exchange, { path: rest, query });
    default:
      return answerReader(options, exchange);
  }
}

/** What anyone may read where a port for it is set. */
async function answerReader({ pods }: ServerOptions, exchange: Exchange): Promise<void> {
  const path = exchange.target.replace(/\?.*$/s, "").replace(/\/$/, "");
  if (exchange.method !== "GET")
    return exchange.respond(405, { ...plain, allow: "GET" }, "method not allowed\n");
  switch (path) {
    case "/healthz":
      return exchange.respond(200, plain, "ok");
    case "/pods":
      return exchange.respond(200, json, podList(Array.from(pods.all, (worker) => worker.observed)));
    case "/metrics":
      return exchange.respond(200, { "content-type": "text/plain; version=0.0.4" }, metricsText(pods));
    default:
      return exchange.respond(404, plain, `cannot answer ${path}: this node serves no such path\n`);
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
