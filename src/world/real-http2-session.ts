// Owns one HTTP/2 connection as a client: made where the server speaks it, used up to the server's limit, ended when it falls silent.
import { connect as connectHttp2, constants, type ClientHttp2Session } from "node:http2";
import { isIP } from "node:net";
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from "node:tls";
import type { Bytes, Millis } from "../lib/units.ts";
import type { HttpClientOptions } from "./http.ts";

/** How long is waited for what. */
export interface Tempo {
  /** For a connection. */
  readonly connect: Millis;
  /** For any word of the server while streams are open; then it is asked for one. */
  readonly silence: Millis;
  /** For that word. */
  readonly answer: Millis;
  /** For a next stream, before an unused connection is ended. */
  readonly idle: Millis;
}

/** A peer that vanished without a word is noticed as soon as client-go notices it. */
export const usualTempo: Tempo = { connect: 10_000, silence: 30_000, answer: 15_000, idle: 30_000 };

const streamWindow: Bytes = 1 << 20;
const connectionWindow: Bytes = 16 << 20;
const sessionMegabytes = 64;

export class Http2Session {
  readonly session: ClientHttp2Session;
  private readonly socket: TLSSocket;
  private readonly tempo: Tempo;
  private readonly ended: () => void;
  private open = 0;
  private leaving = false;
  private idle: NodeJS.Timeout | undefined;
  private watch: NodeJS.Timeout | undefined;

  constructor(session: ClientHttp2Session, socket: TLSSocket, tempo: Tempo, ended: () => void) {
    this.session = session;
    this.socket = socket;
    this.tempo = tempo;
    this.ended = ended;
    session.setLocalWindowSize(connectionWindow);
    session.on("goaway", () => (this.leaving = true));
    // The streams are told as well, and it is they that someone waits for.
    session.on("error", () => undefined);
    session.once("close", () => this.end());
    this.rest();
  }

  get hasRoom(): boolean {
    const { session } = this;
    const most = session.remoteSettings.maxConcurrentStreams ?? Number.POSITIVE_INFINITY;
    return !this.leaving && !session.closed && !session.destroyed && this.open < most;
  }

  /** A stream begins. */
  take(): void {
    this.open += 1;
    if (this.open > 1) return;
    clearTimeout(this.idle);
    this.session.ref();
    this.listen();
  }

  /** And is over. */
  give(): void {
    this.open -= 1;
    if (this.open === 0) this.rest();
  }

  destroy(): void {
    // Without an error the streams would look as if they had come to their end.
    this.session.destroy(new Error("the client is closed"));
  }

  private rest(): void {
    clearTimeout(this.watch);
    if (this.session.destroyed) return;
    this.session.unref();
    this.idle = setTimeout(() => this.session.close(), this.tempo.idle).unref();
  }

  /** Waits for the server to have said nothing for long. */
  private listen(): void {
    const heard = this.socket.bytesRead;
    this.watch = setTimeout(() => {
      if (this.socket.bytesRead === heard) this.ask();
      else this.listen();
    }, this.tempo.silence).unref();
  }

  private ask(): void {
    const { session, tempo } = this;
    const heard = this.socket.bytesRead;
    if (session.destroyed) return;
    session.ping((failure) => {
      if (failure !== null || this.open === 0) return;
      clearTimeout(this.watch);
      this.listen();
    });
    this.watch = setTimeout(() => {
      // A process that was held up hears first what came meanwhile.
      setImmediate(() => {
        if (this.socket.bytesRead === heard)
          session.destroy(new Error(`the server has said nothing for ${tempo.silence + tempo.answer} ms`));
      });
    }, tempo.answer).unref();
  }

  private end(): void {
    clearTimeout(this.idle);
    clearTimeout(this.watch);
    this.leaving = true;
    this.ended();
  }
}

/** What a connection is made with. */
export interface Opening {
  readonly origin: string;
  readonly options: HttpClientOptions;
  readonly tempo: Tempo;
  /** Aborts what is not connected yet. */
  readonly signal: AbortSignal;
  readonly ended: (session: Http2Session) => void;
}

function tlsOptions(origin: URL, options: HttpClientOptions): ConnectionOptions {
  // An address in brackets is the URL's way to write one of IPv6.
  const host = origin.hostname.replace(/^\[(.*)\]$/, "$1");
  const { cert, key, ca, insecureSkipVerify, serverName } = options;
  const name = serverName ?? (isIP(host) === 0 ? host : undefined);
  return {
    host,
    port: Number(origin.port === "" ? 443 : origin.port),
    ALPNProtocols: ["h2", "http/1.1"],
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(ca === undefined ? {} : { ca }),
    ...(insecureSkipVerify === true ? { rejectUnauthorized: false } : {}),
    ...(name === undefined ? {} : { servername: name }),
  };
}

function connected({ origin, options, tempo, signal }: Opening): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connectTls(tlsOptions(new URL(origin), options));
    const giveUp = (): void => void socket.destroy(new Error("the client is closed"));
    const late = setTimeout(
      () => socket.destroy(new Error(`connecting took longer than ${tempo.connect} ms`)),
      tempo.connect,
    );
    const done = (): void => {
      clearTimeout(late);
      signal.removeEventListener("abort", giveUp);
    };
    signal.addEventListener("abort", giveUp, { once: true });
    socket.setNoDelay(true);
    socket.once("error", reject);
    socket.once("close", () => {
      done();
      reject(new Error("the connection ended before it was made"));
    });
    socket.once("secureConnect", () => {
      done();
      socket.removeListener("error", reject);
      resolve(socket);
    });
    if (signal.aborted) giveUp();
  });
}

/** Resolves when the server has told its limits. */
function greeted(session: ClientHttp2Session, tempo: Tempo): Promise<void> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(
      () => session.destroy(new Error(`no HTTP/2 settings came within ${tempo.connect} ms`)),
      tempo.connect,
    );
    const ended = (error?: Error): void =>
      reject(error ?? new Error("the connection ended before the server spoke"));
    session.once("error", ended);
    session.once("close", ended);
    session.once("remoteSettings", () => {
      clearTimeout(late);
      session.removeListener("error", ended);
      session.removeListener("close", ended);
      resolve();
    });
    session.once("close", () => clearTimeout(late));
  });
}

/** A connection that streams may be opened on; or the word that the server speaks HTTP/1 alone. */
export async function openHttp2Session(opening: Opening): Promise<Http2Session | "http/1"> {
  const { origin, tempo, ended } = opening;
  const socket = await connected(opening);
  if (socket.alpnProtocol !== "h2") {
    socket.destroy();
    return "http/1";
  }
  const session = connectHttp2(origin, {
    createConnection: () => socket,
    maxSessionMemory: sessionMegabytes,
    settings: { enablePush: false, initialWindowSize: streamWindow },
  });
  await greeted(session, tempo);
  const made: Http2Session = new Http2Session(session, socket, tempo, () => ended(made));
  return made;
}

/** What a stream that was reset is said to have come to. */
export const wordOfCode = (code: number): string =>
  Object.entries(constants).find(([name, value]) => name.startsWith("NGHTTP2_") && value === code)?.[0] ??
  String(code);
