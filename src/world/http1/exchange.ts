// Owns one exchange on an HTTP/1 connection: the request's body, and the answer, whole or bit by bit.
import type { Socket } from "node:net";
import { peerOf } from "../real-network-peer.ts";
import { BodyTooLarge, type Exchange, type ResponseStream } from "../http.ts";
import type { Head } from "./parse-head.ts";
import { headText, type Given } from "./write-head.ts";

// Copying a longer body costs more than a second write.
const oneWriteMax = 16 * 1024;
const staying = "connection: keep-alive\r\nkeep-alive: timeout=120\r\n";
const leaving = "connection: close\r\n";
const noAnswerBody = (status: number): boolean => status === 204 || status === 304;

/** The connection, as far as an exchange on it needs it. */
export interface Carrier {
  readonly socket: Socket;
  /** The body is wanted. */
  readBody(): void;
  /** The answer is written; whether the connection goes on. */
  answered(stays: boolean): void;
}

interface Reading {
  readonly limit: number;
  readonly parts: Buffer[];
  size: number;
  readonly resolve: (body: Uint8Array) => void;
  readonly reject: (why: Error) => void;
}

export class Http1Exchange implements Exchange {
  readonly method: string;
  readonly target: string;
  readonly headers: Exchange["headers"];
  readonly peer?: NonNullable<Exchange["peer"]>;
  readonly asksToContinue: boolean;
  private readonly head: Head;
  private readonly connection: Carrier;
  private state: "waiting" | "streaming" | "answered" | "left" = "waiting";
  private reading: Reading | undefined;
  private bodyState: "unread" | "wanted" | "whole" = "unread";
  private controller: AbortController | undefined;

  constructor(head: Head, connection: Carrier) {
    this.head = head;
    this.connection = connection;
    this.method = head.method;
    this.target = head.target;
    this.headers = head.headers;
    this.asksToContinue = head.asksToContinue;
    const peer = peerOf(connection.socket);
    if (peer !== undefined) this.peer = peer;
  }

  get remoteAddress(): string {
    return this.connection.socket.remoteAddress ?? "";
  }
  /** Whether the body is to be taken as it comes: it is asked for, or the answer is out and it only stands in the way. */
  get takesBody(): boolean {
    return this.bodyState === "wanted" || (this.bodyState === "unread" && this.isAnswered);
  }
  get hasBegun(): boolean {
    return this.state !== "waiting";
  }
  get isAnswered(): boolean {
    return this.state === "answered";
  }

  /** Made on first use: most requests are answered before anyone asks. */
  get signal(): AbortSignal {
    this.controller ??= new AbortController();
    if (this.state === "left") this.abort();
    return this.controller.signal;
  }

  body(limit: number): Promise<Uint8Array> {
    const { framing } = this.head;
    if (framing.is === "none") {
      this.bodyState = "whole";
      return Promise.resolve(new Uint8Array(0));
    }
    if (framing.is === "length" && framing.length > limit) return Promise.reject(new BodyTooLarge(limit));
    if (this.state === "left") return Promise.reject(clientLeft());
    return new Promise((resolve, reject) => {
      this.reading = { limit, parts: [], size: 0, resolve, reject };
      this.bodyState = "wanted";
      this.connection.readBody();
    });
  }

  takePart(part: Buffer): void {
    const { reading } = this;
    if (reading === undefined) return;
    reading.size += part.length;
    if (reading.size <= reading.limit) reading.parts.push(part);
    else {
      reading.parts.length = 0;
      reading.reject(new BodyTooLarge(reading.limit));
    }
  }

  takeEnd(): void {
    this.bodyState = "whole";
    const { reading } = this;
    this.reading = undefined;
    if (reading === undefined) return;
    const [only] = reading.parts;
    reading.resolve(reading.parts.length === 1 && only !== undefined ? only : Buffer.concat(reading.parts));
  }

  /** The connection is gone. */
  left(): void {
    if (this.state === "answered" || this.state === "left") return;
    this.state = "left";
    this.reading?.reject(clientLeft());
    if (this.controller !== undefined) this.abort();
  }

  private abort(): void {
    this.controller?.abort(new Error("the client went away"));
  }

  respond(status: number, headers: Given, body: string | Uint8Array): void {
    if (this.state !== "waiting") return;
    const { socket } = this.connection;
    const stays = this.staysAfter();
    const size = typeof body === "string" ? Buffer.byteLength(body) : body.byteLength;
    const length = noAnswerBody(status) ? "" : `content-length: ${size}\r\n`;
    const head = headText(status, headers, `${length}${stays ? staying : leaving}`);
    this.state = "answered";
    if (this.method === "HEAD" || noAnswerBody(status) || size === 0) socket.write(head, "latin1");
    else if (size > oneWriteMax) {
      socket.cork();
      socket.write(head, "latin1");
      socket.write(body);
      socket.uncork();
    } else socket.write(joined(head, body, size));
    this.connection.answered(stays);
  }

  stream(status: number, headers: Given): ResponseStream {
    const { socket } = this.connection;
    const isChunked = this.head.minor === 1;
    if (this.state === "waiting") {
      const below = isChunked ? `transfer-encoding: chunked\r\n${staying}` : leaving;
      socket.write(headText(status, headers, below), "latin1");
      this.state = "streaming";
    }
    const isSilent = (): boolean => this.state !== "streaming" || this.method === "HEAD";
    return {
      write: (chunk) => isSilent() || chunk.length === 0 || socket.write(isChunked ? framed(chunk) : chunk),
      drained: () => this.drained(),
      get pending() {
        return socket.writableLength;
      },
      end: () => {
        if (this.state !== "streaming") return;
        this.state = "answered";
        if (isChunked && this.method !== "HEAD") socket.write("0\r\n\r\n", "latin1");
        this.connection.answered(isChunked && this.staysAfter());
      },
    };
  }

  private drained(): Promise<void> {
    const { socket } = this.connection;
    return new Promise((resolve) => {
      if (this.state !== "streaming" || !socket.writableNeedDrain) return resolve();
      const done = (): void => {
        socket.removeListener("drain", done);
        socket.removeListener("close", done);
        resolve();
      };
      socket.on("drain", done);
      socket.on("close", done);
    });
  }

  /** A client that waits for a word before it sends its body, and gets none, may send it or not: nobody can tell what comes next. */
  private staysAfter(): boolean {
    return (
      this.head.stays &&
      !(this.asksToContinue && this.bodyState === "unread" && this.head.framing.is !== "none")
    );
  }
}

const clientLeft = (): Error => new Error("cannot read the request body: the client went away");

/** Head and body leave in one write. */
function joined(head: string, body: string | Uint8Array, size: number): Buffer {
  const bytes = Buffer.allocUnsafe(head.length + size);
  bytes.write(head, "latin1");
  if (typeof body === "string") bytes.write(body, head.length);
  else bytes.set(body, head.length);
  return bytes;
}

function framed(chunk: string | Uint8Array): Buffer {
  const size = typeof chunk === "string" ? Buffer.byteLength(chunk) : chunk.byteLength;
  const head = `${size.toString(16)}\r\n`;
  const bytes = Buffer.allocUnsafe(head.length + size + 2);
  bytes.write(head, "latin1");
  if (typeof chunk === "string") bytes.write(chunk, head.length);
  else bytes.set(chunk, head.length);
  bytes.write("\r\n", head.length + size, "latin1");
  return bytes;
}
