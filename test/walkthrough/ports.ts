// Owns finding ports for programs that must be told theirs.
import { createServer, type AddressInfo } from "node:net";

/** Ports that were free a moment ago, each another. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  await Promise.all(
    servers.map((server) => new Promise<void>((done) => server.listen(0, "127.0.0.1", done))),
  );
  // A server that listens on a port has an address of this form.
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
  return ports;
}

/** The first of three in a row that were free a moment ago. */
export async function threeFreePorts(): Promise<number> {
  for (;;) {
    const [first = 0] = await freePorts(1);
    const free = (port: number) =>
      new Promise<boolean>((told) => {
        const server = createServer();
        server.once("error", () => told(false));
        server.listen(port, "127.0.0.1", () => server.close(() => told(true)));
      });
    if ((await free(first + 1)) && (await free(first + 2))) return first;
  }
}
