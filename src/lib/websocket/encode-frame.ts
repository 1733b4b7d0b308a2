// Owns WebSocket frames as bytes, as a server sends them: whole and unmasked (RFC 6455).
import { opcode } from "./step-websocket.ts";

/** What stands before a frame's bytes. */
export function frameHead(code: number, length: number): Uint8Array {
  const extra = length < 126 ? 0 : length < 0x10000 ? 2 : 8;
  const head = Buffer.alloc(2 + extra);
  head[0] = 0x80 | code;
  head[1] = extra === 0 ? length : extra === 2 ? 126 : 127;
  if (extra === 2) head.writeUInt16BE(length, 2);
  if (extra === 8) head.writeBigUInt64BE(BigInt(length), 2);
  return head;
}

const framed = (code: number, payload: Uint8Array): Uint8Array =>
  Buffer.concat([frameHead(code, payload.length), payload]);

export const pingFrame = (): Uint8Array => framed(opcode.ping, new Uint8Array());
export const pongFrame = (payload: Uint8Array): Uint8Array => framed(opcode.pong, payload);

export function closeFrame(code: number, reason = ""): Uint8Array {
  const words = Buffer.from(reason).subarray(0, 120);
  const payload = Buffer.alloc(2 + words.length);
  payload.writeUInt16BE(code);
  payload.set(words, 2);
  return framed(opcode.close, payload);
}
