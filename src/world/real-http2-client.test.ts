// Owns the proof that requests share HTTP/2 connections, and of what happens when those fill up, end, or fall silent.
import {
  createSecureServer,
  type Http2SecureServer,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import { createServer as createHttpsServer } from "node:https";
import { connect as connectTcp, createServer as createTcpServer, type Server, type Socket } from "node:net";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { makeAuthority, makeCertificate, type KeyPair } from "./certificates.ts";
import type { ClientRequest, HttpClient } from "./http.ts";
import { realClock } from "./real-clock.ts";
import { createHttp2Client, type StreamAnswer } from "./real-http2-client.ts";
import { usualTempo, type Tempo } from "./real-http2-session.ts";
import { createClient } from "./real-network-client.ts";

let ca: KeyPair;
let pair: KeyPair;
beforeAll(async () => {
  ca = await makeAuthority(realClock, "test-ca");
  const names = { commonName: "s", use: { is: "server", names: ["127.0.0.1", "localhost"] } } as const;
  pair = await makeCertificate(realClock, { ...names, validFor: 86_400_000 }, ca);
});

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

async function listening(
  server: Server,
): Promise<{ origin: string; sockets: Set<Socket>; made: () => number }> {
  const sockets = new Set<Socket>();
  let made = 0;
  server.on("connection", (socket: Socket) => {
    made += 1;
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.once("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  ends.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return { origin: `https://127.0.0.1:${port}`, sockets, made: () => made };
}

/** `/watch` says `hello` and stays open; `/echo` answers with what it was sent; `/big` never stops; `/reset` breaks off. */
async function start(streamsMax = 100) {
  const server: Http2SecureServer = createSecureServer({
    cert: pair.cert,
    key: pair.key,
    settings: { maxConcurrentStreams: streamsMax },
  });
  const sessions: ServerHttp2Session[] = [];
  const streams: ServerHttp2Stream[] = [];
  let written = 0;
  server.on("session", (session) => void sessions.push(session.on("error", () => undefined)));
  server.on("stream", (stream, headers) => {
    stream.on("error", () => undefined);
    streams.push(stream);
    const path = headers[":path"] ?? "";
    stream.respond({ ":status": 200, "x-path": path, "x-method": headers[":method"] });
    if (path === "/watch") stream.write("hello");
    else if (path === "/echo") stream.pipe(stream);
    else if (path === "/reset") {
      stream.write("half");
      setImmediate(() => stream.destroy(new Error("broken")));
    } else if (path === "/big") {
      const more = (): void => {
        while (!stream.destroyed && stream.write(Buffer.alloc(16_384))) written += 16_384;
      };
      stream.on("drain", more);
      more();
    }
  });
  return { ...(await listening(server)), sessions, streams, written: () => written };
}

/** The server behind a relay whose connections can be held up. */
function relayed(origin: string) {
  const relay = createTcpServer((socket) => {
    const on = connectTcp(Number(new URL(origin).port), "127.0.0.1");
    on.on("error", () => undefined);
    socket.once("close", () => on.destroy());
    on.on("data", (chunk) => socket.isPaused() || socket.write(chunk));
    socket.pipe(on);
  });
  return listening(relay);
}

function client(tempo: Partial<Tempo> = {}) {
  const made = createHttp2Client({ ca: ca.cert }, { ...usualTempo, ...tempo });
  ends.push(() => made.close());
  const ask = async (url: string, more: Partial<ClientRequest> = {}): Promise<StreamAnswer> => {
    const answer = await made.request({ method: "GET", url, ...more });
    if (answer === "http/1") throw new Error("the server speaks HTTP/2");
    return answer;
  };
  return { ask, close: () => made.close(), request: made.request };
}

const textOf = async ({ value }: IteratorResult<Uint8Array, void>): Promise<string> =>
  Buffer.from(value ?? new Uint8Array()).toString();
const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
};

describe("requests over shared connections", () => {
  it("carries bodies, methods and headers both ways", async () => {
    const { origin } = await start();
    const { ask } = client();
    const answer = await ask(`${origin}/echo`, {
      method: "PUT",
      body: "hällo",
      headers: { Accept: "text/plain", Connection: "keep-alive" },
    });
    expect([answer.status, answer.headers["x-path"], answer.headers["x-method"]]).toEqual([
      200,
      "/echo",
      "PUT",
    ]);
    expect(Object.keys(answer.headers).filter((name) => name.startsWith(":"))).toEqual([]);
    expect(await answer.body.text()).toBe("hällo");
    const bytes = new Uint8Array(3_000_000).fill(7);
    const long = await ask(`${origin}/echo`, { method: "POST", body: bytes });
    let length = 0;
    for await (const chunk of long.body.chunks()) length += chunk.length;
    expect(length).toBe(bytes.length);
  });

  it("runs watches and requests made at once beside each other over one connection", async () => {
    const { origin, made } = await start();
    const { ask } = client();
    const watches = await Promise.all(Array.from({ length: 50 }, () => ask(`${origin}/watch`)));
    const words = watches.map(({ body }) => body.chunks());
    expect(await Promise.all(words.map(async (one) => textOf(await one.next())))).toEqual(
      watches.map(() => "hello"),
    );
    expect(await (await ask(`${origin}/echo`, { method: "POST", body: "x" })).body.text()).toBe("x");
    expect(made()).toBe(1);
  });

  it("opens another connection when the server takes no more streams on one, and uses room that was given back", async () => {
    const { origin, made } = await start(4);
    const { ask } = client();
    const watches = await Promise.all(Array.from({ length: 10 }, () => ask(`${origin}/watch`)));
    expect(made()).toBe(3);
    const leaving = watches[0]?.body.chunks();
    await leaving?.next();
    await leaving?.return();
    for (let at = 0; at < 10; at++)
      expect(await (await ask(`${origin}/echo`, { method: "POST", body: "x" })).body.text()).toBe("x");
    expect(made()).toBe(3);
  });
});

describe("ends", () => {
  it("breaks every stream when the connection ends, and connects anew for the next", async () => {
    const { origin, sockets, made } = await start();
    const { ask } = client();
    const reading = [await ask(`${origin}/watch`), await ask(`${origin}/watch`)].map(({ body }) =>
      body.chunks(),
    );
    for (const one of reading) await one.next();
    for (const socket of sockets) socket.destroy();
    for (const one of reading) await expect(one.next()).rejects.toThrow();
    expect((await ask(`${origin}/watch`)).status).toBe(200);
    expect(made()).toBe(2);
  });

  it("does not take a stream that was reset for one that ended", async () => {
    const { origin } = await start();
    const { ask } = client();
    await expect((await ask(`${origin}/reset`)).body.text()).rejects.toThrow();
  });

  it("goes on with streams when the server says it will go, and opens new ones elsewhere", async () => {
    const { origin, sessions, streams, made } = await start();
    const { ask } = client();
    const first = (await ask(`${origin}/watch`)).body.chunks();
    await first.next();
    sessions[0]?.goaway(0);
    // The word is under way: until it has come, streams go to the old connection.
    while (made() === 1) await (await ask(`${origin}/echo`, { method: "POST", body: "x" })).body.text();
    const next = first.next();
    streams[0]?.write("still here");
    expect(await textOf(await next)).toBe("still here");
  });

  it("ends a stream with its signal, before and after the answer", async () => {
    const { origin } = await start();
    const { ask } = client();
    await expect(ask(`${origin}/watch`, { signal: AbortSignal.abort(new Error("enough")) })).rejects.toThrow(
      "enough",
    );
    const stop = new AbortController();
    const reading = (await ask(`${origin}/watch`, { signal: stop.signal })).body.chunks();
    await reading.next();
    stop.abort(new Error("no more"));
    await expect(reading.next()).rejects.toThrow("no more");
    expect((await ask(`${origin}/watch`)).status).toBe(200);
  });

  it("notices a server that has fallen silent", async () => {
    const { origin, sockets, made } = await relayed((await start()).origin);
    const { ask } = client({ silence: 60, answer: 60 });
    const reading = (await ask(`${origin}/watch`)).body.chunks();
    await reading.next();
    // The connection stands, and nothing comes over it any more.
    for (const socket of sockets) socket.pause().unpipe();
    await expect(reading.next()).rejects.toThrow("has said nothing");
    expect((await ask(`${origin}/watch`)).status).toBe(200);
    expect(made()).toBe(2);
  });

  it("keeps a quiet connection whose server answers when asked", async () => {
    const { origin, sessions, made } = await start();
    const { ask } = client({ silence: 30, answer: 2000 });
    const reading = (await ask(`${origin}/watch`)).body.chunks();
    await reading.next();
    let pings = 0;
    sessions[0]?.on("ping", () => (pings += 1));
    await until(() => pings >= 3);
    expect((await ask(`${origin}/watch`)).status).toBe(200);
    expect(made()).toBe(1);
  });

  it("lets go of a connection nobody uses", async () => {
    const { origin, sockets } = await start();
    const { ask } = client({ idle: 20 });
    await (await ask(`${origin}/echo`, { method: "POST", body: "x" })).body.text();
    await until(() => sockets.size === 0);
    expect((await ask(`${origin}/watch`)).status).toBe(200);
  });

  it("gives up what it waits for when it is closed", async () => {
    const { origin } = await start();
    const { ask, close } = client();
    const reading = (await ask(`${origin}/watch`)).body.chunks();
    await reading.next();
    close();
    await expect(reading.next()).rejects.toThrow();
    await expect(ask(`${origin}/watch`)).rejects.toThrow("closed");
    // Nobody answers there: the connection is still being made.
    const mute = await listening(createTcpServer());
    const other = client();
    const waiting = other.ask(`${mute.origin}/watch`);
    await until(() => mute.made() === 1);
    other.close();
    await expect(waiting).rejects.toThrow();
  });
});

it("holds back an answer that nobody reads, and takes the rest when someone does", async () => {
  const { origin, written } = await start();
  const { ask } = client();
  const answer = await ask(`${origin}/big`);
  let before = -1;
  while (before !== written()) {
    before = written();
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  expect(written()).toBeLessThan(4 << 20);
  let length = 0;
  for await (const chunk of answer.body.chunks()) if ((length += chunk.length) > 8 << 20) break;
  expect(length).toBeGreaterThan(8 << 20);
});

describe("servers without HTTP/2", () => {
  const over = async (made: HttpClient, origin: string): Promise<string> => {
    ends.push(() => made.close());
    return (await made.request({ method: "GET", url: `${origin}/` })).text();
  };

  it("asks them over HTTP/1", async () => {
    const server = createHttpsServer(pair, (request, response) =>
      response.end(`HTTP/${request.httpVersion}`),
    );
    const { origin } = await listening(server);
    expect(await client().request({ method: "GET", url: `${origin}/` })).toBe("http/1");
    expect(await over(createClient({ ca: ca.cert, sharesConnections: true }), origin)).toBe("HTTP/1.1");
  });

  it("and those with both over HTTP/2, by name too", async () => {
    const server = createSecureServer({ ...pair, allowHTTP1: true }, (request, response) =>
      response.end(`HTTP/${request.httpVersion}`),
    );
    const { origin } = await listening(server);
    const named = origin.replace("127.0.0.1", "localhost");
    expect(await over(createClient({ ca: ca.cert, sharesConnections: true }), named)).toBe("HTTP/2.0");
    expect(await over(createClient({ ca: ca.cert }), origin)).toBe("HTTP/1.1");
  });

  it("trusts no other authority's server", async () => {
    const { origin } = await start();
    const other = await makeAuthority(realClock, "other-ca");
    await expect(over(createClient({ ca: other.cert, sharesConnections: true }), origin)).rejects.toThrow();
    expect(await over(createClient({ insecureSkipVerify: true }), origin).catch(() => "refused")).toBe(
      "refused",
    );
  });
});
