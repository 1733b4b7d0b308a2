// Owns reading a SPDY/3.1 connection: bytes in whatever pieces they come, out of them what the other end says.
import { flagFin, frameType } from "./encode-frame.ts";
import { readHeaders, type HeaderMemory, type Headers } from "./header-block.ts";

export type SpdyEvent =
  | { readonly is: "open"; readonly stream: number; readonly headers: Headers; readonly fin: boolean }
  | { readonly is: "reply"; readonly stream: number; readonly headers: Headers; readonly fin: boolean }
  /** A part of what is sent on a stream; `fin` with the last. */
  | { readonly is: "data"; readonly stream: number; readonly bytes: Uint8Array; readonly fin: boolean }
  | { readonly is: "reset"; readonly stream: number; readonly status: number }
  | { readonly is: "ping"; readonly id: number }
  | { readonly is: "go-away" }
  /** Nothing after it is understood. */
  | { readonly is: "bad"; readonly because: string };

export type SpdyState =
  | { readonly is: "between"; readonly held: Uint8Array; readonly memory: HeaderMemory }
  | {
      readonly is: "in-data";
      readonly stream: number;
      readonly left: number;
      readonly fin: boolean;
      readonly memory: HeaderMemory;
    }
  | { readonly is: "broken" };

export const freshSpdy: SpdyState = { is: "between", held: new Uint8Array(), memory: { is: "fresh" } };

/** Longer control frames are no honest client's. */
const controlMax = 64 * 1024;
const headLength = 8;

const bad = (because: string): [SpdyState, SpdyEvent[]] => [{ is: "broken" }, [{ is: "bad", because }]];

/** Reads on. Data is handed on as it comes, so that no frame, however long, is held. */
export function stepSpdy(state: SpdyState, bytes: Uint8Array): readonly [SpdyState, readonly SpdyEvent[]] {
  const events: SpdyEvent[] = [];
  let now = state;
  let rest: Buffer =
    now.is === "between" && now.held.length > 0
      ? Buffer.concat([now.held, bytes])
      : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  while (rest.length > 0 && now.is !== "broken") {
    const read: Read = now.is === "in-data" ? readData(now, rest) : readFrame(now.memory, rest);
    if (read === "more") break;
    now = read.state;
    events.push(...read.events);
    rest = rest.subarray(read.used);
  }
  // A copy: the caller may use its buffer again.
  if (now.is === "between") now = { ...now, held: Uint8Array.from(rest) };
  return [now, events];
}

type Read =
  { readonly state: SpdyState; readonly events: readonly SpdyEvent[]; readonly used: number } | "more";

const between = (memory: HeaderMemory): SpdyState => ({ is: "between", held: new Uint8Array(), memory });

function readData(state: SpdyState & { is: "in-data" }, bytes: Buffer): Read {
  const part = bytes.subarray(0, state.left);
  const left = state.left - part.length;
  const event: SpdyEvent = {
    is: "data",
    stream: state.stream,
    bytes: part,
    fin: state.fin && left === 0,
  };
  return {
    state: left === 0 ? between(state.memory) : { ...state, left },
    events: [event],
    used: part.length,
  };
}

function readFrame(memory: HeaderMemory, bytes: Buffer): Read {
  if (bytes.length < headLength) return "more";
  const first = bytes.readUInt32BE(0);
  const second = bytes.readUInt32BE(4);
  const flags = second >>> 24;
  const length = second & 0xffffff;
  if (first >>> 31 === 0) return beginData(memory, { stream: first, fin: (flags & flagFin) !== 0, length });
  const version = (first >>> 16) & 0x7fff;
  const fault =
    version !== 3
      ? `it speaks SPDY/${version}, not SPDY/3`
      : length > controlMax
        ? `a control frame of ${length} bytes is longer than ${controlMax}`
        : undefined;
  if (fault !== undefined) return ended(bad(fault), bytes.length);
  if (bytes.length < headLength + length) return "more";
  const body = bytes.subarray(headLength, headLength + length);
  const [state, events] = readControl(memory, { type: first & 0xffff, flags, body });
  return { state, events, used: headLength + length };
}

const ended = ([state, events]: readonly [SpdyState, readonly SpdyEvent[]], used: number): Read => ({
  state,
  events,
  used,
});

function beginData(
  memory: HeaderMemory,
  { stream, fin, length }: { readonly stream: number; readonly fin: boolean; readonly length: number },
): Read {
  if (length > 0)
    return { state: { is: "in-data", stream, left: length, fin, memory }, events: [], used: headLength };
  return {
    state: between(memory),
    events: [{ is: "data", stream, bytes: new Uint8Array(), fin }],
    used: headLength,
  };
}

interface Control {
  readonly type: number;
  readonly flags: number;
  readonly body: Buffer;
}

/** How long the fixed part of each frame is; types that are not named are passed over. */
const fixedLength: Readonly<Record<number, number>> = {
  [frameType.open]: 10,
  [frameType.reply]: 4,
  [frameType.reset]: 8,
  [frameType.ping]: 4,
  [frameType.goAway]: 4,
  [frameType.headers]: 4,
};

function readControl(memory: HeaderMemory, control: Control): readonly [SpdyState, readonly SpdyEvent[]] {
  const { type, flags, body } = control;
  const fixed = fixedLength[type];
  if (fixed === undefined) return [between(memory), []];
  if (body.length < fixed) return bad(`a frame of type ${type} is ${body.length} bytes short`);
  const stream = body.readUInt32BE(0) & 0x7fffffff;
  if (type === frameType.ping) return [between(memory), [{ is: "ping", id: body.readUInt32BE(0) }]];
  if (type === frameType.goAway) return [between(memory), [{ is: "go-away" }]];
  if (type === frameType.reset)
    return [between(memory), [{ is: "reset", stream, status: body.readUInt32BE(4) }]];
  const read = readHeaders(memory, body.subarray(fixed));
  if (read.is === "bad") return bad(read.because);
  const fin = (flags & flagFin) !== 0;
  const next = between(read.memory);
  if (type === frameType.open) return [next, [{ is: "open", stream, headers: read.headers, fin }]];
  if (type === frameType.reply) return [next, [{ is: "reply", stream, headers: read.headers, fin }]];
  // Further headers say nothing that is used here; that they may be the last words does.
  return [next, fin ? [{ is: "data", stream, bytes: new Uint8Array(), fin }] : []];
}
