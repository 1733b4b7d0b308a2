// Owns SPDY/3 frames as bytes, as a server sends them.
import { writeHeaders, type Headers } from "./header-block.ts";

export const frameType = {
  open: 1,
  reply: 2,
  reset: 3,
  settings: 4,
  ping: 6,
  goAway: 7,
  headers: 8,
  windowUpdate: 9,
} as const;
export const flagFin = 0x01;

/** Why a stream is reset. */
export const resetStatus = { protocolError: 1, refused: 3, internal: 6 } as const;

function control(type: number, flags: number, body: Uint8Array): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt16BE(0x8003, 0);
  head.writeUInt16BE(type, 2);
  head.writeUInt32BE(((flags << 24) | body.length) >>> 0, 4);
  return Buffer.concat([head, body]);
}

function numbers(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [at, value] of values.entries()) bytes.writeUInt32BE(value, 4 * at);
  return bytes;
}

/** `first` is the first header block of the connection in this direction. */
export const replyFrame = (stream: number, headers: Headers, first: boolean): Uint8Array =>
  control(frameType.reply, 0, Buffer.concat([numbers(stream), writeHeaders(headers, first)]));
export const openFrame = (stream: number, headers: Headers, first: boolean): Uint8Array =>
  control(
    frameType.open,
    0,
    Buffer.concat([numbers(stream, 0), Buffer.alloc(2), writeHeaders(headers, first)]),
  );
export const resetFrame = (stream: number, status: number): Uint8Array =>
  control(frameType.reset, 0, numbers(stream, status));
export const pingFrame = (id: number): Uint8Array => control(frameType.ping, 0, numbers(id));
export const goAwayFrame = (lastStream: number): Uint8Array =>
  control(frameType.goAway, 0, numbers(lastStream, 0));

/** What stands before a data frame's bytes. */
export function dataHead(stream: number, length: number, fin: boolean): Uint8Array {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(stream, 0);
  head.writeUInt32BE((((fin ? flagFin : 0) << 24) | length) >>> 0, 4);
  return head;
}
