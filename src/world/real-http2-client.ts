// Owns requests that share HTTP/2 connections: which connection each takes, and its way over one stream.
import { constants, type ClientHttp2Stream, type IncomingHttpHeaders } from "node:http2";
import { ArrivingBody } from "./arriving-body.ts";
import type { ClientRequest, ClientResponse, HttpClientOptions } from "./http.ts";
import {
  openHttp2Session,
  usualTempo,
  wordOfCode,
  type Http2Session,
  type Tempo,
} from "./real-http2-session.ts";

export interface StreamAnswer extends Pick<ClientResponse, "status" | "headers"> {
  readonly body: ArrivingBody;
}

export interface Http2Client {
  /** Resolves with `http/1` where the server does not speak HTTP/2: nothing was sent then. */
  request(request: ClientRequest): Promise<StreamAnswer | "http/1">;
  close(): void;
}

/** The connections to one server. */
class Connections {
  private readonly sessions = new Set<Http2Session>();
  private readonly open: () => Promise<Http2Session | "http/1">;
  private opening: Promise<Http2Session | "http/1"> | undefined;
  private speaks: "http/1" | undefined;
  private readonly life = new AbortController();

  constructor(origin: string, options: HttpClientOptions, tempo: Tempo) {
    if (!origin.startsWith("https:")) this.speaks = "http/1";
    const { signal } = this.life;
    const ended = (session: Http2Session): void => void this.sessions.delete(session);
    this.open = () => openHttp2Session({ origin, options, tempo, signal, ended });
  }

  /** Hands over a connection with room for one more stream, which has to be begun at once. */
  async use<T>(begin: (session: Http2Session) => T): Promise<T | "http/1"> {
    for (;;) {
      if (this.speaks !== undefined) return this.speaks;
      for (const session of this.sessions) if (session.hasRoom) return begin(session);
      if (this.life.signal.aborted) throw new Error("cannot send a request: the client is closed");
      // Those who wait for one connection find it full only when they are more than it takes.
      this.opening ??= this.connect().finally(() => (this.opening = undefined));
      await this.opening;
    }
  }

  close(): void {
    this.life.abort();
    for (const session of this.sessions) session.destroy();
  }

  private async connect(): Promise<Http2Session | "http/1"> {
    const made = await this.open();
    if (made === "http/1") this.speaks = made;
    else if (this.life.signal.aborted) made.destroy();
    else this.sessions.add(made);
    return made;
  }
}

export function createHttp2Client(options: HttpClientOptions, tempo: Tempo = usualTempo): Http2Client {
  const servers = new Map<string, Connections>();
  return {
    async request(request) {
      const { signal } = request;
      signal?.throwIfAborted();
      const slash = request.url.indexOf("/", request.url.indexOf("://") + 3);
      const origin = slash < 0 ? request.url : request.url.slice(0, slash);
      const path = slash < 0 ? "/" : request.url.slice(slash);
      let connections = servers.get(origin);
      if (connections === undefined)
        servers.set(origin, (connections = new Connections(origin, options, tempo)));
      for (let tries = 1; ; tries++) {
        const answer = await connections.use((session) => {
          signal?.throwIfAborted();
          return begin(session, path, request);
        });
        if (answer !== "refused") return answer;
        if (tries === triesMax) throw new Error("the server refuses to take the request up");
      }
    },
    close() {
      for (const connections of servers.values()) connections.close();
    },
  };
}

/** What HTTP/2 has other words for. */
const ofOneConnection = new Set(["connection", "host", "keep-alive", "transfer-encoding", "upgrade"]);

function headersOf(path: string, { method, headers = {}, body }: ClientRequest): Record<string, string> {
  const all: Record<string, string> = { ":method": method, ":path": path };
  for (const [name, value] of Object.entries(headers)) {
    const lower = name.toLowerCase();
    if (!ofOneConnection.has(lower)) all[lower] = value;
  }
  if (body !== undefined)
    all["content-length"] = String(typeof body === "string" ? Buffer.byteLength(body) : body.byteLength);
  return all;
}

function answerHeaders(raw: IncomingHttpHeaders): ClientResponse["headers"] {
  const headers: Record<string, string | readonly string[] | undefined> = {};
  for (const name in raw) if (!name.startsWith(":")) headers[name] = raw[name];
  return headers;
}

// A server that says it will go may not have taken up what was sent before that was heard.
const triesMax = 3;

function begin(
  session: Http2Session,
  path: string,
  request: ClientRequest,
): Promise<StreamAnswer | "refused"> {
  const stream = session.session.request(headersOf(path, request), { endStream: request.body === undefined });
  session.take();
  stream.once("close", () => session.give());
  if (request.body !== undefined) stream.end(request.body);
  return answerOn(stream, request.signal);
}

function answerOn(
  stream: ClientHttp2Stream,
  signal: AbortSignal | undefined,
): Promise<StreamAnswer | "refused"> {
  return new Promise((resolve, reject) => {
    const cancel = (): void => stream.close(constants.NGHTTP2_CANCEL);
    const body = new ArrivingBody({
      pause: () => stream.pause(),
      resume: () => stream.resume(),
      cancel,
    });
    const fail = (error: unknown): void => {
      // Nothing of it was done.
      if (stream.rstCode === constants.NGHTTP2_REFUSED_STREAM) resolve("refused");
      else reject(error);
      body.fail(error);
    };
    const abort = (): void => {
      fail(signal?.reason);
      cancel();
    };
    signal?.addEventListener("abort", abort, { once: true });
    stream.once("response", (raw) =>
      resolve({ status: raw[":status"] ?? 0, headers: answerHeaders(raw), body }),
    );
    stream.on("data", (chunk: Buffer) => body.push(chunk));
    stream.on("error", fail);
    // A stream that was reset ends as one that was finished does, but for its code.
    stream.once("end", () => {
      if (stream.rstCode === constants.NGHTTP2_NO_ERROR) body.end();
      else fail(broken(stream));
    });
    stream.once("close", () => {
      signal?.removeEventListener("abort", abort);
      fail(broken(stream));
    });
  });
}

const broken = ({ rstCode }: ClientHttp2Stream): Error =>
  new Error(
    rstCode === constants.NGHTTP2_NO_ERROR || rstCode === constants.NGHTTP2_CANCEL
      ? "the connection ended before the answer did"
      : `the server gave the request up: ${wordOfCode(rstCode)}`,
  );
