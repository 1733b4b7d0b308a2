// Owns the running of the transport suite over both transports, and what only HTTP has: credentials, odd cuts, odd answers.
import { describe, expect, test } from "vitest";
import { createFakeApi, type FakeApi } from "../../../src/client/fake-api.fixture.ts";
import { httpTransport } from "../../../src/client/http-transport.ts";
import { inProcessTransport } from "../../../src/client/in-process-transport.ts";
import type { ApiRequest, Method } from "../../../src/model/wire.ts";
import type { Exchange, HttpServer } from "../../../src/world/http.ts";
import { realNetwork } from "../../../src/world/real-network.ts";
import { VirtualClock } from "../../../src/world/virtual-clock.ts";
import { transportSuite } from "./transport-suite.ts";

const caller = { name: "suite", groups: [] };
const json = { "content-type": "application/json" };

/** An API server's HTTP edge, in as many lines as it takes. */
async function answerOver(api: FakeApi, exchange: Exchange): Promise<void> {
  const url = new URL(exchange.target, "http://server");
  const text = new TextDecoder().decode(await exchange.body(1 << 20));
  const query: Record<string, string> = Object.fromEntries(url.searchParams);
  const type = exchange.headers["content-type"];
  const request: ApiRequest = {
    // Only these reach a test's server.
    method: exchange.method as Method,
    path: url.pathname,
    query,
    ...(text === "" ? {} : { body: JSON.parse(text) as unknown }),
    ...(typeof type === "string" ? { contentType: type } : {}),
  };
  if (query["watch"] === "true") return watchOver(api, request, exchange);
  const { status, body } = await api.answer(request);
  exchange.respond(status, json, JSON.stringify(body));
}

async function watchOver(api: FakeApi, request: ApiRequest, exchange: Exchange): Promise<void> {
  const stream = exchange.stream(200, json);
  const encoder = new TextEncoder();
  try {
    for await (const batch of api.watch(request, caller, exchange.signal)) {
      const bytes = encoder.encode(batch.map((event) => `${JSON.stringify(event)}\n`).join(""));
      // Cut where it hurts: lines and characters fall apart.
      for (let at = 0; at < bytes.length; at += 4097) stream.write(bytes.subarray(at, at + 4097));
    }
    stream.end();
  } catch {
    // No more is told over HTTP of a connection that broke than half a line and its end.
    stream.write('{"type":"ADD');
    breakOff.get(exchange)?.();
  }
}

const breakOff = new WeakMap<Exchange, () => void>();

async function serveFake(api: FakeApi): Promise<HttpServer> {
  const server: HttpServer = await realNetwork.serve({
    host: "127.0.0.1",
    port: 0,
    handle: (exchange) => {
      breakOff.set(exchange, () => void server.close());
      answerOver(api, exchange).catch((thrown: unknown) => exchange.respond(500, {}, String(thrown)));
    },
  });
  return server;
}

transportSuite("in process", () => {
  const api = createFakeApi(new VirtualClock());
  return Promise.resolve({ api, transport: inProcessTransport(api, caller), close: () => Promise.resolve() });
});

transportSuite("over HTTP", async () => {
  const api = createFakeApi(new VirtualClock());
  const server = await serveFake(api);
  const access = { server: `http://127.0.0.1:${server.port}` };
  const transport = httpTransport({ network: realNetwork, access, agent: "suite/1" });
  return {
    api,
    transport,
    close: async () => {
      await transport.close();
      await server.close();
    },
  };
});

describe("transport over HTTP alone", () => {
  async function against(handle: (exchange: Exchange) => void, token?: string) {
    const server = await realNetwork.serve({ host: "127.0.0.1", port: 0, handle });
    const access = { server: `http://127.0.0.1:${server.port}/`, ...(token === undefined ? {} : { token }) };
    const transport = httpTransport({ network: realNetwork, access, agent: "suite/1" });
    const close = async () => {
      await transport.close();
      await server.close();
    };
    return { transport, close };
  }

  test("says who it is, and what it would like back", async () => {
    let seen: Exchange["headers"] = {};
    const { transport, close } = await against((exchange) => {
      seen = exchange.headers;
      exchange.respond(200, json, "{}");
    }, "secret");
    await transport.request({ method: "GET", path: "/version", accept: "application/json;as=Table" });
    await close();
    expect(seen).toMatchObject({
      "user-agent": "suite/1",
      authorization: "Bearer secret",
      accept: "application/json;as=Table",
    });
  });

  test("hands over warnings", async () => {
    const warning = ['299 - "first, \\"quoted\\"", 299 - "second"', '299 - "third"'];
    const { transport, close } = await against((exchange) =>
      exchange.respond(200, { ...json, warning }, "{}"),
    );
    const { warnings } = await transport.request({ method: "GET", path: "/version" });
    await close();
    expect(warnings).toEqual(['first, "quoted"', "second", "third"]);
  });

  test("text stays text", async () => {
    const { transport, close } = await against((exchange) =>
      exchange.respond(200, { "content-type": "text/plain" }, "ok"),
    );
    const { body } = await transport.request({ method: "GET", path: "/healthz" });
    await close();
    expect(body).toBe("ok");
  });

  test("a watch refused by something that is no API server still has a Status", async () => {
    const { transport, close } = await against((exchange) =>
      exchange.respond(502, { "content-type": "text/html" }, "<h1>Bad Gateway</h1>"),
    );
    const events = [];
    const signal = new AbortController().signal;
    for await (const batch of transport.watch({ method: "GET", path: "/api/v1/pods" }, signal))
      events.push(...batch);
    await close();
    expect(events).toMatchObject([{ type: "ERROR", object: { kind: "Status", code: 502 } }]);
  });

  test("a server that is not there is an error that names it", async () => {
    const { transport, close } = await against(() => undefined);
    await close();
    const again = httpTransport({
      network: realNetwork,
      access: { server: "http://127.0.0.1:1" },
      agent: "suite/1",
    });
    await expect(again.request({ method: "GET", path: "/version" })).rejects.toThrow(
      /^cannot reach the API server at http:\/\/127\.0\.0\.1:1: .*ECONNREFUSED/,
    );
    await again.close();
    expect(transport).toBeDefined();
  });
});
