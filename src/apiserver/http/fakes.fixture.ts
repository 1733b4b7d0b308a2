// Owns the stand-ins that tests of the edge share: a scripted pipeline, an exchange in memory, an edge over both.
import { createFairness } from "../fairness/fairness.ts";
import { kinds } from "../../model/kinds/kinds.ts";
import type { ApiRequest, Caller } from "../../model/wire.ts";
import type { ClientRequest, ClientResponse, Exchange, HttpClient } from "../../world/http.ts";
import { silentLog } from "../../world/log.ts";
import { seededRandom } from "../../world/random.ts";
import { VirtualClock } from "../../world/virtual-clock.ts";
import type { Pipeline } from "../answer.ts";
import { createAuthenticate } from "../authentication/authenticate.ts";
import { authorize } from "../authorization/authorize.ts";
import { createEdge, type Edge, type EdgeOptions } from "./edge.ts";
import { createMetrics } from "./metrics.ts";
import { jsonAnswer } from "./send.ts";

export interface Asked {
  readonly request: ApiRequest;
  readonly caller: Caller;
}

export interface FakePipeline extends Pipeline {
  readonly asked: Asked[];
}

/** Answers with what the paths map says, else with an echo of the request. */
export function fakePipeline(
  scripted: Readonly<Record<string, unknown>> = {},
  more: Partial<Pipeline> = {},
): FakePipeline {
  const asked: Asked[] = [];
  const note = (request: ApiRequest, caller: Caller): unknown => {
    asked.push({ request, caller });
    return scripted[request.path];
  };
  const absent = { kind: "Status", status: "Failure", reason: "NotFound", code: 404, message: "not found" };
  return {
    asked,
    answer: async (request, caller) => {
      const body = note(request, caller);
      return body === undefined ? { status: 404, body: absent } : { status: 200, body };
    },
    answerEncoded: async (request, caller) =>
      jsonAnswer(200, note(request, caller) ?? { echo: request.body }),
    watch: () => {
      throw new Error("the edge watches encoded");
    },
    watchEncoded: async (request, caller) => {
      note(request, caller);
      return jsonAnswer(410, absent);
    },
    ...more,
  };
}

export interface Answered {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body: Uint8Array;
  readonly text: string;
  readonly json: Record<string, unknown>;
}

export interface Ask {
  readonly method?: string;
  readonly headers?: Exchange["headers"];
  readonly body?: string | Uint8Array;
  readonly peer?: Exchange["peer"];
  readonly signal?: AbortSignal;
}

const admin = { commonName: "admin", organizations: ["system:masters"] };

/** An exchange in memory and the promise of its answer; a stream's chunks are joined once it ends. */
export function exchangeInMemory(
  target: string,
  ask: Ask = {},
): { exchange: Exchange; answered: Promise<Answered> } {
  let told: (answer: Answered) => void;
  const answered = new Promise<Answered>((resolve) => (told = resolve));
  const peer = "peer" in ask ? ask.peer : admin;
  const finish = (status: number, headers: Answered["headers"], body: Uint8Array): void => {
    const text = new TextDecoder().decode(body);
    told({
      status,
      headers,
      body,
      text,
      get json() {
        // Tests look into answers field by field.
        return JSON.parse(text) as Record<string, unknown>;
      },
    });
  };
  const bytesOf = (chunk: string | Uint8Array): Uint8Array =>
    typeof chunk === "string" ? new TextEncoder().encode(chunk) : chunk;
  const exchange: Exchange = {
    method: ask.method ?? "GET",
    target,
    headers: ask.headers ?? {},
    ...(peer === undefined ? {} : { peer }),
    remoteAddress: "127.0.0.1",
    signal: ask.signal ?? new AbortController().signal,
    body: async () => bytesOf(ask.body ?? ""),
    respond: (status, headers, body) => finish(status, headers, bytesOf(body)),
    stream: (status, headers) => {
      const chunks: Uint8Array[] = [];
      return {
        write: (chunk) => chunks.push(bytesOf(chunk)) > 0,
        drained: async () => undefined,
        pending: 0,
        end: () => finish(status, headers, Buffer.concat(chunks)),
      };
    },
  };
  return { exchange, answered };
}

export function fakeKubelets(
  respond: (request: ClientRequest) => Partial<ClientResponse> & { bytes?: readonly string[] },
): HttpClient & { readonly asked: ClientRequest[] } {
  const asked: ClientRequest[] = [];
  return {
    asked,
    async request(request) {
      asked.push(request);
      const { bytes = [], ...more } = respond(request);
      return {
        status: 200,
        headers: {},
        text: async () => bytes.join(""),
        chunks: (async function* () {
          for (const part of bytes) yield new TextEncoder().encode(part);
        })(),
        discard: async () => undefined,
        ...more,
      };
    },
    close: async () => undefined,
  };
}

export function testEdge(more: Partial<EdgeOptions> = {}): { edge: Edge; clock: VirtualClock } {
  const clock = new VirtualClock();
  const edge = createEdge({
    fairness: createFairness({ clock, seats: 600 }),
    pipeline: fakePipeline(),
    kinds: () => kinds,
    authenticate: createAuthenticate([{ token: "s3cret", name: "robot", groups: ["system:masters"] }]),
    authorize,
    clock,
    random: seededRandom(1),
    log: silentLog,
    metrics: createMetrics(),
    version: "v1.33.0+everynode",
    kubelets: fakeKubelets(() => ({})),
    kubeletStreams: () => Promise.reject(new Error("no kubelet is there")),
    ...more,
  });
  return { edge, clock };
}

export async function ask(edge: Edge, target: string, options: Ask = {}): Promise<Answered> {
  const { exchange, answered } = exchangeInMemory(target, options);
  edge.handle(exchange);
  return answered;
}
