// Owns reading a WebSocket's server side (RFC 6455): bytes in whatever pieces they come, out of them parts of messages.

export type WebSocketEvent =
  /** A part of a message, unmasked; `first` begins one, `last` ends it. */
  | { readonly is: "part"; readonly bytes: Uint8Array; readonly first: boolean; readonly last: boolean }
  | { readonly is: "ping"; readonly bytes: Uint8Array }
  | { readonly is: "pong" }
  | { readonly is: "close"; readonly code: number }
  /** Nothing after it is understood; `code` is what to close with. */
  | { readonly is: "bad"; readonly code: number; readonly because: string };

interface Frame {
  readonly fin: boolean;
  readonly opcode: number;
  readonly mask: number;
  readonly length: number;
}

export type WebSocketState =
  /** `inMessage`: an unfinished message waits for its continuation. */
  | { readonly is: "between"; readonly held: Uint8Array; readonly inMessage: boolean }
  | {
      readonly is: "in-payload";
      readonly frame: Frame;
      readonly done: number;
      readonly first: boolean;
    }
  | { readonly is: "broken" };

export const freshWebSocket: WebSocketState = { is: "between", held: new Uint8Array(), inMessage: false };

export const opcode = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;
const known: ReadonlySet<number> = new Set(Object.values(opcode));
const controlMax = 125;
const headMax = 14;
const protocolError = 1002;
const noCode = 1005;

type Stepped = readonly [WebSocketState, readonly WebSocketEvent[]];
type Read = { readonly stepped: Stepped; readonly used: number } | "more";

const broken = (because: string): Stepped => [
  { is: "broken" },
  [{ is: "bad", code: protocolError, because }],
];

/** Reads on. A message's bytes are handed on as they come, so that none, however long, is held. */
export function stepWebSocket(state: WebSocketState, bytes: Uint8Array): Stepped {
  const events: WebSocketEvent[] = [];
  let now = state;
  let rest: Buffer =
    now.is === "between" && now.held.length > 0
      ? Buffer.concat([now.held, bytes])
      : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  while (rest.length > 0 && now.is !== "broken") {
    const read: Read = now.is === "in-payload" ? readPayload(now, rest) : readFrame(now.inMessage, rest);
    if (read === "more") break;
    now = read.stepped[0];
    events.push(...read.stepped[1]);
    rest = rest.subarray(read.used);
  }
  // A copy: the caller may use its buffer again.
  if (now.is === "between") now = { ...now, held: Uint8Array.from(rest) };
  return [now, events];
}

function unmasked(bytes: Uint8Array, mask: number, offset: number): Uint8Array {
  const out = new Uint8Array(bytes.length);
  const key = [mask >>> 24, (mask >>> 16) & 255, (mask >>> 8) & 255, mask & 255];
  const [a = 0, b = 0, c = 0, d = 0] = [0, 1, 2, 3].map((at) => key[(at + offset) & 3]);
  const whole = bytes.length & ~3;
  // Written out, because every byte of a transfer comes by here.
  for (let at = 0; at < whole; at += 4) {
    out[at] = (bytes[at] ?? 0) ^ a;
    out[at + 1] = (bytes[at + 1] ?? 0) ^ b;
    out[at + 2] = (bytes[at + 2] ?? 0) ^ c;
    out[at + 3] = (bytes[at + 3] ?? 0) ^ d;
  }
  for (let at = whole; at < bytes.length; at += 1) out[at] = (bytes[at] ?? 0) ^ (key[(at + offset) & 3] ?? 0);
  return out;
}

const between = (inMessage: boolean): WebSocketState => ({
  is: "between",
  held: new Uint8Array(),
  inMessage,
});

function readPayload(state: WebSocketState & { is: "in-payload" }, bytes: Buffer): Read {
  const { frame, done, first } = state;
  const part = bytes.subarray(0, frame.length - done);
  const isWhole = done + part.length === frame.length;
  const event: WebSocketEvent = {
    is: "part",
    bytes: unmasked(part, frame.mask, done),
    first,
    last: isWhole && frame.fin,
  };
  const next: WebSocketState = isWhole
    ? between(!frame.fin)
    : { is: "in-payload", frame, done: done + part.length, first: false };
  return { stepped: [next, [event]], used: part.length };
}

function readFrame(inMessage: boolean, bytes: Buffer): Read {
  const short = bytes.length < 2 ? Infinity : (bytes[1] ?? 0) & 0x7f;
  const extra = short === 126 ? 2 : short === 127 ? 8 : 0;
  const head = 2 + extra + 4;
  const [first = 0, second = 0] = bytes;
  if (bytes.length >= 2) {
    const fault = faultOf(first, second, inMessage);
    if (fault !== undefined) return { stepped: broken(fault), used: bytes.length };
  }
  if (bytes.length < Math.min(head, headMax) || short === Infinity) return "more";
  const length = extra === 0 ? short : extra === 2 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
  if (length > Number.MAX_SAFE_INTEGER)
    return { stepped: broken("a frame is longer than can be counted"), used: bytes.length };
  const frame: Frame = {
    fin: (first & 0x80) !== 0,
    opcode: first & 0x0f,
    mask: bytes.readUInt32BE(head - 4),
    length,
  };
  if (frame.opcode >= opcode.close) return readControl(frame, { inMessage, head, bytes });
  const begins = frame.opcode !== opcode.continuation;
  if (length > 0) return { stepped: [{ is: "in-payload", frame, done: 0, first: begins }, []], used: head };
  const empty: WebSocketEvent = { is: "part", bytes: new Uint8Array(), first: begins, last: frame.fin };
  return { stepped: [between(!frame.fin), [empty]], used: head };
}

function faultOf(first: number, second: number, inMessage: boolean): string | undefined {
  const code = first & 0x0f;
  if ((first & 0x70) !== 0) return "a frame uses an extension that was not agreed on";
  if (!known.has(code)) return `a frame has the unknown opcode ${code}`;
  if ((second & 0x80) === 0) return "a frame is not masked";
  if (code >= opcode.close)
    return (first & 0x80) === 0 || (second & 0x7f) > controlMax
      ? "a control frame is fragmented or too long"
      : undefined;
  if ((code === opcode.continuation) !== inMessage)
    return inMessage ? "a message begins within another" : "a message continues that never began";
  return undefined;
}

function readControl(
  frame: Frame,
  { inMessage, head, bytes }: { readonly inMessage: boolean; readonly head: number; readonly bytes: Buffer },
): Read {
  if (bytes.length < head + frame.length) return "more";
  const payload = unmasked(bytes.subarray(head, head + frame.length), frame.mask, 0);
  const used = head + frame.length;
  const next = between(inMessage);
  if (frame.opcode === opcode.ping) return { stepped: [next, [{ is: "ping", bytes: payload }]], used };
  if (frame.opcode === opcode.pong) return { stepped: [next, [{ is: "pong" }]], used };
  const code = payload.length >= 2 ? Buffer.from(payload).readUInt16BE(0) : noCode;
  return { stepped: [{ is: "broken" }, [{ is: "close", code }]], used };
}
