// Owns one HTTP/2 connection of a load generator, which many requests and watches share, as Go's clients have it.
import { once } from "node:events";
import { connect, type ClientHttp2Session } from "node:http2";
import type { Answer, Endpoint } from "./api-connection.ts";

const newline = 0x0a;
// As Go's client: the session's window must not be what the server waits for.
const sessionWindow = 1 << 30;
const streamWindow = 4 << 20;

export async function openSession({ host, port, secureContext }: Endpoint): Promise<Session> {
  const session = connect(`https://${host}:${port}`, {
    secureContext,
    servername: "localhost",
    maxSessionMemory: 1024,
    settings: { initialWindowSize: streamWindow, enablePush: false },
  });
  await once(session, "connect");
  session.setLocalWindowSize(sessionWindow);
  return new Session(session);
}

/** Any number of requests and watches at a time. */
export class Session {
  private readonly session: ClientHttp2Session;

  constructor(session: ClientHttp2Session) {
    this.session = session;
  }

  request(method: string, path: string): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const stream = this.session.request({ ":method": method, ":path": path, accept: "application/json" });
      const chunks: Buffer[] = [];
      let status = 0;
      stream.on("response", (headers) => (status = headers[":status"] ?? 0));
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("end", () => resolve({ status, body: Buffer.concat(chunks) }));
      stream.on("error", reject);
    });
  }

  /** Counts the events. Resolves once the watch is open. */
  async watch(path: string, onEvents: (count: number) => void): Promise<void> {
    const stream = this.session.request({ ":method": "GET", ":path": path, accept: "application/json" });
    stream.on("data", (chunk: Buffer) => {
      let found = 0;
      for (let at = chunk.indexOf(newline); at >= 0; at = chunk.indexOf(newline, at + 1)) found += 1;
      if (found > 0) onEvents(found);
    });
    stream.on("error", () => undefined);
    await once(stream, "response");
  }

  close(): void {
    this.session.destroy();
  }
}
