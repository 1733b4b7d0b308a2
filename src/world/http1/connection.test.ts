// Owns the proof of what one HTTP/1 connection carries: requests in a row, bodies asked for and not, answers of every kind.
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import type { Exchange } from "../http.ts";
import { Connection } from "./connection.ts";

const servers: Server[] = [];
const sockets: Socket[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
  for (const socket of sockets.splice(0)) socket.destroy();
});

/** A client's end of a connection whose requests the handler answers, and the server's. */
async function pair(handle: (exchange: Exchange) => void) {
  let made: ((connection: Connection) => void) | undefined;
  const connected = new Promise<Connection>((resolve) => (made = resolve));
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    made?.(new Connection(socket, { handle, upgrade: (_head, raw) => raw.end("upgraded") }));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const client = connect(typeof address === "object" && address !== null ? address.port : 0, "127.0.0.1");
  client.on("error", () => undefined);
  servers.push(server);
  sockets.push(client);
  let text = "";
  client.on("data", (bytes: Buffer) => (text += bytes.toString("latin1")));
  const connection = await connected;
  sockets.push(connection.socket);
  return { client, connection, got: () => text };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
}

const echo = (exchange: Exchange): void => {
  void exchange.body(100).then(
    (body) =>
      exchange.respond(200, {}, `${exchange.method} ${exchange.target} ${Buffer.from(body).toString()}.`),
    (why: unknown) => exchange.respond(413, {}, String(why)),
  );
};
const count = (text: string, part: string): number => text.split(part).length - 1;

describe("requests in a row", () => {
  it("are answered one after the other, sent together or byte by byte", async () => {
    const { client, got } = await pair(echo);
    const requests =
      "GET /a HTTP/1.1\r\nHost: x\r\n\r\n" +
      "POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc" +
      "POST /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nd\r\n2\r\nef\r\n0\r\n\r\n";
    client.write(requests);
    await until(() => got().includes("POST /c def."));
    expect(got().match(/(GET|POST) [^.]*\./g)).toEqual(["GET /a .", "POST /b abc.", "POST /c def."]);
    client.setNoDelay(true);
    for (const letter of requests) client.write(letter);
    await until(() => count(got(), "POST /c def.") === 2);
  });

  it("may come by the thousand before the first is answered", async () => {
    let served = 0;
    const { client, got } = await pair((exchange) => {
      served += 1;
      exchange.respond(200, {}, "ok.");
    });
    client.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n".repeat(3000));
    await until(() => count(got(), "ok.") === 3000);
    expect(served).toBe(3000);
  });

  it("may have long heads, in however many pieces", async () => {
    const { client, got } = await pair(echo);
    const head = `GET / HTTP/1.1\r\nHost: x\r\nLong: ${"a".repeat(400_000)}\r\n\r\n`;
    for (let at = 0; at < head.length; at += 5000) client.write(head.slice(at, at + 5000));
    await until(() => got().endsWith("GET / ."));
    client.write(`GET / HTTP/1.1\r\nHost: x\r\nLong: ${"a".repeat(1_100_000)}`);
    await once(client, "close");
    expect(got()).toContain("HTTP/1.1 431");
  });

  it("go on after a body that nobody asked for", async () => {
    const { client, got } = await pair((exchange) => exchange.respond(403, {}, "no."));
    const body = "GET /trap HTTP/1.1\r\nHost: x\r\n\r\n".repeat(5000);
    client.write(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    client.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    await until(() => count(got(), "no.") === 2);
    expect(count(got(), "HTTP/1.1 403")).toBe(2);
  });

  it("go on after a body that was too long", async () => {
    const { client, got } = await pair(echo);
    const chunk = `c8\r\n${"x".repeat(200)}\r\n0\r\n\r\n`;
    client.write(`POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n${chunk}`);
    client.write(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 200\r\n\r\n${"x".repeat(200)}`);
    client.write("GET /last HTTP/1.1\r\nHost: x\r\n\r\n");
    await until(() => got().includes("GET /last"));
    expect(count(got(), "HTTP/1.1 413")).toBe(2);
  });

  it("end with the client's word, with HTTP/1.0, and with what is no request", async () => {
    for (const text of [
      "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\nGET /two HTTP/1.1\r\nHost: x\r\n\r\n",
      "GET / HTTP/1.0\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
      "nonsense\r\n\r\n",
    ]) {
      const { client, got } = await pair(echo);
      client.write(text);
      await once(client, "close");
      expect(got()).toMatch(/^HTTP\/1\.1 (?:200|400) [\s\S]*connection: close\r\n/);
      expect(got()).not.toContain("/two");
    }
  });
});

describe("bodies", () => {
  it("are asked for where the client waits for a word, and only where they are wanted", async () => {
    const wanted = await pair(echo);
    wanted.client.write("PUT / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    await until(() => wanted.got() === "HTTP/1.1 100 Continue\r\n\r\n");
    wanted.client.write("hi");
    await until(() => wanted.got().endsWith("PUT / hi."));
    const refused = await pair((exchange) => exchange.respond(403, {}, "no."));
    refused.client.write("PUT / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    await once(refused.client, "close");
    expect(refused.got()).toMatch(/^HTTP\/1\.1 403 [\s\S]*connection: close/);
  });

  it("wait with the client until they are asked for", async () => {
    let held: Exchange | undefined;
    const { client, connection, got } = await pair((exchange) => (held = exchange));
    const size = 50_000_000;
    client.write(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${size}\r\n\r\n`);
    client.write(Buffer.alloc(size, "x"));
    await until(() => held !== undefined && connection.socket.isPaused());
    expect(connection.socket.bytesRead).toBeLessThan(1_000_000);
    held?.respond(200, {}, "done.");
    await until(() => got().endsWith("done."));
    await until(() => connection.socket.bytesRead > size);
  });
});

describe("answers", () => {
  it("to HEAD and without content have a head alone", async () => {
    const { client, got } = await pair((exchange) =>
      exchange.respond(exchange.target === "/none" ? 204 : 200, { "x-a": ["1", "2"] }, "four"),
    );
    client.write("HEAD / HTTP/1.1\r\nHost: x\r\n\r\nGET /none HTTP/1.1\r\nHost: x\r\n\r\n");
    await until(() => count(got(), "\r\n\r\n") === 2);
    const [head = "", none = ""] = got().split("\r\n\r\n");
    expect(head).toContain("x-a: 1\r\nx-a: 2\r\n");
    expect(head).toContain("content-length: 4");
    expect(none).not.toContain("content-length");
  });

  it("come in chunks, or until the end where chunks are not known", async () => {
    const handle = (exchange: Exchange): void => {
      const stream = exchange.stream(200, {});
      stream.write("one");
      stream.write("");
      stream.write(Buffer.from("é"));
      stream.end();
    };
    const chunks = await pair(handle);
    chunks.client.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n".repeat(2));
    const body = "\r\n\r\n3\r\none\r\n2\r\n\u00c3\u00a9\r\n0\r\n\r\n";
    await until(() => count(chunks.got(), body) === 2);
    const old = await pair(handle);
    old.client.write("GET / HTTP/1.0\r\n\r\n");
    await once(old.client, "close");
    expect(old.got()).toMatch(/\r\n\r\none\u00c3\u00a9$/);
  });

  it("carry no header that would be two", async () => {
    const { client, got } = await pair((exchange) => {
      expect(() => exchange.respond(200, { "x-a": "1\r\nx-b: 2" }, "")).toThrow("cannot send the header");
      exchange.respond(500, {}, "mended");
    });
    client.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    await until(() => got().endsWith("mended"));
    expect(got()).not.toContain("x-b");
  });
});

describe("clients that do not come to the point", () => {
  it.each([
    ["says nothing", "", 9],
    ["stops within a head", "GET / HTTP/1.1\r\nHost:", 5],
    ["stops within a body that is wanted", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nab", 21],
  ])("one that %s loses the connection in time", async (_name, text, looks) => {
    let bodies = 0;
    const { client, connection } = await pair((exchange) => {
      void exchange.body(100).catch(() => (bodies -= 1));
      bodies += 1;
    });
    client.write(text);
    await until(
      () => connection.socket.bytesRead === text.length && bodies === (text.startsWith("POST") ? 1 : 0),
    );
    for (let look = 1; look < looks; look += 1) connection.look();
    expect(connection.socket.destroyed).toBe(false);
    connection.look();
    await until(() => bodies === 0 && client.destroyed);
  });

  it("one whose watch is quiet keeps it", async () => {
    const { client, connection, got } = await pair(
      (exchange) => void exchange.stream(200, {}).write("event"),
    );
    client.write("GET /watch HTTP/1.1\r\nHost: x\r\n\r\n");
    await until(() => got().includes("event"));
    for (let look = 0; look < 1000; look += 1) connection.look();
    expect(connection.socket.destroyed).toBe(false);
  });
});
