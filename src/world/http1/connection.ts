// Owns one HTTP/1 connection: requests read one after the other, each handed over with the way to answer it.
import type { Socket } from "node:net";
import { ByteQueue } from "./byte-queue.ts";
import { BodyDecoder } from "./body-decoder.ts";
import { Http1Exchange, type Carrier } from "./exchange.ts";
import { nothingRemembered, readHead, type Head, type HeadFault } from "./parse-head.ts";

export interface Handlers {
  readonly handle: (exchange: Http1Exchange) => void;
  readonly upgrade: (head: Head, socket: Socket, rest: Buffer) => void;
}

/** What a connection waits for. */
type Waits = "request" | "head" | "body" | "answer" | "end";

/** Seconds between looks at a connection. */
export const lookPeriod = 15;

// Two minutes for the next request: longer than clients keep idle connections, so that it is they who close them and no request
// meets a closed one. Else as Node has it: a minute for a head, five for a body.
const looksMax: Readonly<Record<Waits, number>> = { request: 8, head: 4, body: 20, answer: Infinity, end: 1 };

// What a client may send before it is asked for: more is left in the kernel's buffers, and so with the client.
const unaskedMax = 64 * 1024;

const refusals: Readonly<Record<HeadFault, string>> = {
  400: "400 Bad Request",
  417: "417 Expectation Failed",
  431: "431 Request Header Fields Too Large",
  501: "501 Not Implemented",
  505: "505 HTTP Version Not Supported",
};

export class Connection implements Carrier {
  readonly socket: Socket;
  private readonly handlers: Handlers;
  private readonly last = nothingRemembered();
  private readonly held = new ByteQueue();
  /** How many of the bytes held were searched for the end of a head, in vain. */
  private searched = 0;
  private exchange: Http1Exchange | undefined;
  private decoder: BodyDecoder | undefined;
  private over = false;
  private advancing = false;
  /** How many looks ago it came to wait for what it waits for. */
  private looks = 0;

  constructor(socket: Socket, handlers: Handlers) {
    this.socket = socket;
    this.handlers = handlers;
    socket.on("data", this.onData);
    socket.once("close", () => this.onClose());
  }

  /** To be called from time to time: a client that does not come to the point loses the connection. */
  look(): void {
    this.looks += 1;
    if (this.looks > looksMax[this.waits()]) this.socket.destroy();
  }

  private waits(): Waits {
    if (this.over) return "end";
    if (this.exchange === undefined) return this.held.size === 0 ? "request" : "head";
    return this.exchange.takesBody && this.decoder?.isWhole === false ? "body" : "answer";
  }

  /** The body may now come, as fast as it likes. */
  readBody(): void {
    if (this.exchange?.asksToContinue === true && this.held.size === 0)
      this.socket.write("HTTP/1.1 100 Continue\r\n\r\n");
    this.advance();
    this.socket.resume();
  }

  /** The answer is written. */
  answered(stays: boolean): void {
    this.looks = 0;
    if (stays) this.advance();
    else {
      this.over = true;
      this.held.clear();
      this.socket.end();
    }
    this.socket.resume();
  }

  private readonly onData = (bytes: Buffer): void => {
    if (this.over) return;
    if (this.exchange === undefined && this.held.size === 0) this.looks = 0;
    this.held.add(bytes);
    this.advance();
    if (this.exchange !== undefined && this.held.size > unaskedMax) this.socket.pause();
  };

  /** Goes on as far as what has come allows. */
  private advance(): void {
    // A handler that answers at once comes by here again; the loop below goes on for it.
    if (this.advancing) return;
    this.advancing = true;
    while (!this.over && this.step());
    this.advancing = false;
  }

  private step(): boolean {
    const { exchange } = this;
    if (exchange === undefined) return this.held.size > 0 && this.begin();
    if (exchange.takesBody && !this.takeBody(exchange)) return false;
    if (!exchange.isAnswered || this.decoder?.isWhole !== true) return false;
    this.exchange = undefined;
    return true;
  }

  /** Whether a request began. */
  private begin(): boolean {
    const read = readHead(this.held.bytes, this.last, this.searched);
    this.searched = read.is === "incomplete" ? this.held.size : 0;
    if (read.is === "incomplete") return false;
    if (read.is === "bad") {
      this.refuse(read.status);
      return false;
    }
    this.held.drop(read.end);
    const { head } = read;
    if (head.upgrades) {
      const rest = this.held.bytes;
      this.over = true;
      this.held.clear();
      this.socket.removeListener("data", this.onData);
      // Back to the state of a socket that nobody has read from: the next reader starts the flow.
      Object.assign(this.socket, { readableFlowing: null });
      this.handlers.upgrade(head, this.socket, rest);
      return false;
    }
    this.looks = 0;
    this.decoder = new BodyDecoder(head.framing);
    const exchange = new Http1Exchange(head, this);
    this.exchange = exchange;
    this.handlers.handle(exchange);
    return true;
  }

  /** Whether the body is whole. */
  private takeBody(exchange: Http1Exchange): boolean {
    const { decoder } = this;
    if (decoder === undefined || decoder.isWhole) return true;
    const taken = decoder.take(this.held.bytes, (part) => exchange.takePart(part));
    this.held.drop(this.held.size - (taken.is === "whole" ? taken.rest.length : 0));
    if (taken.is === "bad") {
      this.refuse(400);
      exchange.left();
    } else if (taken.is === "whole") exchange.takeEnd();
    return taken.is === "whole";
  }

  private refuse(status: HeadFault): void {
    this.over = true;
    this.held.clear();
    if (this.exchange?.hasBegun === true) this.socket.destroy();
    else this.socket.end(`HTTP/1.1 ${refusals[status]}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
  }

  private onClose(): void {
    this.over = true;
    this.held.clear();
    this.exchange?.left();
  }
}
