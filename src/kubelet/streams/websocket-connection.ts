// Owns the server's side of a WebSocket after its handshake: parts of messages in, whole messages out, pings answered.
import type { Duplex } from "node:stream";
import { closeFrame, frameHead, pingFrame, pongFrame } from "../../lib/websocket/encode-frame.ts";
import {
  freshWebSocket,
  opcode,
  stepWebSocket,
  type WebSocketEvent,
} from "../../lib/websocket/step-websocket.ts";
import { Wire } from "./wire.ts";

export interface WebSocketUser {
  /** A part of a message; `first` begins one, `last` ends it. */
  part(bytes: Uint8Array, place: { readonly first: boolean; readonly last: boolean }): void;
  gone(): void;
}

export const closeCode = { normal: 1000, goingAway: 1001 } as const;

export class WebSocketConnection {
  readonly wire: Wire;
  private readonly user: WebSocketUser;
  private state = freshWebSocket;

  constructor(socket: Duplex, user: WebSocketUser) {
    this.user = user;
    this.wire = new Wire(socket);
    this.wire.read({ bytes: (bytes) => this.take(bytes), gone: () => user.gone() });
  }

  private take(bytes: Uint8Array): void {
    const [state, events] = stepWebSocket(this.state, bytes);
    this.state = state;
    for (const event of events) this.hear(event);
  }

  private hear(event: WebSocketEvent): void {
    switch (event.is) {
      case "part":
        return this.user.part(event.bytes, event);
      case "ping":
        return this.wire.write([pongFrame(event.bytes)]);
      case "pong":
        return;
      case "close":
        return this.close(closeCode.normal);
      case "bad":
        return this.close(event.code, event.because);
    }
  }

  /** One message. */
  send(parts: readonly Uint8Array[], done?: () => void, code: number = opcode.binary): void {
    const length = parts.reduce((sum, part) => sum + part.length, 0);
    this.wire.write([frameHead(code, length), ...parts], done);
  }

  ping(): void {
    this.wire.write([pingFrame()]);
  }

  /** Sends what is written, says goodbye and hangs up. */
  close(code: number, reason = ""): void {
    if (this.wire.isOver) return;
    this.wire.write([closeFrame(code, reason)]);
    this.wire.end();
    this.user.gone();
  }
}
