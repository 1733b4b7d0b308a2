// Owns clients for tests of streams: SPDY by our own framing, WebSocket by another's, and a server for them on loopback.
import { createServer, type IncomingMessage } from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";
import { WebSocket } from "ws";
import { dataHead, openFrame, pingFrame } from "../../lib/spdy/encode-frame.ts";
import { freshSpdy, stepSpdy } from "../../lib/spdy/step-spdy.ts";
import type { Upgrade } from "../../world/http.ts";

export interface StreamServer {
  readonly port: number;
  /** Of the connections accepted so far. */
  readonly sockets: readonly Socket[];
  close(): Promise<void>;
}

export async function serveUpgrades(
  take: (upgrade: Upgrade, query: URLSearchParams) => void,
): Promise<StreamServer> {
  const server = createServer();
  const sockets: Socket[] = [];
  server.on("connection", (socket) => sockets.push(socket));
  server.on("upgrade", (request: IncomingMessage, socket: Socket, head: Buffer) => {
    socket.on("error", () => undefined);
    const target = request.url ?? "/";
    take(
      { method: request.method ?? "GET", target, headers: request.headers, socket, head },
      new URL(target, "http://test").searchParams,
    );
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  // A server that listens has an address with a port.
  const { port } = server.address() as AddressInfo;
  return {
    port,
    sockets,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

/** A WebSocket whose messages are gathered by channel. */
export class ChannelClient {
  readonly socket: WebSocket;
  readonly told = new Map<number, string>();
  readonly counts = new Map<number, number>();
  readonly closed: Promise<number>;
  readonly open: Promise<void>;

  constructor(port: number, protocol: string, query = "") {
    this.socket = new WebSocket(`ws://127.0.0.1:${port}/${query}`, protocol === "" ? [] : [protocol]);
    this.open = new Promise((resolve, reject) => {
      this.socket.once("open", () => resolve());
      this.socket.once("error", reject);
    });
    this.closed = new Promise((resolve) => this.socket.once("close", resolve));
    this.socket.on("message", (message: Buffer, isBinary: boolean) => {
      const channel = isBinary ? (message[0] ?? -1) : Number(message.toString("latin1", 0, 1));
      const body = isBinary ? message.subarray(1) : Buffer.from(message.toString("latin1", 1), "base64");
      this.counts.set(channel, (this.counts.get(channel) ?? 0) + body.length);
      this.told.set(channel, (this.told.get(channel) ?? "") + body.toString("latin1"));
    });
  }

  send(channel: number, body: Uint8Array | string): void {
    this.socket.send(Buffer.concat([Uint8Array.of(channel), Buffer.from(body)]));
  }
}

/** A SPDY client: streams by their headers, and what came on each. */
export class SpdyClient {
  readonly socket: Socket;
  readonly told = new Map<number, string>();
  readonly ended = new Set<number>();
  readonly reset = new Set<number>();
  readonly pings: number[] = [];
  readonly closed: Promise<void>;
  status = "";
  private state = freshSpdy;
  private count = 0;
  private head = Buffer.alloc(0);

  constructor(port: number, protocol: string, query = "") {
    this.socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    this.socket.on("error", () => undefined);
    this.closed = new Promise((resolve) => this.socket.once("close", () => resolve()));
    this.socket.on("end", () => this.socket.end());
    this.socket.write(
      `POST /${query} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n${protocol === "" ? "" : `X-Stream-Protocol-Version: ${protocol}\r\n`}\r\n`,
    );
    this.socket.on("data", (bytes: Buffer) => this.take(bytes));
  }

  private take(bytes: Buffer): void {
    if (this.status !== "") return this.read(bytes);
    this.head = Buffer.concat([this.head, bytes]);
    const end = this.head.indexOf("\r\n\r\n");
    if (end < 0) return;
    this.status = this.head.toString("latin1", 9, 12);
    this.read(this.head.subarray(end + 4));
  }

  private read(bytes: Buffer): void {
    if (this.status !== "101" || bytes.length === 0) return;
    const [state, events] = stepSpdy(this.state, bytes);
    this.state = state;
    for (const event of events) {
      if (event.is === "bad") throw new Error(event.because);
      if (event.is === "ping") this.pings.push(event.id);
      if (event.is === "reset") this.reset.add(event.stream);
      if (event.is !== "data") continue;
      this.told.set(
        event.stream,
        (this.told.get(event.stream) ?? "") + Buffer.from(event.bytes).toString("latin1"),
      );
      if (event.fin) this.ended.add(event.stream);
    }
  }

  open(headers: Readonly<Record<string, string>>): number {
    const stream = 2 * this.count + 1;
    this.socket.write(openFrame(stream, headers, this.count === 0));
    this.count += 1;
    return stream;
  }

  send(stream: number, body: Uint8Array | string, fin = false): void {
    const bytes = Buffer.from(body);
    this.socket.write(Buffer.concat([dataHead(stream, bytes.length, fin), bytes]));
  }

  ping(id: number): void {
    this.socket.write(pingFrame(id));
  }
}

/** SPDY within a WebSocket's messages. By hand: ws takes the protocol's name for none. */
export class TunnelClient {
  readonly socket: Socket;
  readonly told = new Map<number, string>();
  private state = freshSpdy;
  private rest = Buffer.alloc(0);
  private isOpen = false;

  constructor(port: number) {
    this.socket = connect({ port, host: "127.0.0.1" });
    this.socket.on("error", () => undefined);
    this.socket.write(
      "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: SPDY/3.1+portforward.k8s.io\r\n\r\n",
    );
    this.socket.on("data", (bytes: Buffer) => {
      this.rest = Buffer.concat([this.rest, bytes]);
      this.read();
    });
  }

  private read(): void {
    if (!this.isOpen) {
      const end = this.rest.indexOf("\r\n\r\n");
      if (end < 0) return;
      if (!this.rest.toString("latin1", 0, end).includes("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="))
        throw new Error("the handshake is not answered as RFC 6455's example says");
      this.isOpen = true;
      this.rest = this.rest.subarray(end + 4);
    }
    // The messages of these tests are short: their length is one byte.
    for (
      let length = this.rest[1];
      length !== undefined && this.rest.length >= 2 + length;
      length = this.rest[1]
    ) {
      const [state, events] = stepSpdy(this.state, this.rest.subarray(2, 2 + length));
      this.state = state;
      this.rest = this.rest.subarray(2 + length);
      for (const event of events)
        if (event.is === "data")
          this.told.set(
            event.stream,
            (this.told.get(event.stream) ?? "") + Buffer.from(event.bytes).toString(),
          );
    }
  }

  /** Masked with zeros, which changes nothing. */
  send(bytes: Uint8Array): void {
    this.socket.write(Buffer.concat([Buffer.from([0x82, 0x80 | bytes.length, 0, 0, 0, 0]), bytes]));
  }
}
