// Owns the way of a request from the connection to the pipeline and back: who asks, what path, which body, how to answer.
import type { Millis } from "../../lib/units.ts";
import type { Descriptor } from "../../model/kinds/descriptor.ts";
import type { ApiRequest, Caller, Method } from "../../model/wire.ts";
import type { Clock } from "../../world/clock.ts";
import type { Exchange, HttpClient, Upgrade } from "../../world/http.ts";
import type { UpgradeClient } from "../../world/upgrade-client.ts";
import { wordsOf, type Log } from "../../world/log.ts";
import { uuid, type Random } from "../../world/random.ts";
import type { Authorize, EncodedAnswer, Pipeline } from "../answer.ts";
import type { Authenticate } from "../authentication/authenticate.ts";
import { impersonate } from "../authentication/impersonate.ts";
import { following } from "../custom/served-kinds.ts";
import { servedResources } from "../discovery/served.ts";
import { sendLog } from "../logs/logs.ts";
import type { Fairness } from "../fairness/fairness.ts";
import { isTrue } from "../pipeline-options.ts";
import { badRequest, forbidden, internalError, methodNotAllowed, Refusal } from "../status.ts";
import { readBody, type Body } from "./body.ts";
import type { HealthCheck } from "./health.ts";
import type { Metrics } from "./metrics.ts";
import { openAnswer, pathAnswers, type PathAnswers } from "./paths.ts";
import { streamVerbOf } from "../streams/plan-stream-request.ts";
import { serveStreams, streamVerdict } from "../streams/streams.ts";
import { timedOut, tooManyRequests, unauthorized } from "./refusals.ts";
import { refusalAnswer, send, type Sender } from "./send.ts";
import { Timeouts } from "./timeouts.ts";
import { readTarget, type ResourcePath, type Target } from "./target.ts";
import type { RequestLabels } from "./tallies.ts";
import { refuseUpgrade } from "./upgrade.ts";
import { sendWatch } from "./watch.ts";

export interface EdgeOptions {
  readonly pipeline: Pipeline;
  /** Those served now; another list each time they change. */
  readonly kinds: () => readonly Descriptor[];
  readonly authenticate: Authenticate;
  readonly authorize: Authorize;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: Metrics;
  /** As in `gitVersion`: `v1.33.0+everynode`. */
  readonly version: string;
  /** With the API server's client certificate, for logs. */
  readonly kubelets: HttpClient;
  /** The same for exec, attach and port-forward. */
  readonly kubeletStreams: UpgradeClient;
  /** Who may be worked on, and who waits. */
  readonly fairness: Fairness;
  /** Parts that must work for the server to be ready. */
  readonly checks?: readonly HealthCheck[];
}

export interface Edge {
  handle(exchange: Exchange): void;
  upgrade(upgrade: Upgrade): void;
}

/** As upstream's: how long a request that is no watch may take. */
const timeout: Millis = 60_000;

const methods: readonly Method[] = ["GET", "POST", "PUT", "PATCH", "DELETE"];
const pathLabels: RequestLabels = { verb: "GET", group: "", resource: "", subresource: "" };

export function createEdge(options: EdgeOptions): Edge {
  const paths = pathAnswers(options);
  const served = following(options.kinds, servedResources);
  const way: Way = {
    ...options,
    isServed: (resource) => served()(resource),
    timeouts: new Timeouts(options.clock, timeout),
  };
  const auditIdOf = auditIds(options.random);
  return {
    handle(exchange) {
      const sender = { exchange, auditId: auditIdOf(exchange) };
      serve(way, paths, sender).catch((error: unknown) => {
        options.log.error("cannot answer a request", {
          method: exchange.method,
          target: exchange.target,
          audit: sender.auditId,
          error: error instanceof Error ? (error.stack ?? error.message) : String(error),
        });
        return refuse(sender, internalError(wordsOf(error)));
      });
    },
    upgrade(upgrade) {
      serveUpgrade(options, upgrade).catch((error: unknown) => {
        options.log.error("cannot answer a request for streams", {
          target: upgrade.target,
          error: wordsOf(error),
        });
        upgrade.socket.destroy();
      });
    },
  };
}

/** Ids need only differ: one drawn for the process, and a count. */
function auditIds(random: Random): (exchange: Exchange) => string {
  const drawn = uuid(random).slice(0, 24);
  let count = 0;
  return ({ headers }) => {
    const given = headers["audit-id"];
    if (typeof given === "string" && /^[\w-]{1,64}$/.test(given)) return given;
    count += 1;
    return drawn + count.toString(16).padStart(12, "0");
  };
}

/** The caller, or the refusal to send; undefined for one who shows nothing. */
function callerOf(options: EdgeOptions, from: Exchange | Upgrade): Caller | Refusal | undefined {
  const authenticated = options.authenticate(from);
  if (authenticated.is === "anonymous") return undefined;
  if (authenticated.is === "unknown") return unauthorized();
  const acting = impersonate(authenticated.caller, from.headers);
  return acting.is === "denied" ? forbidden(undefined, "", acting.because) : acting.caller;
}

interface Way extends EdgeOptions {
  readonly timeouts: Timeouts;
  readonly isServed: (resource: ResourcePath) => boolean;
}

const anonymous: Caller = { name: "system:anonymous", groups: ["system:unauthenticated"] };

/** Nobody in particular may read what the rules leave open to all; for anything else a name is asked. */
function anonymousFor({ authorize }: EdgeOptions, method: string, target: Target): Caller | undefined {
  const { resource, path } = target;
  if (method !== "GET" || resource?.name === undefined) return undefined;
  return authorize(anonymous, { verb: "get", path, resource }) === "allow" ? anonymous : undefined;
}

async function serve(options: Way, paths: PathAnswers, sender: Sender): Promise<void> {
  const { exchange } = sender;
  const begun = options.clock.now();
  const target = readTarget(exchange.target);
  if (target === undefined)
    return refuse(sender, badRequest(`cannot read the path ${JSON.stringify(exchange.target)}`));
  const known = callerOf(options, exchange);
  if (known instanceof Refusal) return refuse(sender, known);
  const open = await openAnswer(options, target);
  if (open !== undefined) return send(sender, open);
  const caller = known ?? anonymousFor(options, exchange.method, target);
  if (caller === undefined) return refuse(sender, unauthorized());
  const request = { options, sender, target, caller };
  const labels = labelsOf(exchange.method, target);
  const code =
    target.resource === undefined ? await servePath(request, paths) : await serveResource(request, labels);
  options.metrics.request(labels, code, options.clock.now() - begun);
}

interface Served {
  readonly options: Way;
  readonly sender: Sender;
  readonly target: Target;
  readonly caller: Caller;
}

function acceptOf({ headers: { accept } }: Exchange): string | undefined {
  return typeof accept === "string" ? accept : undefined;
}

const refuse = (sender: Sender, refusal: Refusal): Promise<void> =>
  send(sender, refusalAnswer(refusal, acceptOf(sender.exchange)));

async function respond({ sender }: Served, answer: EncodedAnswer | Refusal): Promise<number> {
  const encoded = answer instanceof Refusal ? refusalAnswer(answer, acceptOf(sender.exchange)) : answer;
  await send(sender, encoded);
  return encoded.status;
}

async function servePath(served: Served, paths: PathAnswers): Promise<number> {
  const { options, sender, target, caller } = served;
  const { method } = sender.exchange;
  const reads = method === "GET" || method === "HEAD";
  const verdict = options.authorize(caller, { verb: reads ? "get" : "other", path: target.path });
  if (verdict !== "allow") return respond(served, forbidden(undefined, "", verdict.deny));
  if (!reads) return respond(served, methodNotAllowed());
  return respond(served, await paths(target, sender.exchange));
}

const isWatch = (method: string, target: Target): boolean =>
  method === "GET" && isTrue(target.query["watch"] ?? "0") && target.resource?.name === undefined;
const isLog = (target: Target): boolean =>
  target.resource?.group === "" &&
  target.resource.resource === "pods" &&
  target.resource.subresource === "log";

/** What a request is counted under. */
export function labelsOf(method: string, target: Target): RequestLabels {
  const { resource } = target;
  if (resource === undefined) return pathLabels;
  const listed = resource.name === undefined ? "LIST" : "GET";
  const verb = isWatch(method, target) ? "WATCH" : method === "GET" ? listed : method;
  return {
    verb: methods.some((one) => one === method) ? verb : "OTHER",
    group: resource.group,
    resource: resource.resource,
    subresource: resource.subresource ?? "",
  };
}

class EdgeRequest implements ApiRequest {
  readonly method: Method;
  readonly path: string;
  readonly query: Target["query"];
  readonly accept?: string;
  readonly body?: unknown;
  readonly contentType?: string;
  readonly duplicates?: readonly string[];
  private readonly exchange: Exchange;

  constructor(method: Method, target: Target, exchange: Exchange, body?: Body) {
    this.method = method;
    this.path = target.path;
    this.query = target.query;
    this.exchange = exchange;
    const accept = acceptOf(exchange);
    if (accept !== undefined) this.accept = accept;
    if (body?.value === undefined) return;
    this.body = body.value;
    this.contentType = body.contentType;
    this.duplicates = body.duplicates;
  }

  /** Made only for those who look: most requests are done before their client could leave. */
  get signal(): AbortSignal {
    return this.exchange.signal;
  }
}

async function serveResource(served: Served, labels: RequestLabels): Promise<number> {
  const { options, sender, target, caller } = served;
  const { exchange } = sender;
  const method = methods.find((one) => one === exchange.method);
  if (method === undefined) return respond(served, methodNotAllowed());
  if (streamVerbOf(target.resource) !== undefined && (method === "GET" || method === "POST"))
    return respond(
      served,
      streamVerdict(options, caller, { method, target }) ?? badRequest("Upgrade request required"),
    );
  const request = new EdgeRequest(method, target, exchange);
  if (isWatch(method, target) || (method === "GET" && isLog(target))) {
    const ended = options.metrics.longRunning(labels);
    try {
      return isLog(target)
        ? await sendLog(options, sender, target, caller)
        : await sendWatch(options, sender, request, caller);
    } finally {
      ended();
    }
  }
  const entered = options.fairness.admit(caller, target, () => exchange.signal);
  const admission = entered instanceof Promise ? await entered : entered;
  if (admission.is === "gone") return 499;
  if (admission.is === "rejected") return respond(served, tooManyRequests());
  try {
    return await serveSeated(served, request);
  } finally {
    admission.release();
  }
}

async function serveSeated(served: Served, request: ApiRequest): Promise<number> {
  const { options, sender, target } = served;
  if (request.method === "GET") return respond(served, await inTime(options, answer(served, request)));
  // What has no place is not asked what it is.
  if (target.resource === undefined || !options.isServed(target.resource))
    return respond(served, await answer(served, request));
  const body = await readBody(sender.exchange);
  if (body === undefined) return 499;
  if (body instanceof Refusal) return respond(served, body);
  const whole = new EdgeRequest(request.method, target, sender.exchange, body);
  return respond(served, await inTime(options, answerBody(served, whole, body)));
}

const answer = ({ options, caller }: Served, request: ApiRequest): Promise<EncodedAnswer> =>
  options.pipeline.answerEncoded(request, caller);

async function answerBody(served: Served, request: ApiRequest, body: Body): Promise<EncodedAnswer> {
  const { passedOver = [] } = body;
  const made = await answer(served, request);
  const told = passedOver.map(
    (field) => `unknown protobuf field ${field}, passed over; send JSON for newer fields`,
  );
  return told.length === 0 ? made : { ...made, warnings: [...told, ...made.warnings] };
}

/** The answer, or that it took too long: the client then knows only that it does not know. */
function inTime<T>({ timeouts }: Way, work: Promise<T>): Promise<T | Refusal> {
  return new Promise((resolve, reject) => {
    const done = timeouts.begin(() => resolve(timedOut()));
    work.then(
      (made) => {
        done();
        resolve(made);
      },
      (thrown: unknown) => {
        done();
        reject(thrown);
      },
    );
  });
}

async function serveUpgrade(options: EdgeOptions, upgrade: Upgrade): Promise<void> {
  const begun = options.clock.now();
  const target = readTarget(upgrade.target);
  if (target === undefined) return refuseUpgrade(upgrade, badRequest("cannot read the path"));
  const caller = callerOf(options, upgrade) ?? unauthorized();
  if (caller instanceof Refusal) return refuseUpgrade(upgrade, caller);
  const verb = streamVerbOf(target.resource);
  if (verb === undefined)
    return refuseUpgrade(
      upgrade,
      badRequest(
        `cannot switch protocols for ${target.path}: only exec, attach and portforward of a pod are streams; ask without an Upgrade header`,
      ),
    );
  const code = await serveStreams(options, upgrade, { verb, target, caller });
  const labels = { verb: "CONNECT", group: "", resource: "pods", subresource: verb };
  options.metrics.request(labels, code, options.clock.now() - begun);
}
