// Owns one connection of a load generator: HTTP/1.1 over TLS with so little of its own that the server is what is measured.
import { once } from "node:events";
import { connect, type SecureContext, type TLSSocket } from "node:tls";

export interface Endpoint {
  readonly host: string;
  readonly port: number;
  readonly secureContext: SecureContext;
}

export interface Answer {
  readonly status: number;
  readonly body: Buffer;
}

interface Waiting {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (why: Error) => void;
}

const headEnd = Buffer.from("\r\n\r\n");
const newline = 0x0a;
const carriageReturn = 0x0d;

export async function openConnection(endpoint: Endpoint): Promise<Connection> {
  const socket = connect({ ...endpoint, servername: "localhost", ALPNProtocols: ["http/1.1"] });
  await once(socket, "secureConnect");
  socket.setNoDelay(true);
  return new Connection(socket);
}

/** One request at a time, or one watch. */
export class Connection {
  private readonly socket: TLSSocket;
  private held: Buffer[] = [];
  private size = 0;
  private needed = 0;
  private waiting: Waiting | undefined;
  private onEvents: ((count: number) => void) | undefined;
  private last = 0;

  constructor(socket: TLSSocket) {
    this.socket = socket;
    socket.on("data", (chunk: Buffer) =>
      this.onEvents === undefined ? this.take(chunk) : this.count(chunk),
    );
    socket.on("error", (why) => this.waiting?.reject(why));
    socket.on("close", () => this.waiting?.reject(new Error("the server closed the connection")));
  }

  request(method: string, path: string, body = "", contentType = "application/json"): Promise<Answer> {
    const head = `${method} ${path} HTTP/1.1\r\nHost: localhost\r\nUser-Agent: bench\r\nAccept: application/json\r\n`;
    const entity =
      body === "" ? "" : `Content-Type: ${contentType}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n`;
    const answered = new Promise<Answer>((resolve, reject) => (this.waiting = { resolve, reject }));
    this.socket.write(`${head}${entity}\r\n${body}`);
    return answered;
  }

  /** Counts the events; those that were there at the start among them. Resolves once the watch is open. */
  watch(path: string, onEvents: (count: number) => void): Promise<void> {
    this.onEvents = onEvents;
    this.socket.write(
      `GET ${path} HTTP/1.1\r\nHost: localhost\r\nUser-Agent: bench\r\nAccept: application/json\r\n\r\n`,
    );
    return once(this.socket, "data").then(() => undefined);
  }

  close(): void {
    this.waiting = undefined;
    this.socket.destroy();
  }

  /** The lines of head and chunks end in CRLF, those of events in LF alone. */
  private count(chunk: Buffer): void {
    let found = 0;
    for (let at = chunk.indexOf(newline); at >= 0; at = chunk.indexOf(newline, at + 1))
      if ((at === 0 ? this.last : chunk[at - 1]) !== carriageReturn) found += 1;
    this.last = chunk.at(-1) ?? this.last;
    if (found > 0) this.onEvents?.(found);
  }

  private take(chunk: Buffer): void {
    this.held.push(chunk);
    this.size += chunk.length;
    if (this.needed === 0) {
      const all = this.held.length === 1 ? chunk : Buffer.concat(this.held);
      this.held = [all];
      const end = all.indexOf(headEnd);
      if (end < 0) return;
      const length = /\r\ncontent-length: (\d+)/i.exec(all.toString("latin1", 0, end))?.[1];
      this.needed = end + headEnd.length + Number(length ?? 0);
    }
    if (this.size < this.needed) return;
    const all = Buffer.concat(this.held);
    this.held = [];
    const { waiting } = this;
    const status = Number(all.toString("latin1", 9, 12));
    const body = all.subarray(all.indexOf(headEnd) + headEnd.length, this.needed);
    this.size = 0;
    this.needed = 0;
    waiting?.resolve({ status, body });
  }
}
