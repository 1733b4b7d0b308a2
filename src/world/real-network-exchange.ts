// Owns one exchange over HTTP/2. A client that went away is never an error.
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";
import { BodyTooLarge, type Exchange, type ResponseStream } from "./http.ts";
import { peerOf } from "./real-network-peer.ts";

type Headers = Parameters<Exchange["respond"]>[1];

const isGone = (response: Http2ServerResponse): boolean =>
  response.stream === undefined || response.stream.destroyed;

// HTTP/2 forbids the headers that speak of one connection.
const hopByHop = new Set(["connection", "keep-alive", "transfer-encoding", "upgrade"]);

function headersFor(headers: Headers): Record<string, string | string[]> {
  const out: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(headers))
    if (!hopByHop.has(name.toLowerCase())) out[name] = typeof value === "string" ? value : [...value];
  return out;
}

function readBody(request: Http2ServerRequest, limit: number): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    if (Number(request.headers["content-length"] ?? 0) > limit) {
      request.resume();
      return reject(new BodyTooLarge(limit));
    }
    const chunks: Buffer[] = [];
    let size = 0;
    let ended = false;
    // Every request comes by here when it closes: an error is made only of one that ended early.
    const gone = (): void => {
      if (!ended) reject(new Error("cannot read the request body: the client went away"));
    };
    request.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size <= limit) chunks.push(chunk);
      else {
        chunks.length = 0;
        reject(new BodyTooLarge(limit));
      }
    });
    request.once("end", () => {
      ended = true;
      resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks));
    });
    request.once("aborted", gone);
    request.once("error", gone);
    request.once("close", gone);
    if (request.destroyed) gone();
  });
}

function streamOf(response: Http2ServerResponse): ResponseStream {
  const pending = (): number => response.stream?.writableLength ?? 0;
  let ended = false;
  return {
    write: (chunk) => ended || isGone(response) || response.write(chunk),
    drained: () =>
      new Promise((resolve) => {
        if (isGone(response) || !response.writableNeedDrain) return resolve();
        const done = (): void => {
          response.removeListener("drain", done);
          response.removeListener("close", done);
          resolve();
        };
        response.on("drain", done);
        response.on("close", done);
      }),
    get pending() {
      return pending();
    },
    end: () => {
      if (ended) return;
      ended = true;
      if (!isGone(response)) response.end();
    },
  };
}

class Http2Exchange implements Exchange {
  readonly method: string;
  readonly target: string;
  readonly headers: Exchange["headers"];
  readonly peer?: NonNullable<Exchange["peer"]>;
  readonly remoteAddress: string;
  private readonly request: Http2ServerRequest;
  private readonly response: Http2ServerResponse;
  private controller: AbortController | undefined;

  constructor(request: Http2ServerRequest, response: Http2ServerResponse) {
    this.request = request;
    this.response = response;
    this.method = request.method ?? "GET";
    this.target = request.url ?? "/";
    this.headers = request.headers;
    const peer = peerOf(request.socket);
    if (peer !== undefined) this.peer = peer;
    this.remoteAddress = request.socket?.remoteAddress ?? "";
    request.on("error", () => undefined);
    response.on("error", () => undefined);
  }

  /** Made on first use: most requests are answered before anyone asks. */
  get signal(): AbortSignal {
    if (this.controller !== undefined) return this.controller.signal;
    const controller = new AbortController();
    this.controller = controller;
    const left = (): void => {
      if (!this.response.writableFinished) controller.abort(new Error("the client went away"));
    };
    if (isGone(this.response)) left();
    else this.response.once("close", left);
    return controller.signal;
  }

  body(limit: number): Promise<Uint8Array> {
    return readBody(this.request, limit);
  }

  respond(status: number, headers: Headers, body: string | Uint8Array): void {
    const { response } = this;
    if (isGone(response) || response.headersSent) return;
    const bytes = typeof body === "string" ? Buffer.from(body) : body;
    const length = { "content-length": String(bytes.byteLength) };
    response.writeHead(status, { ...headersFor(headers), ...length });
    if (this.method === "HEAD") response.end();
    else response.end(bytes);
  }

  stream(status: number, headers: Headers): ResponseStream {
    const { response } = this;
    if (!isGone(response) && !response.headersSent) {
      response.writeHead(status, headersFor(headers));
    }
    return streamOf(response);
  }
}

export const exchangeOf = (request: Http2ServerRequest, response: Http2ServerResponse): Exchange =>
  new Http2Exchange(request, response);
