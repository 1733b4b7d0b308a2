// Owns a link that can be cut: what goes in no longer comes out, and nobody is told, as when a cable is pulled.
import { createServer, connect, type Server, type Socket } from "node:net";

export class Link {
  readonly port: number;
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();
  private isCut = false;

  private constructor(server: Server, port: number) {
    this.server = server;
    this.port = port;
  }

  static async to(target: number): Promise<Link> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("a TCP server has a port");
    const link = new Link(server, address.port);
    server.on("connection", (near) => link.carry(near, connect(target, "127.0.0.1")));
    return link;
  }

  cut(): void {
    this.isCut = true;
    for (const socket of this.sockets) socket.pause();
  }

  /** What was on its way when the link was cut is lost, as after a cable is back: connections begin anew. */
  mend(): void {
    this.isCut = false;
    for (const socket of this.sockets) socket.destroy();
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private carry(near: Socket, far: Socket): void {
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      this.sockets.add(from);
      from.on("data", (piece: Buffer) => {
        if (!to.write(piece)) {
          from.pause();
          to.once("drain", () => (this.isCut ? undefined : from.resume()));
        }
      });
      from.on("error", () => undefined);
      from.once("close", () => {
        this.sockets.delete(from);
        to.destroy();
      });
      if (this.isCut) from.pause();
    }
  }
}
