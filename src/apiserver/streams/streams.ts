// Owns exec, attach and port-forward: finds the pod's kubelet, has it switch protocols, and joins the two connections.
import type { Duplex } from "node:stream";
import type { Node, Pod, Status } from "../../model/generated/types.ts";
import type { Caller } from "../../model/wire.ts";
import type { Upgrade } from "../../world/http.ts";
import { wordsOf } from "../../world/log.ts";
import type { UpgradeClient, Upgraded } from "../../world/upgrade-client.ts";
import type { Authorize, Pipeline } from "../answer.ts";
import type { ResourcePath, Target } from "../http/target.ts";
import { refuseUpgrade } from "../http/upgrade.ts";
import { chooseContainer, kubeletAddress } from "../logs/plan-log-request.ts";
import { badRequest, forbidden, internalError, methodNotAllowed, Refusal } from "../status.ts";
import { kubeletStreamUrl, streamHeaders, type StreamVerb } from "./plan-stream-request.ts";

export interface StreamsOptions {
  readonly pipeline: Pipeline;
  readonly authorize: Authorize;
  /** With the API server's client certificate. */
  readonly kubeletStreams: UpgradeClient;
}

/** Reads the pod and its node: the caller need only be allowed the streams. */
const self: Caller = { name: "system:apiserver", groups: ["system:masters", "system:authenticated"] };

async function read(pipeline: Pipeline, path: string): Promise<unknown> {
  const answer = await pipeline.answer({ method: "GET", path }, self);
  // The pipeline answers anything but success with a Status.
  return answer.status >= 400 ? new Refusal(answer.body as Status, answer.status) : answer.body;
}

/** Whether the caller may: to open a stream is to create one, or to get one for those who speak WebSocket. */
export function streamVerdict(
  { authorize }: StreamsOptions,
  caller: Caller,
  { method, target }: { readonly method: string; readonly target: Target },
): Refusal | undefined {
  if (method !== "GET" && method !== "POST") return methodNotAllowed();
  const { namespace, name = "", subresource = "" } = target.resource ?? {};
  const verdict = authorize(caller, {
    verb: method === "GET" ? "get" : "create",
    path: target.path,
    resource: {
      group: "",
      resource: "pods",
      subresource,
      name,
      ...(namespace === undefined ? {} : { namespace }),
    },
  });
  return verdict === "allow" ? undefined : forbidden({ group: "", resource: "pods" }, name, verdict.deny);
}

async function urlOf(
  { pipeline }: StreamsOptions,
  verb: StreamVerb,
  { namespace = "", name = "" }: ResourcePath,
  search: URLSearchParams,
): Promise<string | Refusal> {
  const found = await read(pipeline, `/api/v1/namespaces/${namespace}/pods/${name}`);
  if (found instanceof Refusal) return found;
  // The path names a pod.
  const pod = found as Pod;
  const choice =
    verb === "portforward" ? undefined : chooseContainer(pod, search.get("container") ?? undefined);
  if (choice?.is === "refused") return badRequest(choice.message);
  const nodeName = pod.spec?.nodeName ?? "";
  if (nodeName === "") return badRequest(`pod ${name} does not have a host assigned`);
  const node = await read(pipeline, `/api/v1/nodes/${nodeName}`);
  if (node instanceof Refusal) return node;
  // The path names a node.
  const address = kubeletAddress(node as Node);
  return address === undefined
    ? internalError(
        `cannot reach pod ${name}: node ${nodeName} has not told where its kubelet listens; wait until it is Ready`,
      )
    : kubeletStreamUrl(address, { verb, pod, container: choice?.container ?? "", search });
}

/** Answers a request for streams and tells the status it answered with. */
export async function serveStreams(
  options: StreamsOptions,
  upgrade: Upgrade,
  { verb, target, caller }: { readonly verb: StreamVerb; readonly target: Target; readonly caller: Caller },
): Promise<number> {
  const { socket } = upgrade;
  const refuse = (refusal: Refusal): number => {
    refuseUpgrade(upgrade, refusal);
    return refusal.code;
  };
  const denied = streamVerdict(options, caller, { method: upgrade.method, target });
  if (denied !== undefined) return refuse(denied);
  const url = await urlOf(
    options,
    verb,
    target.resource ?? { group: "", version: "", resource: "" },
    new URLSearchParams(target.search),
  );
  if (url instanceof Refusal) return refuse(url);
  const leaving = new AbortController();
  const left = (): void => leaving.abort(new Error("the client is gone"));
  socket.once("close", left);
  let switched: Upgraded;
  try {
    switched = await options.kubeletStreams({
      method: upgrade.method,
      url,
      headers: streamHeaders(upgrade.headers),
      signal: leaving.signal,
    });
  } catch (thrown) {
    return refuse(internalError(`cannot reach the kubelet at ${new URL(url).host}: ${wordsOf(thrown)}`));
  }
  socket.removeListener("close", left);
  if (switched.is === "refused") return relay(socket, switched);
  join(upgrade, switched);
  return 101;
}

/** The kubelet's refusal in its own words: clients show them. */
function relay(socket: Duplex, { status, headers, body }: Upgraded & { is: "refused" }): number {
  const kept = ["x-accepted-stream-protocol-versions", "sec-websocket-version"].flatMap((name) => {
    const value = headers[name];
    return value === undefined ? [] : [`${name}: ${value}`];
  });
  const head = [
    `HTTP/1.1 ${status} Refused`,
    `Content-Type: ${headers["content-type"] ?? "text/plain; charset=utf-8"}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    "Connection: close",
    ...kept,
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`);
  return status;
}

/** From here on bytes go both ways at the pace of the slower side, until either side ends. */
function join({ socket, head }: Upgrade, switched: Upgraded & { is: "switched" }): void {
  const kubelet = switched.socket;
  const lines: string[] = [];
  for (let at = 0; at + 1 < switched.rawHeaders.length; at += 2)
    lines.push(`${switched.rawHeaders[at] ?? ""}: ${switched.rawHeaders[at + 1] ?? ""}`);
  socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join("\r\n")}\r\n\r\n`);
  if (switched.head.length > 0) socket.write(switched.head);
  if (head.length > 0) kubelet.write(head);
  for (const [from, to] of [
    [socket, kubelet],
    [kubelet, socket],
  ] as const) {
    from.pipe(to);
    from.on("error", () => undefined);
    // Ended in order, the pipe has told the other side already; broken off, nothing else would.
    from.once("close", () => (from.readableEnded ? to.end() : to.destroy()));
  }
}
