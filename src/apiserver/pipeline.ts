// Owns the way of a request through the API server, step by step: route, authorize, read what is asked, act, respond.
import { seconds } from "../lib/units.ts";
import type { Pod } from "../model/generated/types.ts";
import type { Descriptor } from "../model/kinds/descriptor.ts";
import type { ApiRequest, ApiResponse, Caller, WatchEvent } from "../model/wire.ts";
import { NoSpaceError, StoreUnavailableError, type Store } from "../store/store.ts";
import type { Clock } from "../world/clock.ts";
import type { Network } from "../world/http.ts";
import { wordsOf, type Log } from "../world/log.ts";
import type { Random } from "../world/random.ts";
import type { Attributes, Authorize, EncodedAnswer, Pipeline } from "./answer.ts";
import {
  createVerifyToken,
  type TokenIssuer,
  type VerifyToken,
} from "./authentication/service-account-token.ts";
import { denied } from "./authorization/denied.ts";
import { withinOwnPods } from "./authorization/own-pods.ts";
import { Deadlines } from "./cache/deadlines.ts";
import type { Emission } from "./cache/emission.ts";
import { Feed, KindGone } from "./cache/feed.ts";
import { Conversions } from "./custom/conversions.ts";
import { following } from "./custom/served-kinds.ts";
import { createWebhookCaller } from "./custom/webhook-caller.ts";
import { serveOldVersions } from "./old-versions.ts";
import { act } from "./pipeline-act.ts";
import { isTrue, readWatchOptions, type Query } from "./pipeline-options.ts";
import { asEncoded, asResponse, shapedEmission, type Reply, type Showing } from "./pipeline-respond.ts";
import { attributesOf, createRouter, verbOf, type Router, type Target, type Verb } from "./pipeline-route.ts";
import { startCompaction } from "./registry/compaction.ts";
import { EventLeases } from "./registry/event-leases.ts";
import { isPods, type Limits, type Registry } from "./registry/registry.ts";
import { findIn } from "./registry/token-request.ts";
import { openWatch } from "./registry/watch.ts";
import { everything, readSelection } from "./cache/selection.ts";
import {
  badRequest,
  insufficientStorage,
  internalError,
  methodNotAllowed,
  notServed,
  Refusal,
  storeAway,
  timedOut,
} from "./status.ts";
import { serveReviews } from "./reviews.ts";
import { frameType, sharedFrame } from "./protobuf/frames.ts";
import { readAccept } from "./tables/accept.ts";
import { readIncludeObject } from "./tables/table.ts";

export interface PipelineParts {
  readonly store: Store;
  readonly kinds: readonly Descriptor[];
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly authorize: Authorize;
  readonly limits?: Partial<Limits>;
  readonly tokens?: TokenIssuer;
  /** By which webhooks are called; without one none are. */
  readonly network?: Pick<Network, "client">;
}

const noNetwork: Pick<Network, "client"> = {
  client: () => {
    throw new Error("this server has no network");
  },
};

/** The pipeline, and what its owner does with it. */
export interface RunningPipeline extends Pipeline {
  readonly registry: Registry;
  /** Whose a service account's token is; absent where none are given out. */
  readonly verifyToken: VerifyToken | undefined;
  /** Ends every watch and stops following the store. The store stays open. */
  stop(): Promise<void>;
}

const usualLimits: Limits = {
  objectBytesMax: 1.5 * 1024 * 1024,
  ringMax: 4096,
  backlogMax: 10_000,
  freshTimeout: seconds(3),
};

/** Resolves once the store's content is read; from then on requests are answered. */
export async function createPipeline(parts: PipelineParts): Promise<RunningPipeline> {
  const { store, kinds, clock, random, log } = parts;
  const limits = { ...usualLimits, ...parts.limits };
  const feed = new Feed({ store, kinds, clock, log, ringMax: limits.ringMax });
  const webhooks = createWebhookCaller({ network: parts.network ?? noNetwork, clock });
  const registry: Registry = {
    store,
    kinds,
    feed,
    deadlines: new Deadlines(clock),
    eventLeases: new EventLeases(store, clock),
    clock,
    random,
    log,
    limits,
    conversions: new Conversions({ call: webhooks.call, random }),
    tokens: parts.tokens,
  };
  await feed.start();
  const stopCompaction = startCompaction(store, clock, log);
  const route = following(() => feed.served, createRouter);
  const authorize = withinOwnPods(parts.authorize, (node) => podsOn(registry, node));
  const way: Way = { registry, route: (path) => route()(path), authorize };
  const verifyToken = parts.tokens && createVerifyToken(parts.tokens, findIn(registry), () => clock.now());
  const stored = serveOldVersions(kinds, {
    answer: (request, caller) => answer(way, request, caller),
    answerEncoded: (request, caller) => answerEncoded(way, request, caller),
    watch: (request, caller, signal) => watchEvents(way, request, caller, signal),
    watchEncoded: (request, caller, signal) => watchEncoded(way, request, caller, signal),
  });
  const pipeline = serveReviews({ kinds: () => feed.served, authorize, verifyToken }, stored);
  return {
    registry,
    verifyToken,
    ...pipeline,
    stop: async () => {
      stopCompaction();
      await Promise.all([feed.stop(), webhooks.close()]);
    },
  };
}

/** The pods bound to a node, as the caches have them. */
function* podsOn({ kinds, feed }: Registry, node: string): Generator<Pod> {
  const kind = kinds.find(isPods);
  if (kind === undefined) return;
  const selection = { ...everything, interest: { in: "node", node } } as const;
  for (const { object } of feed.cacheOf(kind).select(selection)) yield object;
}

interface Way {
  readonly registry: Registry;
  readonly route: Router;
  readonly authorize: Authorize;
}

/** A request that found its resource and may be acted on. */
interface Allowed {
  readonly target: Target;
  readonly verb: Verb;
  readonly query: Query;
  readonly showing: Showing;
  readonly caller: Caller;
}

async function answer(way: Way, request: ApiRequest, caller: Caller): Promise<ApiResponse> {
  const allowed = allow(way, request, caller);
  if (allowed instanceof Refusal) return asResponse(allowed, undefined);
  return asResponse(await perform(way, request, allowed), allowed.showing);
}

async function answerEncoded(way: Way, request: ApiRequest, caller: Caller): Promise<EncodedAnswer> {
  const allowed = allow(way, request, caller);
  if (allowed instanceof Refusal) return asEncoded(allowed, undefined, request.accept);
  return asEncoded(await perform(way, request, allowed), allowed.showing, request.accept);
}

/** Route, authorize, and see in which form to answer. */
function allow({ registry, route, authorize }: Way, request: ApiRequest, caller: Caller): Allowed | Refusal {
  const query = request.query ?? {};
  const target = route(request.path);
  const verb = target === "none" ? "none" : verbOf(request.method, target, isTrue(query["watch"]));
  // Who may not ask is not told what there is.
  const attributes = attributesFor(request.path, target, verb, query["fieldSelector"]);
  const refused = denied(authorize, caller, request.method, attributes);
  if (refused !== undefined) return refused;
  if (target === "none") return notServed();
  if (verb === "none") return methodNotAllowed();
  const accepted = readAccept(request.accept, target.kind, verb === "watch");
  if (accepted instanceof Refusal) return accepted;
  const include = readIncludeObject(query["includeObject"], accepted.form);
  if (include instanceof Refusal) return include;
  const showing = { kind: target.kind, ...accepted, include, now: registry.clock.now() };
  return { target, verb, query, showing, caller };
}

const attributesFor = (
  path: string,
  target: Target | "none",
  verb: Verb | "none",
  fieldSelector: string | undefined,
): Attributes =>
  target === "none" || verb === "none"
    ? { verb: "other", path }
    : attributesOf(path, verb, target, fieldSelector);

/** Act, in pipeline-act.ts. A fault of our own is answered as such and ends this request only. */
async function perform({ registry }: Way, request: ApiRequest, allowed: Allowed): Promise<Reply | Refusal> {
  const { target, verb, query, caller } = allowed;
  if (verb === "watch") return badRequest("a watch is not answered at once: open it as a watch");
  try {
    return await act(registry, { target, verb, query, request, caller, agent: caller.agent });
  } catch (thrown) {
    if (thrown instanceof KindGone) return notServed();
    if (thrown instanceof NoSpaceError) return insufficientStorage(thrown.message);
    registry.log.error("a request failed", { path: request.path, because: wordsOf(thrown) });
    return failed(thrown);
  }
}

function failed(thrown: unknown): Refusal {
  if (thrown instanceof StoreUnavailableError)
    return thrown.outcome === "not-done" ? storeAway(thrown.message) : timedOut(thrown.message);
  return internalError(wordsOf(thrown));
}

type Opened = { readonly emissions: AsyncIterable<readonly Emission[]>; readonly showing: Showing };

async function open(
  way: Way,
  request: ApiRequest,
  caller: Caller,
  signal: AbortSignal,
): Promise<Opened | Refusal> {
  const allowed = allow(way, request, caller);
  if (allowed instanceof Refusal) return allowed;
  const { target, verb, query, showing } = allowed;
  if (verb !== "watch") return badRequest("only a collection, or one object of it, can be watched");
  const options = readWatchOptions(query);
  if (options instanceof Refusal) return options;
  const { kind, namespace, name } = target;
  const selection = readSelection(kind, { namespace, name, ...options });
  if (selection instanceof Refusal) return selection;
  try {
    const emissions = await openWatch(way.registry, { kind, selection, options }, signal);
    if (emissions instanceof Refusal) return emissions;
    const { conversions } = way.registry;
    return {
      emissions: kind.custom?.hook === undefined ? emissions : conversions.ready(kind, emissions),
      showing,
    };
  } catch (thrown) {
    if (thrown instanceof KindGone) return notServed();
    throw thrown;
  }
}

async function* watchEvents(
  way: Way,
  request: ApiRequest,
  caller: Caller,
  signal: AbortSignal,
): AsyncGenerator<readonly WatchEvent[]> {
  const opened = await open(way, request, caller, signal);
  if (opened instanceof Refusal) {
    yield [{ type: "ERROR", object: opened.status }];
    return;
  }
  for await (const batch of opened.emissions)
    yield batch.map((emission) => shapedEmission(emission, opened.showing).event);
}

async function watchEncoded(
  way: Way,
  request: ApiRequest,
  caller: Caller,
  signal: AbortSignal,
): ReturnType<Pipeline["watchEncoded"]> {
  const opened = await open(way, request, caller, signal);
  if (opened instanceof Refusal) return asEncoded(opened, undefined, request.accept);
  return opened.showing.encoding === "protobuf"
    ? { is: "watching", contentType: frameType, lines: framesOf(opened) }
    : { is: "watching", contentType: "application/json", lines: linesOf(opened) };
}

async function* linesOf({ emissions, showing }: Opened): AsyncGenerator<readonly Uint8Array[]> {
  for await (const batch of emissions) yield batch.map((emission) => shapedEmission(emission, showing).line);
}

async function* framesOf({ emissions, showing }: Opened): AsyncGenerator<readonly Uint8Array[]> {
  for await (const batch of emissions)
    yield batch.map((emission) => sharedFrame(shapedEmission(emission, showing)));
}
