// Owns an answer's body as it arrives, whichever protocol carries it: read whole or bit by bit, held back where nobody reads.
import type { Bytes } from "../lib/units.ts";

/** What of the connection a body can slow down or end. */
export interface Inflow {
  pause(): void;
  resume(): void;
  /** Nobody wants the rest. */
  cancel(): void;
}

// More than this waits at the server, until someone reads.
const heldMax: Bytes = 256 * 1024;
// A leftover body this small is read so that the connection can serve again; of a longer one the connection is given up.
const leftoverMax: Bytes = 64 * 1024;

const joined = (pieces: readonly Uint8Array[]): Uint8Array =>
  pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : Buffer.concat(pieces);

export class ArrivingBody {
  private readonly inflow: Inflow;
  private waiting: Uint8Array[] = [];
  private held: Bytes = 0;
  /** `held`: stops when much of it waits. `wanted`: all is to come. `unwanted`: what comes is dropped. */
  private mode: "held" | "wanted" | "unwanted" = "held";
  private paused = false;
  private outcome: { readonly is: "ended" } | { readonly is: "broken"; readonly error: unknown } | undefined;
  private wake: () => void = () => undefined;

  constructor(inflow: Inflow) {
    this.inflow = inflow;
  }

  push(chunk: Uint8Array): void {
    if (this.mode === "unwanted") return;
    this.waiting.push(chunk);
    this.held += chunk.length;
    if (this.mode === "held" && this.held > heldMax && !this.paused) {
      this.paused = true;
      this.inflow.pause();
    }
    this.wake();
  }

  end(): void {
    this.outcome ??= { is: "ended" };
    this.wake();
  }

  fail(error: unknown): void {
    this.outcome ??= { is: "broken", error };
    this.wake();
  }

  async text(): Promise<string> {
    this.mode = "wanted";
    this.goOn();
    await this.over();
    const { waiting } = this;
    this.waiting = [];
    const bytes = joined(waiting);
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
  }

  /** Leaving the loop before the end gives up the rest. */
  async *chunks(): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      for (;;) {
        if (this.waiting.length > 0) {
          // What has come together is told together: a turn for each small piece costs more than joining them.
          const { waiting } = this;
          this.waiting = [];
          this.held = 0;
          this.goOn();
          yield joined(waiting);
        } else if (this.outcome === undefined) await this.news();
        else if (this.outcome.is === "broken") throw this.outcome.error;
        else return;
      }
    } finally {
      this.giveUp();
    }
  }

  /** Lets the rest go by where it is short, else ends it. */
  async discard(length: Bytes | undefined): Promise<void> {
    const isShort = length !== undefined && length <= leftoverMax;
    this.mode = "unwanted";
    this.waiting = [];
    if (!isShort) return this.giveUp();
    this.goOn();
    await this.over().catch(() => undefined);
  }

  private giveUp(): void {
    this.mode = "unwanted";
    this.waiting = [];
    if (this.outcome === undefined) this.inflow.cancel();
  }

  private goOn(): void {
    if (!this.paused) return;
    this.paused = false;
    this.inflow.resume();
  }

  private async over(): Promise<void> {
    while (this.outcome === undefined) await this.news();
    if (this.outcome.is === "broken") throw this.outcome.error;
  }

  private news(): Promise<void> {
    return new Promise((resolve) => (this.wake = resolve));
  }
}
