// Owns the channels of a WebSocket (*.channel.k8s.io): the first byte of each message names the lane it belongs to.
import type { Duplex } from "node:stream";
import { opcode } from "../../lib/websocket/step-websocket.ts";
import { Lane } from "./lane.ts";
import { closeCode, WebSocketConnection } from "./websocket-connection.ts";

/** On this channel the client names one that it will not write to again (v5). */
const closing = 255;
const asciiZero = 48;

export interface ChannelOptions {
  readonly count: number;
  /** Messages are text: a digit, then base64. */
  readonly base64: boolean;
  /** The client can end one channel alone. */
  readonly halfClose: boolean;
  gone(): void;
}

export class Channels {
  readonly connection: WebSocketConnection;
  readonly lanes: readonly Lane[];
  private readonly options: ChannelOptions;
  /** Where the message being read goes. */
  private channel: number | undefined;
  /** Of a base64 message: what does not make three bytes yet. */
  private rest = "";

  constructor(socket: Duplex, options: ChannelOptions) {
    this.options = options;
    const lanes: Lane[] = [];
    this.lanes = lanes;
    this.connection = new WebSocketConnection(socket, {
      part: (bytes, place) => this.take(bytes, place),
      gone: () => {
        for (const lane of this.lanes) lane.destroy();
        options.gone();
      },
    });
    for (let channel = 0; channel < options.count; channel += 1) lanes.push(this.laneOf(channel));
  }

  private laneOf(channel: number): Lane {
    const { base64 } = this.options;
    const name = Uint8Array.of(base64 ? asciiZero + channel : channel);
    return new Lane(this.connection.wire, {
      send: (bytes, done) =>
        base64
          ? this.connection.send(
              [name, Buffer.from(Buffer.from(bytes).toString("base64"))],
              done,
              opcode.text,
            )
          : this.connection.send([name, bytes], done),
      // The protocol has no word for it; the connection's end says it.
      finish: () => undefined,
      abandon: () => undefined,
    });
  }

  /** An empty message, by which a client knows that all is in place. */
  greet(channel: number): void {
    const { base64 } = this.options;
    this.connection.send(
      [Uint8Array.of(base64 ? asciiZero + channel : channel)],
      undefined,
      base64 ? opcode.text : opcode.binary,
    );
  }

  private take(
    bytes: Uint8Array,
    { first, last }: { readonly first: boolean; readonly last: boolean },
  ): void {
    let payload = bytes;
    if (first) this.channel = undefined;
    if (this.channel === undefined && payload[0] !== undefined) {
      this.channel = this.options.base64 ? payload[0] - asciiZero : payload[0];
      this.rest = "";
      payload = payload.subarray(1);
    }
    if (this.channel === closing && this.options.halfClose) {
      if (payload[0] !== undefined) this.lanes[payload[0]]?.arriveEnd();
    } else if (payload.length > 0) this.give(payload);
    if (last) this.channel = undefined;
  }

  private give(payload: Uint8Array): void {
    const lane = this.lanes[this.channel ?? -1];
    if (!this.options.base64) return lane?.arrive(payload);
    const text = this.rest + Buffer.from(payload).toString("latin1");
    const whole = text.length - (text.length % 4);
    this.rest = text.slice(whole);
    if (whole > 0) lane?.arrive(Buffer.from(text.slice(0, whole), "base64"));
  }

  close(): void {
    this.connection.close(closeCode.normal);
  }
}
