// Owns what hollow nodes have in place of a machine of their own: files that are not kept, one listener for all.
import type { Millis } from "../lib/units.ts";
import type { Clock } from "../world/clock.ts";
import type { Files } from "../world/files.ts";
import type { HttpServer, HttpServerOptions, Network } from "../world/http.ts";

/**
 * Writes are accepted and forgotten, for no process of a hollow node will ever read them; so there is nothing in the node's own
 * folders. Reads elsewhere see the machine, for what a pod asks of it (a hostPath of a type, say).
 */
export function hollowFiles(real: Files, own: readonly string[]): Files {
  const forget = () => Promise.resolve();
  const isOwn = (path: string) =>
    own.some(
      (folder) => path.startsWith(folder) && (path.length === folder.length || path[folder.length] === "/"),
    );
  const nothing = Promise.resolve(undefined);
  return {
    readText: (path) => (isOwn(path) ? nothing : real.readText(path)),
    readBytes: (path, offset, length) => (isOwn(path) ? nothing : real.readBytes(path, offset, length)),
    list: (path) => (isOwn(path) ? nothing : real.list(path)),
    facts: (path) => (isOwn(path) ? nothing : real.facts(path)),
    writeText: forget,
    append: forget,
    makeFolder: forget,
    setAccess: forget,
    usage: (path) => (isOwn(path) ? Promise.resolve({ bytes: 0, inodes: 0 }) : real.usage(path)),
    space: (path) => real.space(path),
    remove: forget,
    rename: forget,
    link: forget,
    watch: () => () => undefined,
  };
}

const slot: Millis = 250;
const slottedFrom: Millis = 5000;

/**
 * A clock whose long delays end at the turn of a slot before their time, so that what many nodes do now and then (heartbeats above
 * all) is done together: waking for 25 of them at once costs a process less than waking 25 times, and so it does the server.
 */
export const slottedClock = (clock: Clock): Clock => ({
  now: () => clock.now(),
  after(delay, act) {
    if (delay < slottedFrom || !Number.isFinite(delay)) return clock.after(delay, act);
    const now = clock.now();
    return clock.after(Math.floor((now + delay) / slot) * slot - now, act);
  },
});

export interface SharedPort {
  readonly port: number;
  /** The network as the node of this name is handed it: its server is a part of the shared one. */
  networkFor(nodeName: string): Network;
  close(): Promise<void>;
}

/** Who a request to the shared port is for; undefined where it doesn't tell. */
export type NodeOfTarget = (target: string) => string | undefined;

const plain = { "content-type": "text/plain; charset=utf-8" };

/** One listener for the servers of many nodes; a request's path tells which node is meant. */
export async function openSharedPort(
  network: Network,
  options: Omit<HttpServerOptions, "handle" | "upgrade">,
  nodeOf: NodeOfTarget,
): Promise<SharedPort> {
  const handlers = new Map<string, Pick<HttpServerOptions, "handle" | "upgrade">>();
  const server = await network.serve({
    ...options,
    handle: (exchange) => {
      if (exchange.target === "/healthz") return exchange.respond(200, plain, "ok");
      const handle = handlers.get(nodeOf(exchange.target) ?? "")?.handle;
      if (handle !== undefined) return handle(exchange);
      exchange.respond(
        404,
        plain,
        `cannot answer ${exchange.target}: hollow nodes share this port, and the path names a pod of none of them\n`,
      );
    },
    upgrade: (upgrade) => {
      const take = handlers.get(nodeOf(upgrade.target) ?? "")?.upgrade;
      if (take !== undefined) return take(upgrade);
      upgrade.socket.end("HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    },
  });
  return {
    port: server.port,
    close: () => server.close(),
    networkFor: (nodeName) => ({
      client: (of) => network.client(of),
      serve: (wanted): Promise<HttpServer> => {
        handlers.set(nodeName, wanted);
        const close = async (): Promise<void> => void handlers.delete(nodeName);
        return Promise.resolve({ host: server.host, port: server.port, close });
      },
    }),
  };
}

const podVerbs: ReadonlySet<string> = new Set(["containerLogs", "exec", "attach", "portForward"]);

/** `/containerLogs/NAMESPACE/POD/CONTAINER` to `NAMESPACE/POD`. */
export function podKeyOfTarget(target: string): string | undefined {
  const [, verb, namespace, pod] = target.replace(/\?.*$/, "").split("/");
  return podVerbs.has(verb ?? "") && namespace !== undefined && pod !== undefined
    ? `${namespace}/${pod}`
    : undefined;
}
