// Owns joining a stream with a connection to a port of a container, which is one of the host's.
import type { Duplex } from "node:stream";
import type { Millis } from "../../lib/units.ts";
import type { Connect } from "../../world/connect.ts";
import { RuntimeRefusal } from "../runtime.ts";

const dialMax: Millis = 30_000;

async function dial(connect: Connect, port: number): Promise<Duplex> {
  try {
    return await connect("127.0.0.1", port, dialMax);
  } catch (thrown) {
    // Some listen on the other family alone; what the first try found is what people know to look for.
    return connect("::1", port, dialMax).catch(() => Promise.reject(thrown));
  }
}

/** Resolves when both directions have ended, or either side is gone. */
export async function forwardTo(connect: Connect | undefined, port: number, stream: Duplex): Promise<void> {
  if (connect === undefined)
    throw new RuntimeRefusal("PortForwardError", "cannot forward ports: this runtime was given no network");
  const socket = await dial(connect, port);
  await new Promise<void>((resolve) => {
    socket.on("error", () => socket.destroy());
    stream.on("error", () => stream.destroy());
    socket.once("close", () => {
      // A connection that was broken off is not one that ended in order.
      if (!socket.readableEnded) stream.destroy();
      resolve();
    });
    stream.once("close", () => {
      socket.destroy();
      resolve();
    });
    stream.pipe(socket);
    socket.pipe(stream);
  });
}
