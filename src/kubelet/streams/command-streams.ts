// Owns the streams of one remote command (exec, attach), whichever protocol carries them.
import type { Duplex } from "node:stream";
import type { Millis } from "../../lib/units.ts";
import type { ProcessStreams, WindowSize } from "../../runtime/runtime.ts";
import type { Clock } from "../../world/clock.ts";
import { Channels } from "./channels.ts";
import { watchIdle } from "./idle.ts";
import type { Lane } from "./lane.ts";
import { endText, type CommandEnd } from "./plan-command-end.ts";
import { commandProtocol, type StreamProtocol } from "./plan-stream-protocol.ts";
import { SpdyConnection } from "./spdy-connection.ts";
import { stepSizes } from "./step-sizes.ts";

export interface CommandWish {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly tty: boolean;
}

export interface CommandStreams extends ProcessStreams {
  /** Sends the last words and hangs up. */
  end(how: CommandEnd): Promise<void>;
}

export interface StreamPorts {
  readonly clock: Clock;
  readonly idleTimeout: Millis;
}

type Agreed = Exclude<StreamProtocol, { is: "refused" }>;

interface Lanes {
  readonly stdin?: Lane;
  readonly stdout?: Lane;
  readonly stderr?: Lane;
  readonly resize?: Lane;
  readonly error: Lane;
}

/** As upstream's: how long the client may take to open its streams. */
const openingMax: Millis = 30_000;

/** "gone" where the client left, or did not open its streams in time. */
export async function openCommandStreams(
  socket: Duplex,
  agreed: Agreed,
  wish: CommandWish,
  ports: StreamPorts,
): Promise<CommandStreams | "gone"> {
  const life = new AbortController();
  const gone = (): void => life.abort(new Error("the client is gone"));
  const opened =
    agreed.is === "websocket"
      ? overWebSocket(socket, agreed, wish, gone)
      : overSpdy(socket, agreed, wish, { gone, ...ports });
  const lanes = await opened.lanes;
  if (lanes === "gone") return "gone";
  const stopIdle = watchIdle(ports.clock, opened.wire, ports.idleTimeout, opened.close);
  life.signal.addEventListener("abort", stopIdle, { once: true });
  return {
    ...(lanes.stdin === undefined ? {} : { stdin: lanes.stdin }),
    ...(lanes.stdout === undefined ? {} : { stdout: lanes.stdout }),
    ...(lanes.stderr === undefined ? {} : { stderr: lanes.stderr }),
    onSize: (told) => followSizes(lanes.resize, told),
    signal: life.signal,
    async end(how) {
      for (const lane of [lanes.stdout, lanes.stderr]) if (lane !== undefined) await finished(lane);
      const text = endText(how, commandProtocol(agreed.protocol).status);
      if (text !== "") lanes.error.write(text);
      await finished(lanes.error);
      stopIdle();
      opened.close();
    },
  };
}

/** Everything written has been handed to the network, or nobody is there to take it. */
function finished(lane: Lane): Promise<void> {
  return new Promise((resolve) => {
    if (lane.destroyed || lane.writableFinished) return resolve();
    lane.once("finish", resolve);
    lane.once("close", resolve);
    lane.end();
  });
}

function followSizes(lane: Lane | undefined, told: (size: WindowSize) => void): void {
  let rest = "";
  lane?.on("data", (bytes: Buffer) => {
    const [left, sizes] = stepSizes(rest, bytes.toString("latin1"));
    rest = left;
    const last = sizes.at(-1);
    if (last !== undefined) told(last);
  });
}

interface Opened {
  readonly lanes: Promise<Lanes | "gone">;
  readonly wire: { readonly traffic: number };
  readonly close: () => void;
}

const channel = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4, count: 5 } as const;

function overWebSocket(socket: Duplex, agreed: Agreed, wish: CommandWish, gone: () => void): Opened {
  const { base64, halfClose } = commandProtocol(agreed.protocol);
  const channels = new Channels(socket, { count: channel.count, base64, halfClose, gone });
  const [stdin, stdout, stderr, error, resize] = channels.lanes;
  channels.greet(wish.stdout ? channel.stdout : wish.stderr ? channel.stderr : channel.error);
  return {
    wire: channels.connection.wire,
    close: () => channels.close(),
    lanes: Promise.resolve(
      error === undefined
        ? "gone"
        : {
            error,
            ...(wish.stdin && stdin !== undefined ? { stdin } : {}),
            ...(wish.stdout && stdout !== undefined ? { stdout } : {}),
            ...(wish.stderr && !wish.tty && stderr !== undefined ? { stderr } : {}),
            ...(wish.tty && resize !== undefined ? { resize } : {}),
          },
    ),
  };
}

function overSpdy(
  socket: Duplex,
  agreed: Agreed,
  wish: CommandWish,
  { clock, gone }: StreamPorts & { readonly gone: () => void },
): Opened {
  const wanted = new Set([
    "error",
    ...(wish.stdin ? ["stdin"] : []),
    ...(wish.stdout ? ["stdout"] : []),
    ...(wish.stderr && !wish.tty ? ["stderr"] : []),
    ...(wish.tty && commandProtocol(agreed.protocol).resize ? ["resize"] : []),
  ]);
  const found: Record<string, Lane> = {};
  let settle: (lanes: Lanes | "gone") => void = () => undefined;
  const lanes = new Promise<Lanes | "gone">((resolve) => (settle = resolve));
  const connection = new SpdyConnection(socket, {
    opened(lane, headers) {
      const type = headers["streamtype"] ?? "";
      if (!wanted.delete(type)) return false;
      found[type] = lane;
      const { error } = found;
      if (wanted.size === 0 && error !== undefined) settle({ ...found, error });
      return true;
    },
    gone() {
      settle("gone");
      gone();
    },
  });
  const cancel = clock.after(openingMax, () => connection.close());
  void lanes.then(cancel);
  return { lanes, wire: connection.wire, close: () => connection.close() };
}
