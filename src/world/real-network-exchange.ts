// Owns one exchange over a real connection, HTTP/1.1 or HTTP/2 alike. A client that went away is never an error.
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";
import { BodyTooLarge, type Exchange, type ResponseStream } from "./http.ts";
import { peerOf } from "./real-network-peer.ts";

export type Incoming = IncomingMessage | Http2ServerRequest;
export type Outgoing = ServerResponse | Http2ServerResponse;
type Headers = Parameters<Exchange["respond"]>[1];

const isHttp2 = (response: Outgoing): response is Http2ServerResponse => "createPushResponse" in response;
const isGone = (response: Outgoing): boolean =>
  isHttp2(response) ? response.stream === undefined || response.stream.destroyed : response.destroyed;

// HTTP/2 forbids the headers that speak of one connection.
const hopByHop = new Set(["connection", "keep-alive", "transfer-encoding", "upgrade"]);

// Copying a longer body costs more than a second write.
const oneWriteMax = 16 * 1024;

/** As a list of names and values, which Node takes as it is. HTTP/2 wants an object. */
function listed(headers: Headers): string[] {
  const out: string[] = [];
  for (const name of Object.keys(headers)) {
    const value = headers[name] ?? [];
    if (typeof value === "string") out.push(name, value);
    else for (const one of value) out.push(name, one);
  }
  return out;
}

function headersFor(headers: Headers): Record<string, string | string[]> {
  const out: Record<string, string | string[]> = {};
  for (const name of Object.keys(headers)) {
    const value = headers[name] ?? [];
    if (!hopByHop.has(name.toLowerCase())) out[name] = typeof value === "string" ? value : [...value];
  }
  return out;
}

function readBody(request: Incoming, limit: number): Promise<Uint8Array> {
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

function streamOf(response: Outgoing): ResponseStream {
  const pending = (): number =>
    isHttp2(response) ? (response.stream?.writableLength ?? 0) : response.writableLength;
  let ended = false;
  return {
    // Node types the two `write`s apart; both take text or bytes and tell whether the buffer has room.
    write: (chunk) => ended || isGone(response) || (response as ServerResponse).write(chunk),
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

class RealExchange implements Exchange {
  readonly method: string;
  readonly target: string;
  readonly headers: Exchange["headers"];
  readonly peer?: NonNullable<Exchange["peer"]>;
  private readonly request: Incoming;
  private readonly response: Outgoing;
  private controller: AbortController | undefined;

  constructor(request: Incoming, response: Outgoing) {
    this.request = request;
    this.response = response;
    this.method = request.method ?? "GET";
    this.target = request.url ?? "/";
    this.headers = request.headers;
    const { socket } = request;
    const peer = peerOf(socket, "stream" in request ? (request.stream.session ?? socket) : socket);
    if (peer !== undefined) this.peer = peer;
    request.on("error", () => undefined);
    response.on("error", () => undefined);
  }

  get remoteAddress(): string {
    return this.request.socket?.remoteAddress ?? "";
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
    const length = String(bytes.byteLength);
    if (isHttp2(response)) {
      const { stream } = response;
      stream.respond({ ":status": status, ...headersFor(headers), "content-length": length });
      if (this.method === "HEAD") stream.end();
      else stream.end(bytes);
      return;
    }
    response.writeHead(status, [...listed(headers), "content-length", length]);
    if (this.method === "HEAD") response.end();
    else if (bytes.byteLength > oneWriteMax) response.end(bytes);
    // Head and body then leave in one write; as Latin-1 each character is one byte, whatever they mean.
    else
      response.end(
        Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1"),
        "latin1",
      );
  }

  stream(status: number, headers: Headers): ResponseStream {
    const { response } = this;
    if (!isGone(response) && !response.headersSent) {
      if (isHttp2(response)) response.stream.respond({ ":status": status, ...headersFor(headers) });
      else {
        response.writeHead(status, listed(headers));
        response.flushHeaders();
      }
    }
    return streamOf(response);
  }
}

export const exchangeOf = (request: Incoming, response: Outgoing): Exchange =>
  new RealExchange(request, response);
