// Owns the ports to HTTP: a server that hands exchanges to a handler, a client that makes requests. TLS and protocol versions stay behind them.
import type { Duplex } from "node:stream";

export interface TlsFiles {
  /** PEM texts. */
  readonly cert: string;
  readonly key: string;
  /** Certificate authority that client certificates (server) or the server's certificate (client) must chain to. */
  readonly ca?: string;
}

/** One request being answered. */
export interface Exchange {
  readonly method: string;
  /** Path and query as sent. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Subject of the verified client certificate: common name and organizations. Absent without one. */
  readonly peer?: { readonly commonName: string; readonly organizations: readonly string[] };
  readonly remoteAddress: string;
  /** Aborts when the client goes away. */
  readonly signal: AbortSignal;
  /** The whole body; rejects with BodyTooLarge past the limit. */
  body(limit: number): Promise<Uint8Array>;
  /** Answers at once with a whole body. */
  respond(
    status: number,
    headers: Readonly<Record<string, string | readonly string[]>>,
    body: string | Uint8Array,
  ): void;
  /** Answers bit by bit. `write` returns false where the client lags; `drained` resolves when it caught up. */
  stream(status: number, headers: Readonly<Record<string, string | readonly string[]>>): ResponseStream;
}

export interface ResponseStream {
  write(chunk: string | Uint8Array): boolean;
  drained(): Promise<void>;
  /** Bytes accepted but not yet handed to the network. */
  readonly pending: number;
  end(): void;
}

/** A request to switch protocols (exec, attach, port-forward): the raw socket is handed over. */
export interface Upgrade {
  readonly method: string;
  readonly target: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly peer?: { readonly commonName: string; readonly organizations: readonly string[] };
  readonly socket: Duplex;
  readonly head: Uint8Array;
}

export interface HttpServerOptions {
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  /** Absent serves plain HTTP. With `ca`, client certificates are asked for and verified, not required. */
  readonly tls?: TlsFiles;
  readonly handle: (exchange: Exchange) => void;
  readonly upgrade?: (upgrade: Upgrade) => void;
}

export interface HttpServer {
  readonly host: string;
  readonly port: number;
  /** Ends the listener and every connection. */
  close(): Promise<void>;
}

export interface ClientRequest {
  readonly method: string;
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  readonly signal?: AbortSignal;
}

export interface ClientResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Read once, either way. An unread body must be `discard`ed. */
  text(): Promise<string>;
  readonly chunks: AsyncIterable<Uint8Array>;
  discard(): Promise<void>;
}

/** A client with one set of credentials. Idle responses (watches, followed logs) never time out. */
export interface HttpClient {
  request(request: ClientRequest): Promise<ClientResponse>;
  close(): Promise<void>;
}

export interface HttpClientOptions {
  /** Client certificate and key, PEM. */
  readonly cert?: string;
  readonly key?: string;
  /** The server's authority, PEM; absent trusts the system's. */
  readonly ca?: string;
  readonly insecureSkipVerify?: boolean;
  readonly serverName?: string;
  /** Requests beyond this many at a time wait for a connection. Unset there is one for each: what watches need. */
  readonly connectionsMax?: number;
  /** Requests run beside each other over a few connections, where the server speaks HTTP/2: what many watches are best off with. */
  readonly sharesConnections?: boolean;
}

export interface Network {
  /** Rejects with Node's `code` (EADDRINUSE, EACCES …). */
  serve(options: HttpServerOptions): Promise<HttpServer>;
  client(options: HttpClientOptions): HttpClient;
}

export class BodyTooLarge extends Error {
  constructor(limit: number) {
    super(`cannot read the request body: it is larger than ${limit} bytes`);
    this.name = "BodyTooLarge";
  }
}
