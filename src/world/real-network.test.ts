// Owns the proof of the real network: both protocols, client certificates, streams, aborts, upgrades, and ends.
import { connect as connectHttp2 } from "node:http2";
import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { makeAuthority, makeCertificate, type KeyPair } from "./certificates.ts";
import {
  BodyTooLarge,
  type Exchange,
  type HttpServer,
  type HttpServerOptions,
  type Upgrade,
} from "./http.ts";
import { realClock } from "./real-clock.ts";
import { realNetwork } from "./real-network.ts";

const day = 86_400_000;
let ca: KeyPair;
let server: KeyPair;
let user: KeyPair;
let stranger: KeyPair;
let odd: KeyPair;
const oddNames = { commonName: "Jané, O=masters", organizations: ["a+b", "ops dev"] };
beforeAll(async () => {
  ca = await makeAuthority(realClock, "test-ca");
  const other = await makeAuthority(realClock, "other-ca");
  odd = await makeCertificate(realClock, { ...oddNames, use: { is: "client" }, validFor: day }, ca);
  const client = {
    commonName: "jane",
    organizations: ["ops", "dev"],
    use: { is: "client" },
    validFor: day,
  } as const;
  [server, user, stranger] = await Promise.all([
    makeCertificate(
      realClock,
      { commonName: "s", use: { is: "server", names: ["127.0.0.1"] }, validFor: day },
      ca,
    ),
    makeCertificate(realClock, client, ca),
    makeCertificate(realClock, client, other),
  ]);
});

const running: HttpServer[] = [];
const clients: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all([...clients.splice(0), ...running.splice(0)].map((one) => one.close()));
});
const unhandled: unknown[] = [];
const note = (reason: unknown): number => unhandled.push(reason);
process.on("unhandledRejection", note);
process.on("uncaughtException", note);
afterAll(() => {
  process.off("unhandledRejection", note);
  process.off("uncaughtException", note);
  expect(unhandled).toEqual([]);
});

async function start(
  handle: (exchange: Exchange) => void,
  more: Partial<HttpServerOptions> & { plain?: true } = {},
): Promise<{ origin: string; port: number; server: HttpServer }> {
  const { plain, ...options } = more;
  const made = await realNetwork.serve({
    host: "127.0.0.1",
    port: 0,
    ...(plain === true ? {} : { tls: { ...server, ca: ca.cert } }),
    handle,
    ...options,
  });
  running.push(made);
  return {
    origin: `http${plain === true ? "" : "s"}://127.0.0.1:${made.port}`,
    port: made.port,
    server: made,
  };
}
function client(credentials: Partial<KeyPair> = {}) {
  const made = realNetwork.client({ ca: ca.cert, ...credentials });
  clients.push(made);
  return made;
}
const echo = (exchange: Exchange): void => {
  exchange.body(1000).then(
    (body) => exchange.respond(200, { "x-peer": JSON.stringify(exchange.peer ?? null) }, body),
    (error: unknown) => exchange.respond(error instanceof BodyTooLarge ? 413 : 499, {}, String(error)),
  );
};
const once = (socket: Socket, event: string): Promise<unknown> =>
  new Promise((resolve) => socket.once(event, resolve));
const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
};

describe("requests", () => {
  it("carries bodies both ways over TLS, and over plain HTTP", async () => {
    for (const more of [{}, { plain: true } as const]) {
      const { origin } = await start(echo, more);
      const answer = await client().request({ method: "POST", url: `${origin}/a?b=c`, body: "hällo" });
      expect(answer.status).toBe(200);
      expect(await answer.text()).toBe("hällo");
      const bytes = Uint8Array.from({ length: 256 }, (_value, at) => at);
      const echoed = await client().request({ method: "POST", url: origin, body: bytes });
      const got: Uint8Array[] = [];
      for await (const chunk of echoed.chunks) got.push(chunk);
      expect(Buffer.concat(got)).toEqual(Buffer.from(bytes));
    }
  });

  it.each([
    ["a verified one", () => user, { commonName: "jane", organizations: ["ops", "dev"] }],
    ["one with words and signs", () => odd, oddNames],
    ["none", () => ({}), null],
    ["one of another authority", () => stranger, null],
  ] as const)("knows the peer by its certificate: %s", async (_name, credentials, expected) => {
    const { origin } = await start(echo);
    const made = client(credentials());
    for (let turn = 0; turn < 2; turn += 1) {
      const answer = await made.request({ method: "PUT", url: origin, body: "x" });
      expect(JSON.parse(String(answer.headers["x-peer"]))).toEqual(expected);
      await answer.discard();
    }
  });

  it.each(["POST", "DELETE"])(
    "sends any number of %s requests with bodies over few connections",
    async (method) => {
      // A connection's peer is read once: as many objects as connections.
      const peers = new Set<unknown>();
      const { origin } = await start((exchange) => {
        peers.add(exchange.peer);
        echo(exchange);
      });
      const made = realNetwork.client({ ca: ca.cert, ...user, connectionsMax: 2 });
      clients.push(made);
      const send = async () => (await made.request({ method, url: origin, body: "x" })).text();
      expect(await Promise.all(Array.from({ length: 20 }, send))).toEqual(
        Array.from({ length: 20 }, () => "x"),
      );
      expect(peers.size).toBe(2);
    },
  );

  it("reads a connection's peer once for all streams of HTTP/2", async () => {
    const peers: unknown[] = [];
    const { origin } = await start((exchange) => {
      peers.push(exchange.peer);
      echo(exchange);
    });
    const session = connectHttp2(origin, { ca: ca.cert, cert: user.cert, key: user.key });
    for (let turn = 0; turn < 3; turn += 1) {
      const request = session.request({ ":method": "HEAD", ":path": "/" });
      for await (const _ of request);
    }
    expect(peers).toEqual(
      Array.from({ length: 3 }, () => ({ commonName: "jane", organizations: ["ops", "dev"] })),
    );
    expect(new Set(peers).size).toBe(1);
    session.close();
  });

  it("refuses a body over the limit, announced or not", async () => {
    const { origin, port } = await start(echo, { plain: true });
    const answer = await client().request({ method: "POST", url: origin, body: "x".repeat(1001) });
    expect(answer.status).toBe(413);
    expect(await answer.text()).toContain("larger than 1000 bytes");
    const socket = connectTcp(port, "127.0.0.1");
    socket.write("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
    socket.write(`400\r\n${"x".repeat(1024)}\r\n`);
    expect(String(await once(socket, "data"))).toMatch(/^HTTP\/1\.1 413 /);
    socket.destroy();
  });

  it("speaks HTTP/2 with the same handler", async () => {
    const { origin } = await start(echo);
    const session = connectHttp2(origin, { ca: ca.cert, cert: user.cert, key: user.key });
    const request = session.request({ ":method": "POST", ":path": "/" });
    let headers: Record<string, unknown> = {};
    request.once("response", (received) => (headers = received));
    request.end("over two");
    let text = "";
    for await (const chunk of request) text += String(chunk);
    expect(text).toBe("over two");
    expect(headers[":status"]).toBe(200);
    expect(JSON.parse(String(headers["x-peer"]))).toMatchObject({ commonName: "jane" });
    session.close();
  });

  it("answers HEAD with headers alone", async () => {
    const { origin } = await start((exchange) => exchange.respond(200, { "x-a": "b" }, "body"));
    const answer = await client().request({ method: "HEAD", url: origin });
    expect(answer.headers["content-length"]).toBe("4");
    expect(await answer.text()).toBe("");
  });

  it("says which code a port that is taken gives", async () => {
    const { port } = await start(echo);
    await expect(start(echo, { port })).rejects.toMatchObject({ code: "EADDRINUSE" });
  });

  it("answers what is no HTTP, and lives on", async () => {
    const { origin, port } = await start(echo, { plain: true });
    const socket = connectTcp(port, "127.0.0.1");
    socket.write("nonsense\r\n\r\n");
    expect(String(await once(socket, "data"))).toMatch(/^HTTP\/1\.1 400 /);
    expect((await client().request({ method: "GET", url: origin })).status).toBe(200);
  });

  it.each([
    [500_000, 200],
    [2_000_000, 431],
  ])("takes headers of a size: %s bytes are answered %s", async (size, status) => {
    for (const more of [{}, { plain: true } as const]) {
      const { origin } = await start(echo, more);
      const headers = { "x-long": "x".repeat(size) };
      expect((await client().request({ method: "GET", url: origin, headers })).status).toBe(status);
    }
  });

  it("lives on when plain HTTP comes to a TLS port", async () => {
    const { origin, port } = await start(echo);
    const socket = connectTcp(port, "127.0.0.1");
    socket.on("error", () => undefined);
    socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    await once(socket, "close");
    expect((await client().request({ method: "GET", url: origin })).status).toBe(200);
  });
});

describe("streams", () => {
  it("holds back when the client lags, and tells when it caught up", async () => {
    const seen: string[] = [];
    const { origin } = await start((exchange) => {
      const stream = exchange.stream(200, {});
      const chunk = "x".repeat(100_000);
      let written = 0;
      while (stream.write(chunk)) written += 1;
      seen.push(`lagged with ${stream.pending > 0 ? "something" : "nothing"} pending`);
      void stream.drained().then(() => {
        seen.push("drained");
        stream.write(`${written}`);
        stream.end();
        stream.end();
        expect(stream.write("late")).toBe(true);
      });
    });
    const answer = await client().request({ method: "GET", url: origin });
    let size = 0;
    for await (const chunk of answer.chunks) size += chunk.length;
    expect(size).toBeGreaterThanOrEqual(100_000);
    expect(seen).toEqual(["lagged with something pending", "drained"]);
  });

  it.each(["h1", "h2"])("aborts the signal and drains when the client leaves (%s)", async (protocol) => {
    let aborted = false;
    let drained = false;
    let begun = false;
    const { origin } = await start((exchange) => {
      exchange.signal.addEventListener("abort", () => (aborted = true));
      const stream = exchange.stream(200, {});
      const chunk = "x".repeat(1_000_000);
      // More than the kernel's buffers take, so that only the client's leaving can end the wait.
      for (let turn = 0; turn < 40; turn += 1) stream.write(chunk);
      begun = true;
      void stream.drained().then(() => {
        drained = true;
        stream.write(chunk);
        stream.end();
      });
    });
    if (protocol === "h1") {
      const stop = new AbortController();
      const answer = await client().request({ method: "GET", url: origin, signal: stop.signal });
      await until(() => begun);
      stop.abort();
      await expect(answer.text()).rejects.toThrow();
    } else {
      const session = connectHttp2(origin, { ca: ca.cert });
      const request = session.request({ ":path": "/" });
      await until(() => begun);
      request.close();
      session.destroy();
    }
    await until(() => aborted && drained);
  });

  it("does not abort the signal of an exchange that ended well", async () => {
    let signal: AbortSignal | undefined;
    const { origin } = await start((exchange) => {
      signal = exchange.signal;
      exchange.respond(200, {}, "ok");
    });
    const answer = await client().request({ method: "GET", url: origin });
    await answer.text();
    expect(signal?.aborted).toBe(false);
  });

  it("rejects the body of a client that leaves half-way", async () => {
    let failure: unknown;
    const { port } = await start(
      (exchange) => void exchange.body(1000).catch((error: unknown) => (failure = error)),
      { plain: true },
    );
    const socket = connectTcp(port, "127.0.0.1");
    socket.write("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf");
    await once(socket, "connect");
    socket.end();
    await until(() => failure !== undefined);
    expect(String(failure)).toContain("the client went away");
  });

  it("leaves a body unread on request", async () => {
    const { origin } = await start((exchange) => exchange.stream(200, {}).write("endless"));
    const answer = await client().request({ method: "GET", url: origin });
    await answer.discard();
  });
});

describe("upgrades and ends", () => {
  it("hands over the socket with the peer", async () => {
    const { port } = await start(echo, {
      upgrade: ({ socket, head, target, peer }: Upgrade) => {
        socket.write(
          `HTTP/1.1 101 Switching\r\n\r\n${target} ${peer?.commonName ?? "nobody"} ${head.length}`,
        );
        socket.end();
      },
    });
    const socket = connectTls({ port, host: "127.0.0.1", ca: ca.cert, ...user, ALPNProtocols: ["http/1.1"] });
    socket.write("GET /exec HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n\r\n");
    let text = "";
    for await (const chunk of socket) text += String(chunk);
    expect(text).toContain("/exec jane 0");
  });

  it("refuses an upgrade where none is served", async () => {
    const { port } = await start(echo, { plain: true });
    const socket = connectTcp(port, "127.0.0.1");
    socket.write("GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n");
    expect(String(await once(socket, "data"))).toMatch(/^HTTP\/1\.1 400 /);
  });

  it("ends open streams and idle connections with the server", async () => {
    const { origin, server: made, port } = await start((exchange) => exchange.stream(200, {}).write("x"));
    const answer = await client().request({ method: "GET", url: origin });
    const idle = connectTcp(port, "127.0.0.1");
    idle.on("error", () => undefined);
    await once(idle, "connect");
    const ended = once(idle, "close");
    await made.close();
    await expect(answer.text()).rejects.toThrow();
    await ended;
  });

  it("refuses requests once the client is closed", async () => {
    const made = client();
    await made.close();
    await expect(made.request({ method: "GET", url: "https://127.0.0.1:1" })).rejects.toThrow("is closed");
  });
});
