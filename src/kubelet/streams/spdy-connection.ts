// Owns the server's side of a SPDY/3.1 connection: each stream the client opens becomes a lane.
import type { Duplex } from "node:stream";
import {
  dataHead,
  goAwayFrame,
  pingFrame,
  replyFrame,
  resetFrame,
  resetStatus,
} from "../../lib/spdy/encode-frame.ts";
import type { Headers } from "../../lib/spdy/header-block.ts";
import { freshSpdy, stepSpdy, type SpdyEvent } from "../../lib/spdy/step-spdy.ts";
import { Lane } from "./lane.ts";
import { Wire } from "./wire.ts";

export interface SpdyUser {
  /** Whether the stream is wanted. */
  opened(lane: Lane, headers: Headers): boolean;
  gone(): void;
}

/** More at once are refused one by one. */
const streamsMax = 1024;
/** A frame's length has 24 bits; shorter ones let streams take turns. */
const pieceMax = 64 * 1024;

export class SpdyConnection {
  readonly wire: Wire;
  private readonly user: SpdyUser;
  private readonly lanes = new Map<number, Lane>();
  private state = freshSpdy;
  private replied = false;
  private last = 0;

  constructor(socket: Duplex, user: SpdyUser) {
    this.user = user;
    this.wire = new Wire(socket);
    this.wire.read({
      bytes: (bytes) => this.take(bytes),
      gone: () => this.lose(),
    });
  }

  private take(bytes: Uint8Array): void {
    const [state, events] = stepSpdy(this.state, bytes);
    this.state = state;
    for (const event of events) this.hear(event);
  }

  private hear(event: SpdyEvent): void {
    switch (event.is) {
      case "open":
        return this.open(event);
      case "data": {
        const lane = this.lanes.get(event.stream);
        // The frame's bytes are in a buffer that the socket uses again.
        if (event.bytes.length > 0) lane?.arrive(Uint8Array.from(event.bytes));
        if (event.fin) lane?.arriveEnd();
        return;
      }
      case "reset":
        return void this.lanes.get(event.stream)?.destroy();
      case "ping":
        // Ours would be even, and we ask none.
        return event.id % 2 === 1 ? this.wire.write([pingFrame(event.id)]) : undefined;
      case "reply":
      case "go-away":
        return;
      case "bad":
        this.wire.write([goAwayFrame(this.last)]);
        return this.close();
    }
  }

  private open({ stream, headers, fin }: SpdyEvent & { is: "open" }): void {
    const isNew = stream % 2 === 1 && stream > this.last;
    if (!isNew || this.lanes.size >= streamsMax)
      return this.wire.write([resetFrame(stream, isNew ? resetStatus.refused : resetStatus.protocolError)]);
    this.last = stream;
    const lane = new Lane(this.wire, {
      send: (bytes, done) => this.send(stream, bytes, done),
      finish: () => this.wire.write([dataHead(stream, 0, true)]),
      abandon: () => this.wire.write([resetFrame(stream, resetStatus.internal)]),
    });
    this.lanes.set(stream, lane);
    lane.once("close", () => this.lanes.delete(stream));
    this.wire.write([replyFrame(stream, {}, !this.replied)]);
    this.replied = true;
    if (!this.user.opened(lane, headers)) return void lane.destroy();
    if (fin) lane.arriveEnd();
  }

  private send(stream: number, bytes: Uint8Array, done: () => void): void {
    const parts: Uint8Array[] = [];
    for (let at = 0; at < bytes.length; at += pieceMax) {
      const piece = bytes.subarray(at, at + pieceMax);
      parts.push(dataHead(stream, piece.length, false), piece);
    }
    this.wire.write(parts, done);
  }

  private lose(): void {
    for (const lane of this.lanes.values()) lane.destroy();
    this.user.gone();
  }

  /** Sends what is written and hangs up. */
  close(): void {
    if (this.wire.isOver) return;
    this.wire.write([goAwayFrame(this.last)]);
    this.wire.end();
    this.lose();
  }
}
