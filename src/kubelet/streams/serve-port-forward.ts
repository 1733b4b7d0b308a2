// Owns one port-forward session: any number of connections to a pod's ports over one connection to the client.
import type { Duplex } from "node:stream";
import type { Millis } from "../../lib/units.ts";
import { wordsOf } from "../../world/log.ts";
import type { Upgrade } from "../../world/http.ts";
import { accept, refuse } from "./accept.ts";
import { Channels } from "./channels.ts";
import type { StreamPorts } from "./command-streams.ts";
import { watchIdle } from "./idle.ts";
import type { Lane } from "./lane.ts";
import {
  commandProtocol,
  forwardProtocols,
  planStreamProtocol,
  tunnelProtocol,
} from "./plan-stream-protocol.ts";
import { SpdyConnection } from "./spdy-connection.ts";
import { Tunnel } from "./tunnel.ts";

export interface Forwarding extends StreamPorts {
  /** Joins the stream with one connection to the port; rejects where there is none to be had. */
  forward(port: number, stream: Duplex): Promise<void>;
  /** What messages call the pod. */
  readonly podName: string;
  readonly podUid: string;
}

/** As upstream's: how long one stream of a pair waits for the other. */
const pairingMax: Millis = 30_000;
const portsMax = 64;

const isPort = (port: number): boolean => Number.isInteger(port) && port > 0 && port < 65_536;

export function servePortForward(upgrade: Upgrade, query: URLSearchParams, forwarding: Forwarding): void {
  const agreed = planStreamProtocol(upgrade.headers, forwardProtocols);
  if (agreed.is === "refused") return refuse(upgrade, agreed.status, agreed.message, agreed.headers);
  if (agreed.is === "spdy") {
    accept(upgrade, agreed);
    return overSpdy(upgrade.socket, forwarding);
  }
  if (agreed.protocol === tunnelProtocol) {
    accept(upgrade, agreed);
    return overSpdy(new Tunnel(upgrade.socket), forwarding);
  }
  // One parameter may list several.
  const ports = query.getAll("port").flatMap((text) => text.split(",").map(Number));
  if (ports.length === 0 || ports.length > portsMax || !ports.every(isPort))
    return refuse(
      upgrade,
      400,
      `query parameter "port" is required: 1 to ${portsMax} numbers from 1 to 65535`,
    );
  accept(upgrade, agreed);
  return overChannels(upgrade.socket, { ports, protocol: agreed.protocol }, forwarding);
}

/** Carries one connection; what goes wrong is told on the error lane, and concerns no other connection. */
async function carry(
  forwarding: Forwarding,
  port: number,
  { data, error }: { readonly data: Lane; readonly error: Lane },
): Promise<void> {
  try {
    await forwarding.forward(port, data);
  } catch (thrown) {
    const { podName, podUid } = forwarding;
    error.write(`error forwarding port ${port} to pod ${podName}, uid ${podUid}: ${wordsOf(thrown)}`);
  }
  error.end();
  data.end();
}

interface Pair {
  data?: Lane;
  error?: Lane;
  port: number;
  cancel: () => void;
}

/** Streams come in pairs that share a request id: one for data, one for what goes wrong. */
function overSpdy(socket: Duplex, forwarding: Forwarding): void {
  const waiting = new Map<string, Pair>();
  const { clock } = forwarding;
  const pairOf = (id: string, port: number): Pair => {
    const known = waiting.get(id);
    if (known !== undefined) return known;
    const cancel = clock.after(pairingMax, () => {
      waiting.delete(id);
      made.error?.end(`error forwarding port ${port}: timed out waiting for both streams of request ${id}`);
      made.data?.destroy();
    });
    const made: Pair = { port, cancel };
    waiting.set(id, made);
    return made;
  };
  const connection = new SpdyConnection(socket, {
    opened(lane, headers) {
      const type = headers["streamtype"];
      const port = Number(headers["port"]);
      if ((type !== "data" && type !== "error") || !isPort(port)) return false;
      const id = headers["requestid"] ?? `port ${port}`;
      const pair = pairOf(id, port);
      if (pair[type] !== undefined || pair.port !== port) return false;
      pair[type] = lane;
      const { data, error } = pair;
      if (data === undefined || error === undefined) return true;
      pair.cancel();
      waiting.delete(id);
      error.resume();
      void carry(forwarding, port, { data, error });
      return true;
    },
    gone() {
      stopIdle();
      for (const { cancel } of waiting.values()) cancel();
    },
  });
  const stopIdle = watchIdle(clock, connection.wire, forwarding.idleTimeout, () => connection.close());
}

/** Two lanes a port, data and error; the first message on each is the port's number. */
function overChannels(
  socket: Duplex,
  { ports, protocol }: { readonly ports: readonly number[]; readonly protocol: string },
  forwarding: Forwarding,
): void {
  const { base64 } = commandProtocol(protocol);
  const channels = new Channels(socket, {
    count: 2 * ports.length,
    base64,
    halfClose: false,
    gone: () => stopIdle(),
  });
  const stopIdle = watchIdle(forwarding.clock, channels.connection.wire, forwarding.idleTimeout, () =>
    channels.close(),
  );
  const over = ports.map(async (port, at) => {
    const data = channels.lanes[2 * at];
    const error = channels.lanes[2 * at + 1];
    if (data === undefined || error === undefined) return;
    const name = Buffer.alloc(2);
    name.writeUInt16LE(port);
    data.write(name);
    error.write(Uint8Array.from(name));
    error.resume();
    await carry(forwarding, port, { data, error });
  });
  void Promise.all(over).then(() => channels.close());
}
