// Owns the transport over HTTP, to any Kubernetes API server.
import type { ClusterAccess } from "../model/kubeconfig.ts";
import type { ApiRequest, ApiResponse, Transport, WatchEvent } from "../model/wire.ts";
import type { ClientResponse, HttpClient, Network } from "../world/http.ts";
import { wordsOf } from "../world/log.ts";
import { createJsonLines } from "./json-lines.ts";
import { statusOf } from "./refusal.ts";

export interface HttpTransportOptions {
  readonly network: Network;
  readonly access: ClusterAccess;
  /** What we call ourselves: the User-Agent, which the server writes into managedFields. */
  readonly agent: string;
}

/** A transport that holds connections open until it is closed. */
export interface HttpTransport extends Transport {
  close(): Promise<void>;
}

// A thousand requests made at once would else be a thousand handshakes. A request costs a server less over HTTP/1; a watch costs
// both sides a tenth of the memory and half the time over a connection it shares with others.
const connectionsMax = 32;

export function httpTransport({ network, access, agent }: HttpTransportOptions): HttpTransport {
  const { server, token, namespace: _, ...tls } = access;
  const client = network.client({ ...tls, connectionsMax });
  const watching = network.client({ ...tls, sharesConnections: true });
  const identity = {
    "user-agent": agent,
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  };
  const link: Link = { client, server: server.replace(/\/+$/, ""), identity };
  const watchLink: Link = { ...link, client: watching };
  return {
    request: (request) => requestOver(link, request),
    watch: (request, signal) => watchOver(watchLink, request, signal),
    close: async () => {
      await Promise.all([client.close(), watching.close()]);
    },
  };
}

interface Link {
  readonly client: HttpClient;
  readonly server: string;
  readonly identity: Readonly<Record<string, string>>;
}

export function queryText(query: ApiRequest["query"]): string {
  const pairs = Object.entries(query ?? {}).flatMap(([key, value]) =>
    value === undefined ? [] : [`${encodeURIComponent(key)}=${encodeURIComponent(value)}`],
  );
  return pairs.length === 0 ? "" : `?${pairs.join("&")}`;
}

async function send(link: Link, request: ApiRequest, signal?: AbortSignal): Promise<ClientResponse> {
  const headers: Record<string, string> = { ...link.identity, accept: request.accept ?? "application/json" };
  if (request.body !== undefined) headers["content-type"] = request.contentType ?? "application/json";
  try {
    return await link.client.request({
      method: request.method,
      url: `${link.server}${request.path}${queryText(request.query)}`,
      headers,
      ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
      ...(signal === undefined ? {} : { signal }),
    });
  } catch (thrown) {
    if (signal?.aborted === true) throw thrown;
    throw broken(link, thrown);
  }
}

const broken = (link: Link, thrown: unknown): Error =>
  new Error(`cannot reach the API server at ${link.server}: ${wordsOf(thrown)}`, { cause: thrown });

const header = (response: ClientResponse, name: string): readonly string[] => {
  const value = response.headers[name];
  return value === undefined ? [] : typeof value === "string" ? [value] : value;
};

/** The texts of `299 - "text"` warnings; several may share one header. */
export function warningTexts(headers: readonly string[]): string[] {
  return headers.flatMap((line) =>
    [...line.matchAll(/\b299 \S+ "((?:[^"\\]|\\.)*)"/g)].map((found) =>
      (found[1] ?? "").replace(/\\(.)/g, "$1"),
    ),
  );
}

async function responseOf(response: ClientResponse): Promise<ApiResponse> {
  const text = await response.text();
  const isJson = text !== "" && /\bjson\b/.test(header(response, "content-type").join());
  const warnings = warningTexts(header(response, "warning"));
  const { status } = response;
  const more = warnings.length === 0 ? {} : { warnings };
  // What a read was answered is looked at; of a write's answer mostly the status alone, and the object comes by the watch.
  if (!isJson) return { status, body: text, ...more };
  let parsed: { readonly body: unknown } | undefined;
  return {
    status,
    get body() {
      parsed ??= { body: JSON.parse(text) };
      return parsed.body;
    },
    ...more,
  };
}

async function requestOver(link: Link, request: ApiRequest): Promise<ApiResponse> {
  const response = await send(link, request, request.signal);
  try {
    return await responseOf(response);
  } catch (thrown) {
    if (request.signal?.aborted === true) throw thrown;
    throw broken(link, thrown);
  }
}

async function* watchOver(
  link: Link,
  request: ApiRequest,
  signal: AbortSignal,
): AsyncIterable<readonly WatchEvent[]> {
  try {
    const response = await send(link, { ...request, query: { ...request.query, watch: "true" } }, signal);
    if (response.status !== 200) {
      yield [{ type: "ERROR", object: statusOf(await responseOf(response)) }];
      return;
    }
    const lines = createJsonLines();
    for await (const chunk of response.chunks) {
      // The server writes nothing but watch events on a watch it accepted.
      const events = lines.take(chunk) as WatchEvent[];
      if (signal.aborted) return;
      if (events.length > 0) yield events;
    }
  } catch (thrown) {
    if (signal.aborted) return;
    throw thrown instanceof Error && thrown.message.startsWith("cannot reach")
      ? thrown
      : broken(link, thrown);
  }
}
