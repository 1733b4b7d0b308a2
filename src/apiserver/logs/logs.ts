// Owns a container's log: finds the pod's kubelet and passes its answer on, byte by byte, until either side ends.
import { invalid } from "../../model/field-error.ts";
import type { Node, Pod, Status } from "../../model/generated/types.ts";
import type { Caller } from "../../model/wire.ts";
import type { Clock } from "../../world/clock.ts";
import type { ClientResponse, HttpClient } from "../../world/http.ts";
import { wordsOf } from "../../world/log.ts";
import type { Authorize, Pipeline } from "../answer.ts";
import { relayed } from "../http/refusals.ts";
import { sendChunks } from "../http/send-lines.ts";
import { headersOf, refusalAnswer, send, textAnswer, type Sender } from "../http/send.ts";
import type { Target } from "../http/target.ts";
import { badRequest, forbidden, internalError, invalidOptions, Refusal } from "../status.ts";
import {
  chooseContainer,
  kubeletAddress,
  kubeletLogUrl,
  optionFaults,
  type Query,
} from "./plan-log-request.ts";

export interface LogsOptions {
  readonly pipeline: Pipeline;
  readonly authorize: Authorize;
  readonly clock: Clock;
  /** With the API server's client certificate. */
  readonly kubelets: HttpClient;
}

/** Reads the pod and its node: the caller need only be allowed the log. */
const self: Caller = { name: "system:apiserver", groups: ["system:masters", "system:authenticated"] };

type Source = { readonly is: "at"; readonly url: string } | { readonly is: "nowhere" } | Refusal;

async function read(pipeline: Pipeline, path: string): Promise<unknown> {
  const answer = await pipeline.answer({ method: "GET", path }, self);
  // The pipeline answers anything but success with a Status.
  if (answer.status >= 400) return new Refusal(answer.body as Status, answer.status);
  return answer.body;
}

async function sourceOf(
  options: LogsOptions,
  namespace: string,
  name: string,
  query: Query,
): Promise<Source> {
  const faults = optionFaults(query);
  if (faults.length > 0)
    return invalidOptions(
      "PodLogOptions",
      faults.map(({ field, value, detail }) => invalid(field, value, detail)),
    );
  const pod = await read(options.pipeline, `/api/v1/namespaces/${namespace}/pods/${name}`);
  if (pod instanceof Refusal) return pod;
  // The path names a pod.
  const found = pod as Pod;
  const choice = chooseContainer(found, query["container"]);
  if (choice.is === "refused") return badRequest(choice.message);
  const nodeName = found.spec?.nodeName ?? "";
  if (nodeName === "") return { is: "nowhere" };
  const node = await read(options.pipeline, `/api/v1/nodes/${nodeName}`);
  if (node instanceof Refusal) return node;
  // The path names a node.
  const address = kubeletAddress(node as Node);
  if (address === undefined)
    return badRequest(
      `cannot read the log of pod ${name}: node ${nodeName} has not told where its kubelet listens; wait until it is Ready`,
    );
  return { is: "at", url: kubeletLogUrl(address, found, choice.container, query) };
}

async function* bursts(response: ClientResponse): AsyncIterable<readonly Uint8Array[]> {
  for await (const chunk of response.chunks) yield [chunk];
}

async function passOn(sender: Sender, response: ClientResponse, clock: Clock): Promise<void> {
  const { exchange } = sender;
  const head = { status: 200, contentType: "text/plain", warnings: [] };
  const stream = exchange.stream(200, headersOf(sender, head));
  try {
    await sendChunks(stream, bursts(response), exchange.signal, clock);
  } catch {
    // The kubelet went away in the middle; what came so far is all there is.
  } finally {
    stream.end();
    await response.discard();
  }
}

/** Answers `GET …/pods/NAME/log` and tells the status it answered with. */
export async function sendLog(
  options: LogsOptions,
  sender: Sender,
  target: Target,
  caller: Caller,
): Promise<number> {
  const { namespace = "", name = "" } = target.resource ?? {};
  const refuse = async (refusal: Refusal): Promise<number> => {
    await send(sender, refusalAnswer(refusal, String(sender.exchange.headers["accept"] ?? "")));
    return refusal.code;
  };
  const resource = { group: "", resource: "pods", subresource: "log", namespace, name };
  const verdict = options.authorize(caller, { verb: "get", path: target.path, resource });
  if (verdict !== "allow") return refuse(forbidden({ group: "", resource: "pods" }, name, verdict.deny));
  const source = await sourceOf(options, namespace, name, target.query);
  if (source instanceof Refusal) return refuse(source);
  if (source.is === "nowhere") {
    await send(sender, textAnswer(200, ""));
    return 200;
  }
  let response: ClientResponse;
  try {
    response = await options.kubelets.request({
      method: "GET",
      url: source.url,
      signal: sender.exchange.signal,
    });
  } catch (error) {
    return refuse(internalError(`cannot reach the kubelet at ${source.url}: ${wordsOf(error)}`));
  }
  if (response.status >= 300) return refuse(relayed(response.status, (await response.text()).trim()));
  await passOn(sender, response, options.clock);
  return 200;
}
