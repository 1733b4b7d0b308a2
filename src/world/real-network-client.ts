// Owns the HTTP client over real connections: one for each request while it lasts, or a few that many requests share.
import type { Agent, Dispatcher } from "undici";
import { ArrivingBody } from "./arriving-body.ts";
import type { ClientRequest, ClientResponse, HttpClient, HttpClientOptions } from "./http.ts";
import { createHttp2Client } from "./real-http2-client.ts";

const makeAgent = async (options: HttpClientOptions): Promise<Agent> => {
  // Loading undici takes 150 ms, which a command that asks no server need not pay.
  const { Agent } = await import("undici");
  return new Agent({
    // An idle watch or a followed log is silent for hours; it ends when either side ends it.
    bodyTimeout: 0,
    headersTimeout: 0,
    ...(options.connectionsMax === undefined ? {} : { connections: options.connectionsMax }),
    keepAliveTimeout: 30_000,
    keepAliveMaxTimeout: 60_000,
    connect: {
      timeout: 10_000,
      ...(options.cert === undefined ? {} : { cert: options.cert }),
      ...(options.key === undefined ? {} : { key: options.key }),
      ...(options.ca === undefined ? {} : { ca: options.ca }),
      ...(options.insecureSkipVerify === true ? { rejectUnauthorized: false } : {}),
      ...(options.serverName === undefined ? {} : { servername: options.serverName }),
    },
  });
};

interface Outcome {
  readonly answered: (response: ClientResponse) => void;
  readonly failed: (error: unknown) => void;
}

const aborted = (signal: AbortSignal): Error =>
  signal.reason instanceof Error ? signal.reason : new Error("the request was aborted");

/** One request over a connection of the agent's. */
class Http1Exchange implements Dispatcher.DispatchHandler {
  private readonly outcome: Outcome;
  private readonly signal: AbortSignal | undefined;
  private controller: Dispatcher.DispatchController | undefined;
  private body: ArrivingBody | undefined;

  constructor(signal: AbortSignal | undefined, outcome: Outcome) {
    this.signal = signal;
    this.outcome = outcome;
    signal?.addEventListener("abort", this.abort, { once: true });
  }

  private readonly abort = (): void => {
    if (this.signal === undefined) return;
    const error = aborted(this.signal);
    this.controller?.abort(error);
    // One that still waits for a connection is not told by the agent.
    this.fail(error);
  };

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller;
    if (this.signal?.aborted === true) controller.abort(aborted(this.signal));
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: ClientResponse["headers"],
  ): void {
    // Ahead of the answer proper there may be words about it.
    if (status < 200) return;
    const body = new ArrivingBody({
      pause: () => controller.pause(),
      resume: () => controller.resume(),
      cancel: () => controller.abort(new Error("the rest of the answer is not wanted")),
    });
    this.body = body;
    this.outcome.answered(responseOf(status, headers, body));
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Uint8Array): void {
    this.body?.push(chunk);
  }

  onResponseEnd(): void {
    this.signal?.removeEventListener("abort", this.abort);
    this.body?.end();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.fail(error);
  }

  private fail(error: Error): void {
    this.signal?.removeEventListener("abort", this.abort);
    if (this.body === undefined) this.outcome.failed(error);
    else this.body.fail(error);
  }
}

const responseOf = (
  status: number,
  headers: ClientResponse["headers"],
  body: ArrivingBody,
): ClientResponse => ({
  status,
  headers,
  text: () => body.text(),
  chunks: { [Symbol.asyncIterator]: () => body.chunks() },
  discard: () => {
    const length = headers["content-length"];
    return body.discard(length === undefined ? undefined : Number(length));
  },
});

const methods = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);

function requestOver(dispatcher: Dispatcher, request: ClientRequest): Promise<ClientResponse> {
  const { signal } = request;
  return new Promise((answered, failed) => {
    if (signal?.aborted === true) return failed(aborted(signal));
    dispatcher.dispatch(
      {
        ...splitUrl(request.url),
        method: request.method,
        // Without this word a connection is given up after a DELETE with a body, of which Kubernetes' clients send many.
        reset: false,
        headers: request.headers ?? null,
        body: request.body ?? null,
      },
      new Http1Exchange(signal, { answered, failed }),
    );
  });
}

export function createClient(options: HttpClientOptions): HttpClient {
  let agent: Promise<Agent> | undefined;
  let closed = false;
  const shared = options.sharesConnections === true ? createHttp2Client(options) : undefined;
  return {
    async request(request: ClientRequest): Promise<ClientResponse> {
      if (closed) throw new Error("cannot send a request: the client is closed");
      if (!methods.has(request.method)) throw new Error(`cannot send a request: no method ${request.method}`);
      const answer = await shared?.request(request);
      if (answer !== undefined && answer !== "http/1")
        return responseOf(answer.status, answer.headers, answer.body);
      agent ??= makeAgent(options);
      return requestOver(await agent, request);
    },
    async close(): Promise<void> {
      closed = true;
      shared?.close();
      await (await agent)?.destroy();
    },
  };
}

/** The agent takes origin and path apart; building a URL object for each call would only be undone again. */
function splitUrl(url: string): { origin: string; path: string } {
  const slash = url.indexOf("/", url.indexOf("://") + 3);
  return slash < 0 ? { origin: url, path: "/" } : { origin: url.slice(0, slash), path: url.slice(slash) };
}
