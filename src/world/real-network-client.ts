// Owns the HTTP client over real connections.
import type { Agent, Dispatcher } from "undici";
import type { ClientRequest, ClientResponse, HttpClient, HttpClientOptions } from "./http.ts";

// A leftover body this small is read so that the connection can serve again; of a longer one the connection is given up.
const leftoverMax = 64 * 1024;

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

function responseOf(answer: Dispatcher.ResponseData): ClientResponse {
  const { body } = answer;
  // An abort after the last read has nobody left to hear it.
  body.on("error", () => undefined);
  return {
    status: answer.statusCode,
    headers: answer.headers,
    text: () => body.text(),
    chunks: body,
    discard: async () => {
      const length = answer.headers["content-length"];
      if (length !== undefined && Number(length) <= leftoverMax) await body.dump().catch(() => undefined);
      else body.destroy();
    },
  };
}

const methods = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);

export function createClient(options: HttpClientOptions): HttpClient {
  let agent: Promise<Agent> | undefined;
  let closed = false;
  return {
    async request(request: ClientRequest): Promise<ClientResponse> {
      if (closed) throw new Error("cannot send a request: the client is closed");
      if (!methods.has(request.method)) throw new Error(`cannot send a request: no method ${request.method}`);
      agent ??= makeAgent(options);
      const dispatcher = await agent;
      return responseOf(
        await dispatcher.request({
          ...splitUrl(request.url),
          method: request.method,
          // Without this word a connection is given up after a DELETE with a body, of which Kubernetes' clients send many.
          reset: false,
          ...(request.headers === undefined ? {} : { headers: { ...request.headers } }),
          ...(request.body === undefined ? {} : { body: request.body }),
          ...(request.signal === undefined ? {} : { signal: request.signal }),
        }),
      );
    },
    async close(): Promise<void> {
      closed = true;
      await (await agent)?.destroy();
    },
  };
}

/** The agent takes origin and path apart; building a URL object for each call would only be undone again. */
function splitUrl(url: string): { origin: string; path: string } {
  const slash = url.indexOf("/", url.indexOf("://") + 3);
  return slash < 0 ? { origin: url, path: "/" } : { origin: url.slice(0, slash), path: url.slice(slash) };
}
