// Owns one of the byte streams that share a connection, as a stream of Node's: each direction ends apart and waits for the slower side.
import { Duplex } from "node:stream";
import type { Wire } from "./wire.ts";

export interface LaneSending {
  send(bytes: Uint8Array, done: () => void): void;
  /** Nothing more will be sent. */
  finish(): void;
  /** It was given up before both directions had ended. */
  abandon(): void;
}

// So much is held of each direction for the side that lags.
const heldMax = 256 * 1024;

export class Lane extends Duplex {
  private readonly wire: Wire;
  private readonly sending: LaneSending;
  private hasSpoken = false;

  constructor(wire: Wire, sending: LaneSending) {
    super({ allowHalfOpen: true, readableHighWaterMark: heldMax, writableHighWaterMark: heldMax });
    this.wire = wire;
    this.sending = sending;
    // Whoever reads or writes hears of it by the stream's closing.
    this.on("error", () => undefined);
  }

  /** Bytes from the other end. */
  arrive(bytes: Uint8Array): void {
    if (!this.hasSpoken && !this.destroyed && !this.push(bytes)) this.wire.hold(this);
  }

  /** The other end will send nothing more. */
  arriveEnd(): void {
    if (this.hasSpoken || this.destroyed) return;
    this.hasSpoken = true;
    this.push(null);
    // Read on even where nobody reads, so that the stream can close.
    if (this.readableFlowing === null && this.readableLength === 0) this.resume();
  }

  override _read(): void {
    this.wire.release(this);
  }

  override _write(bytes: Uint8Array, _encoding: string, done: () => void): void {
    this.sending.send(bytes, done);
  }

  override _final(done: () => void): void {
    this.sending.finish();
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.wire.release(this);
    if (!this.hasSpoken || !this.writableFinished) this.sending.abandon();
    done(error);
  }
}
