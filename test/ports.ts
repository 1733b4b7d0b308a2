// Owns finding ports for programs that must be told theirs. No outgoing connection is given one of them while its program is down.
import { randomInt } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";

// Above what servers commonly listen on, below the ports of Services and those the system gives to connections.
const begin = 12_000;
const end = Math.max(begin + 8000, Math.min(30_000, firstOfConnections()));
// Each worker of a run has a part of its own; other runs on this machine begin elsewhere in it.
const parts = 4;
const size = Math.floor((end - begin) / parts);
const from = begin + (Number(process.env["VITEST_POOL_ID"] ?? 0) % parts) * size;
let drawn = randomInt(size);

function firstOfConnections(): number {
  try {
    return Number.parseInt(readFileSync("/proc/sys/net/ipv4/ip_local_port_range", "utf8"), 10);
  } catch {
    // As IANA has it, where the system does not tell.
    return 49_152;
  }
}

const isFree = (port: number): Promise<boolean> =>
  new Promise((told) => {
    const server = createServer();
    server.once("error", () => told(false));
    server.listen(port, "127.0.0.1", () => server.close(() => told(true)));
  });

/** A port that is free, and none that was given before. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = from + (drawn++ % size);
    if (await isFree(port)) return port;
  }
}

export const freePorts = (count: number): Promise<number[]> =>
  Promise.all(Array.from({ length: count }, freePort));

/** The first of three in a row. */
export async function threeFreePorts(): Promise<number> {
  for (;;) {
    const [first = 0, , last] = await freePorts(3);
    if (last === first + 2) return first;
  }
}
