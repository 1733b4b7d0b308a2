// Owns the bytes of one connection that has left HTTP: what is read goes to one reader, who may hold it up; what is written waits for room.
import type { Duplex } from "node:stream";

export interface WireReader {
  bytes(bytes: Uint8Array): void;
  /** The other end is gone, or has nothing more to say. */
  gone(): void;
}

export class Wire {
  private readonly socket: Duplex;
  private readonly holders = new Set<object>();
  private waiting: (() => void)[] = [];
  private over = false;
  /** Counts what was read and written, so that an idle connection can be told. */
  traffic = 0;

  constructor(socket: Duplex) {
    this.socket = socket;
  }

  /** Begins to read. */
  read(reader: WireReader): void {
    const { socket } = this;
    const gone = (): void => {
      if (this.over) return;
      this.over = true;
      this.goOn();
      reader.gone();
      socket.destroy();
    };
    socket.on("data", (bytes: Uint8Array) => {
      this.traffic += 1;
      if (!this.over) reader.bytes(bytes);
    });
    socket.once("end", gone);
    socket.once("close", gone);
    socket.on("error", gone);
    socket.on("drain", () => this.goOn());
    if (socket.destroyed) gone();
  }

  get isOver(): boolean {
    return this.over;
  }

  private goOn(): void {
    const { waiting } = this;
    this.waiting = [];
    for (const done of waiting) done();
  }

  /** Calls back when more may be written, at once or later; also when the connection is gone. */
  write(parts: readonly Uint8Array[], done?: () => void): void {
    const { socket } = this;
    if (this.over || !socket.writable) return done?.();
    this.traffic += 1;
    socket.cork();
    let goesOn = true;
    for (const part of parts) if (part.length > 0) goesOn = socket.write(part);
    socket.uncork();
    if (done === undefined) return;
    if (goesOn || !socket.writableNeedDrain) done();
    else this.waiting.push(done);
  }

  /** Nothing more is read until `release`d by all who hold. */
  hold(holder: object): void {
    this.holders.add(holder);
    if (this.holders.size === 1) this.socket.pause();
  }

  release(holder: object): void {
    if (this.holders.delete(holder) && this.holders.size === 0 && !this.over) this.socket.resume();
  }

  /** Sends what is written and hangs up. */
  end(): void {
    this.over = true;
    this.goOn();
    // What the other end still says is of no use, but unread it would turn our last words into a reset.
    this.holders.clear();
    this.socket.resume();
    this.socket.end();
  }

  destroy(): void {
    this.socket.destroy();
  }
}
