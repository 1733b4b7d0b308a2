// Owns tests of streams over real connections: commands and ports by SPDY/3.1 and by WebSocket, as different clients speak them.
import { afterEach, describe, expect, it, vi } from "vitest";
import { WebSocket } from "ws";
import type { ProcessStreams, WindowSize } from "../../runtime/runtime.ts";
import { dataHead, openFrame } from "../../lib/spdy/encode-frame.ts";
import { VirtualClock } from "../../world/virtual-clock.ts";
import { commandWish, serveCommand } from "./serve-command.ts";
import { servePortForward } from "./serve-port-forward.ts";
import {
  ChannelClient,
  serveUpgrades,
  SpdyClient,
  type StreamServer,
  TunnelClient,
} from "./stream-clients.fixture.ts";

const idleTimeout = 4 * 3_600_000;
let clock = new VirtualClock();
let server: StreamServer | undefined;
const clients: { readonly socket: { terminate?(): void; destroy?(): void } }[] = [];
afterEach(async () => {
  for (const { socket } of clients.splice(0)) (socket.terminate ?? socket.destroy)?.call(socket);
  await server?.close();
});

/** Serves one command that does as it is told here. */
async function serving(run: (streams: ProcessStreams) => Promise<number>): Promise<number> {
  clock = new VirtualClock();
  server = await serveUpgrades((upgrade, query) => {
    const wish = commandWish(query);
    if (typeof wish === "string") throw new Error(wish);
    void serveCommand(upgrade, { wish, run }, { clock, idleTimeout });
  });
  return server.port;
}

/** Says what it hears; ends with 3. */
async function echo({ stdin, stdout, stderr }: ProcessStreams): Promise<number> {
  stderr?.write("err");
  for await (const bytes of stdin ?? [])
    if (stdout?.write(bytes) === false) await new Promise((resolve) => stdout.once("drain", resolve));
  return 3;
}

const all = "?input=1&output=1&error=1";
const channels = (port: number, protocol: string, query = all) => {
  const client = new ChannelClient(port, protocol, query);
  clients.push(client);
  return client;
};
const spdy = (port: number, protocol: string, query = all) => {
  const client = new SpdyClient(port, protocol, query);
  clients.push(client);
  return client;
};
const eventually = (probe: () => void) => vi.waitFor(probe, { timeout: 20_000, interval: 5 });
const big = Buffer.alloc(6_000_000, "0123456789abcdef");

describe("a command by WebSocket", () => {
  it("v5: both directions at length, an input that ends, an exit code, a goodbye", async () => {
    const client = channels(await serving(echo), "v5.channel.k8s.io");
    await client.open;
    client.send(0, "a");
    client.send(0, big);
    client.socket.send(Uint8Array.of(255, 0));
    expect(await client.closed).toBe(1000);
    expect(client.counts.get(1)).toBe(big.length + 1);
    expect(client.told.get(1) === `a${big.toString("latin1")}`).toBe(true);
    expect(client.told.get(2)).toBe("err");
    expect(JSON.parse(client.told.get(3) ?? "")).toMatchObject({
      details: { causes: [{ reason: "ExitCode", message: "3" }] },
    });
  });

  it("thousands of small messages, and one in parts, in order", async () => {
    const client = channels(await serving(echo), "v5.channel.k8s.io");
    await client.open;
    const words = Array.from({ length: 5000 }, (_, at) => `${at} `);
    for (const word of words) client.send(0, word);
    client.socket.send(Buffer.from("\0one "), { fin: false });
    client.socket.send(Buffer.from("two"), { fin: true });
    client.socket.send(Uint8Array.of(255, 0));
    await client.closed;
    expect(client.told.get(1)).toBe(`${words.join("")}one two`);
  });

  it("v4: an input does not end before the client does; pings are answered", async () => {
    let aborted = false;
    const port = await serving(async ({ signal, stdin, stdout }) => {
      stdin?.on("data", (bytes: Buffer) => stdout?.write(bytes));
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      aborted = true;
      return 0;
    });
    const client = channels(port, "v4.channel.k8s.io");
    await client.open;
    client.socket.send(Uint8Array.of(255, 0));
    client.send(0, "still there");
    await eventually(() => expect(client.told.get(1)).toBe("still there"));
    const pong = new Promise((resolve) => client.socket.once("pong", resolve));
    client.socket.ping("x");
    expect(String(await pong)).toBe("x");
    client.socket.close();
    await eventually(() => expect(aborted).toBe(true));
  });

  it("base64: text messages, each of them whole", async () => {
    const client = channels(await serving(echo), "v4.base64.channel.k8s.io");
    await client.open;
    client.socket.send(`0${Buffer.from("hello").toString("base64")}`);
    client.socket.send("0");
    client.socket.send(`0${Buffer.from(" you").toString("base64")}`);
    await eventually(() => expect(client.told.get(1)).toBe("hello you"));
  });

  it("tells each size the window takes", async () => {
    const sizes: WindowSize[] = [];
    const port = await serving(async ({ onSize, signal }) => {
      onSize((size) => sizes.push(size));
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      return 0;
    });
    const client = channels(port, "v5.channel.k8s.io", "?input=1&output=1&tty=1");
    await client.open;
    client.send(4, '{"Width":80,"Height":24}');
    client.send(4, '{"Width":101,"Height":33}');
    await eventually(() => expect(sizes.at(-1)).toEqual({ columns: 101, rows: 33 }));
  });

  it("ends at what is no WebSocket message", async () => {
    const port = await serving(echo);
    const client = channels(port, "v5.channel.k8s.io");
    await client.open;
    // Its raw connection: ws itself would not send a frame with an unknown opcode.
    const raw = Reflect.get(client.socket, "_socket") as { write(bytes: Uint8Array): void };
    raw.write(Uint8Array.of(0x83, 0x80, 0, 0, 0, 0));
    expect(await client.closed).toBe(1002);
  });

  it("holds little for a command that reads nothing", async () => {
    const port = await serving(
      ({ signal }) => new Promise((resolve) => signal.addEventListener("abort", () => resolve(0))),
    );
    const client = channels(port, "v5.channel.k8s.io");
    await client.open;
    for (let time = 0; time < 10; time += 1) client.send(0, big);
    let before = -1;
    // Until nothing more is taken.
    await vi.waitFor(
      () => {
        const read = server?.sockets[0]?.bytesRead ?? 0;
        const stands = read === before;
        before = read;
        expect(stands).toBe(true);
      },
      { timeout: 20_000, interval: 200 },
    );
    expect(before).toBeLessThan(4_000_000);
    expect(client.socket.bufferedAmount).toBeGreaterThan(40_000_000);
  });

  it("a refusal is an HTTP answer", async () => {
    const client = new WebSocket(`ws://127.0.0.1:${await serving(echo)}/${all}`, ["v9.channel.k8s.io"]);
    const status = await new Promise((resolve) => {
      client.once("unexpected-response", (_request, response) => resolve(response.statusCode));
    });
    client.on("error", () => undefined);
    client.terminate();
    expect(status).toBe(403);
  });
});

describe("a command by SPDY", () => {
  it("v4: both directions at length, an input that ends, an exit code", async () => {
    const client = spdy(await serving(echo), "v4.channel.k8s.io");
    const [error, stdin, stdout, stderr] = ["error", "stdin", "stdout", "stderr"].map((streamtype) =>
      client.open({ streamtype }),
    );
    client.send(stdin ?? 0, big);
    client.ping(1);
    client.send(stdin ?? 0, "end", true);
    await client.closed;
    expect(client.told.get(stdout ?? 0) === `${big.toString("latin1")}end`).toBe(true);
    expect(client.told.get(stderr ?? 0)).toBe("err");
    expect(JSON.parse(client.told.get(error ?? 0) ?? "")).toMatchObject({ reason: "NonZeroExitCode" });
    expect([error, stdout, stderr].every((stream) => client.ended.has(stream ?? 0))).toBe(true);
    expect(client.pings).toEqual([1]);
  });

  it("before v4 the end is told in words", async () => {
    const client = spdy(await serving(echo), "");
    const error = client.open({ streamtype: "error" });
    for (const streamtype of ["stdout", "stderr"]) client.open({ streamtype });
    client.send(client.open({ streamtype: "stdin" }), "", true);
    await client.closed;
    expect(client.told.get(error)).toBe(
      "error executing command in container: command terminated with exit code 3",
    );
  });

  it("streams that nobody asked for, or twice, are refused; the rest goes on", async () => {
    const client = spdy(await serving(async () => 0), "v4.channel.k8s.io", "?output=1");
    const odd = client.open({ streamtype: "stdin" });
    const stdout = client.open({ streamtype: "stdout" });
    const again = client.open({ streamtype: "stdout" });
    const error = client.open({ streamtype: "error" });
    await client.closed;
    expect([odd, stdout, again].map((stream) => client.reset.has(stream))).toEqual([true, false, true]);
    expect(JSON.parse(client.told.get(error) ?? "")).toMatchObject({ status: "Success" });
  });

  it("a client that opens too little is let go of after 30 s", async () => {
    const client = spdy(await serving(echo), "v4.channel.k8s.io");
    client.open({ streamtype: "error" });
    client.ping(1);
    await eventually(() => expect(client.pings).toEqual([1]));
    clock.advance(30_000);
    await client.closed;
  });

  it("nothing at all for hours ends it; any word keeps it", async () => {
    const client = spdy(await serving(echo), "v4.channel.k8s.io", "?input=1");
    const error = client.open({ streamtype: "error" });
    client.open({ streamtype: "stdin" });
    for (let time = 1; time <= 3; time += 2) {
      client.ping(time);
      await eventually(() => expect(client.pings).toContain(time));
      clock.advance(idleTimeout * 0.9);
    }
    expect(client.ended.has(error)).toBe(false);
    clock.advance(2 * idleTimeout);
    await client.closed;
  });

  it("a client that is cut off aborts the command", async () => {
    let aborted = false;
    const port = await serving(async ({ signal }) => {
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      aborted = true;
      return 0;
    });
    const client = spdy(port, "v4.channel.k8s.io", "?output=1");
    client.open({ streamtype: "error" });
    client.open({ streamtype: "stdout" });
    client.ping(1);
    await eventually(() => expect(client.pings).toEqual([1]));
    client.socket.destroy();
    await eventually(() => expect(aborted).toBe(true));
  });
});

describe("ports", () => {
  const forwarding = async (): Promise<number> => {
    clock = new VirtualClock();
    server = await serveUpgrades((upgrade, query) => {
      servePortForward(upgrade, query, {
        clock,
        idleTimeout,
        podName: "web_default",
        podUid: "u",
        forward: async (port, stream) => {
          if (port === 1) throw new Error("connection refused");
          stream.on("data", (bytes: Buffer) => stream.write(bytes));
          await new Promise((resolve) => stream.once("end", resolve));
          stream.end(`on ${port}`);
        },
      });
    });
    return server.port;
  };
  const pair = (client: SpdyClient, port: number, requestid: string) => ({
    error: client.open({ streamtype: "error", port: String(port), requestid }),
    data: client.open({ streamtype: "data", port: String(port), requestid }),
  });

  it("by SPDY: many connections at once, each ending apart; one that fails concerns no other", async () => {
    const client = spdy(await forwarding(), "portforward.k8s.io", "");
    const pairs = [80, 1, 443].map((port, at) => ({ port, ...pair(client, port, String(at)) }));
    for (const { data, error } of pairs) {
      client.send(error, "", true);
      client.send(data, "hello ", true);
    }
    await eventually(() => expect(pairs.every(({ error }) => client.ended.has(error))).toBe(true));
    expect(pairs.map(({ data }) => client.told.get(data))).toEqual([
      "hello on 80",
      expect.anything(),
      "hello on 443",
    ]);
    expect(client.told.get(pairs[1]?.error ?? 0)).toBe(
      "error forwarding port 1 to pod web_default, uid u: connection refused",
    );
    const later = pair(client, 8080, "later");
    client.send(later.data, "", true);
    await eventually(() => expect(client.told.get(later.data)).toBe("on 8080"));
  });

  it("by SPDY: half of a pair is told so after 30 s", async () => {
    const client = spdy(await forwarding(), "portforward.k8s.io", "");
    const error = client.open({ streamtype: "error", port: "80", requestid: "0" });
    const odd = client.open({ streamtype: "data", port: "0", requestid: "1" });
    await eventually(() => expect(client.reset.has(odd)).toBe(true));
    clock.advance(30_000);
    await eventually(() => expect(client.told.get(error)).toMatch(/timed out waiting for both streams/));
  });

  it("by channels: the port's number first, then both directions; errors apart", async () => {
    const client = channels(await forwarding(), "v4.channel.k8s.io", "?port=80&port=1");
    await client.open;
    client.send(0, "hello");
    await eventually(() => expect(client.told.get(0)).toBe("\x50\0hello"));
    await eventually(() =>
      expect(client.told.get(3)).toBe(
        "\x01\0error forwarding port 1 to pod web_default, uid u: connection refused",
      ),
    );
    expect(client.told.get(1)).toBe("\x50\0");
  });

  it("by a tunnel: SPDY in messages, cut wherever", async () => {
    const tunnel = new TunnelClient(await forwarding());
    clients.push(tunnel);
    const headers = { port: "80", requestid: "0" };
    const bytes = Buffer.concat([
      openFrame(1, { ...headers, streamtype: "error" }, true),
      openFrame(3, { ...headers, streamtype: "data" }, false),
      dataHead(3, 5, true),
      Buffer.from("hello"),
    ]);
    for (let at = 0; at < bytes.length; at += 7) tunnel.send(bytes.subarray(at, at + 7));
    await eventually(() => expect(tunnel.told.get(3)).toBe("helloon 80"));
  });
});
