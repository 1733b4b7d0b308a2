// Owns bytes of another protocol carried in the messages of a WebSocket (KEP-4006: port-forward's SPDY).
import { Duplex } from "node:stream";
import { closeCode, WebSocketConnection } from "./websocket-connection.ts";

export class Tunnel extends Duplex {
  private readonly connection: WebSocketConnection;

  constructor(socket: Duplex) {
    super({ allowHalfOpen: false });
    this.connection = new WebSocketConnection(socket, {
      part: (bytes) => {
        if (!this.push(bytes)) this.connection.wire.hold(this);
      },
      gone: () => this.destroy(),
    });
  }

  override _read(): void {
    this.connection.wire.release(this);
  }

  override _write(bytes: Uint8Array, _encoding: string, done: () => void): void {
    this.connection.send([bytes], done);
  }

  override _writev(chunks: { chunk: Uint8Array; encoding: string }[], done: () => void): void {
    this.connection.send(
      chunks.map(({ chunk }) => chunk),
      done,
    );
  }

  override _final(done: () => void): void {
    this.connection.close(closeCode.normal);
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.connection.close(closeCode.goingAway);
    done(error);
  }
}
