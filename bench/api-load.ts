// Owns the process that makes the load for bench/api: a process of its own, so that its work is not counted as the server's.
import { createSecureContext } from "node:tls";
import { loadKubeconfig } from "../src/client/load-kubeconfig.ts";
import { realFiles } from "../src/world/real-files.ts";
import { openConnection, type Answer, type Connection, type Endpoint } from "./api-connection.ts";
import { openSession, type Session } from "./api-session.ts";
import { configMap, event, lease, namespace, pod, podStatus, table } from "./api-objects.ts";

/** What the measuring process asks for; the answer has the same `do`. */
export type Order =
  | { readonly do: "open"; readonly kubeconfig: string; readonly clients: number }
  | {
      readonly do: "load";
      readonly kind: LoadKind;
      /** Absent: until all is made. */ readonly millis?: number;
    }
  | { readonly do: "list"; readonly path: string; readonly times: number }
  | {
      readonly do: "watch";
      readonly kind: WatchKind;
      readonly over: Protocol;
      readonly watchers: number;
    }
  | { readonly do: "fan-out"; readonly kind: WatchKind; readonly changes: number }
  | { readonly do: "unwatch" };

export type LoadKind = keyof typeof loads;
/** All look at the same objects, or each at the pods of a node. */
export type WatchKind = "all" | "by-node";
/** Each watch on a connection of its own, or all on one, as Go's clients have it. */
export type Protocol = "http/1.1" | "http/2";

export interface LoadResult {
  readonly operations: number;
  readonly millis: number;
  /** Of single operations, where they are few and slow. */
  readonly each?: readonly number[];
  readonly bytes?: number;
}

const pods = `/api/v1/namespaces/${namespace}/pods`;
const maps = `/api/v1/namespaces/${namespace}/configmaps`;
const events = `/api/v1/namespaces/${namespace}/events`;
const leases = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases";
/** Pods, and nodes that they are bound to, one each. */
const podCount = 5000;
const mergePatch = "application/merge-patch+json";
const strategicPatch = "application/strategic-merge-patch+json";

let connections: Connection[] = [];
let session: Session | undefined;
/** What ends with the watches. */
let watching: Pick<Connection, "close">[] = [];
let watcherCount = 0;
let seen = 0;
let endpoint: Endpoint | undefined;
let count = 0;
/** As the server last answered them. */
const renewed = new Map<number, string>();

function expect(answer: Answer, status: number): void {
  if (answer.status !== status)
    throw new Error(`the server answered ${answer.status}: ${answer.body.toString().slice(0, 300)}`);
}

/** One operation each: the place of the client among the clients, and how many operations went before. */
const loads = {
  "create-config-maps": async (connection: Connection, at: number) =>
    expect(await connection.request("POST", maps, configMap(`map-${at}`)), 201),
  "create-pods": async (connection: Connection, at: number) =>
    expect(await connection.request("POST", pods, pod(`pod-${at}`, `node-${at}`)), 201),
  "create-events": async (connection: Connection, at: number) =>
    expect(await connection.request("POST", events, event(`pod-${at % podCount}.${at}`, at)), 201),
  "get-pods": async (connection: Connection, at: number) =>
    expect(await connection.request("GET", `${pods}/pod-${(at * 7919) % podCount}`), 200),
  "get-pods-http2": async (_connection: Connection, at: number) => {
    if (session === undefined) throw new Error("no session is open");
    expect(await session.request("GET", `${pods}/pod-${(at * 7919) % podCount}`), 200);
  },
  "patch-labels": async (connection: Connection, at: number) =>
    expect(
      await connection.request(
        "PATCH",
        `${pods}/pod-${(at * 7919) % podCount}`,
        `{"metadata":{"labels":{"round":"${at}"}}}`,
        mergePatch,
      ),
      200,
    ),
  "patch-statuses": async (connection: Connection, at: number) =>
    expect(
      await connection.request(
        "PATCH",
        `${pods}/pod-${(at * 7919) % podCount}/status`,
        podStatus(at),
        strategicPatch,
      ),
      200,
    ),
  "put-pods": async (connection: Connection, at: number) => {
    const path = `${pods}/pod-${(at * 7919) % podCount}`;
    const { body } = await connection.request("GET", path);
    const changed = body.toString().replace(/"labels":\{/, `"labels":{"put-${at % 2}":"yes",`);
    expect(await connection.request("PUT", path, changed), 200);
  },
  "renew-leases": async (connection: Connection, at: number) => {
    const place = (at * 7919) % 1000;
    const name = `node-${place}`;
    const last = renewed.get(place);
    const answer =
      last === undefined
        ? await connection.request("POST", leases, lease(name))
        : await connection.request(
            "PUT",
            `${leases}/${name}`,
            last.replace(
              /"renewTime":"[^"]*"/,
              `"renewTime":"${new Date(1.7e12 + at).toISOString().replace("Z", "000Z")}"`,
            ),
          );
    expect(answer, last === undefined ? 201 : 200);
    renewed.set(place, answer.body.toString());
  },
} as const;

async function load(kind: LoadKind, millis: number | undefined): Promise<LoadResult> {
  const begun = performance.now();
  const first = count;
  // A load that is bounded by number and not by time: what others look at is then known.
  const upTo = kind === "create-pods" ? podCount : Infinity;
  if (kind === "create-pods") count = 0;
  await Promise.all(
    connections.map(async (connection) => {
      while (performance.now() - begun < (millis ?? Infinity) && count < upTo)
        await loads[kind](connection, count++);
    }),
  );
  const operations = kind === "create-pods" ? count : count - first;
  return { operations, millis: performance.now() - begun };
}

async function list(path: string, times: number): Promise<LoadResult> {
  const [connection] = connections;
  const each: number[] = [];
  let bytes = 0;
  const begun = performance.now();
  for (let at = 0; at < times && connection !== undefined; at++) {
    const start = performance.now();
    const answer = await connection.request("GET", path);
    each.push(performance.now() - start);
    expect(answer, 200);
    bytes = answer.body.length;
  }
  return { operations: times, millis: performance.now() - begun, each, bytes };
}

const watched = (kind: WatchKind, at: number, version: string): string =>
  kind === "all"
    ? `${maps}?watch=1&allowWatchBookmarks=true&resourceVersion=${version}`
    : `/api/v1/pods?watch=1&allowWatchBookmarks=true&resourceVersion=${version}&fieldSelector=spec.nodeName%3Dnode-${at}`;

/** Where a client that has just listed would begin. */
async function newestVersion(): Promise<string> {
  const answer = await connections[0]?.request("GET", `${maps}?limit=1`);
  return /"resourceVersion":"(\d+)"/.exec(answer?.body.toString() ?? "")?.[1] ?? "";
}

type Watch = Extract<Order, { do: "watch" }>;

async function watch({ kind, over, watchers }: Watch): Promise<LoadResult> {
  const at = endpoint;
  if (at === undefined) throw new Error("no connection is open");
  const version = await newestVersion();
  const shared = over === "http/2" ? await openSession(at) : undefined;
  if (shared !== undefined) watching.push(shared);
  watcherCount = watchers;
  const begun = performance.now();
  for (let first = 0; first < watchers; first += 50)
    await Promise.all(
      Array.from({ length: Math.min(50, watchers - first) }, async (_, place) => {
        const connection = shared ?? (await openConnection(at));
        await connection.watch(watched(kind, first + place, version), (found) => (seen += found));
        if (shared === undefined) watching.push(connection);
      }),
    );
  return { operations: watchers, millis: performance.now() - begun };
}

/** Resolves once every watcher was told of everything. */
async function fanOut(kind: WatchKind, changes: number): Promise<LoadResult> {
  const perChange = kind === "all" ? watcherCount : 1;
  const base = seen;
  const first = count;
  count += changes;
  const begun = performance.now();
  let next = first;
  await Promise.all(
    connections.map(async (connection) => {
      for (let at = next++; at < first + changes; at = next++)
        if (kind === "all")
          expect(await connection.request("POST", maps, configMap(`watched-${at}`, { watched: "yes" })), 201);
        else
          expect(
            await connection.request(
              "PATCH",
              `${pods}/pod-${at % watcherCount}/status`,
              podStatus(at),
              strategicPatch,
            ),
            200,
          );
    }),
  );
  while (seen - base < changes * perChange) await new Promise((resolve) => setTimeout(resolve, 1));
  return { operations: seen - base, millis: performance.now() - begun };
}

async function open(kubeconfig: string, clients: number): Promise<LoadResult> {
  const { server, ca, cert, key } = await loadKubeconfig(realFiles, kubeconfig);
  const { hostname, port } = new URL(server);
  const secureContext = createSecureContext({ ca, cert, key });
  const at: Endpoint = { host: hostname, port: Number(port), secureContext };
  endpoint = at;
  connections = await Promise.all(Array.from({ length: clients }, () => openConnection(at)));
  session = await openSession(at);
  const [connection] = connections;
  await connection?.request("POST", "/api/v1/namespaces", table.namespace);
  return { operations: clients, millis: 0 };
}

async function perform(order: Order): Promise<LoadResult> {
  if (order.do === "open") return open(order.kubeconfig, order.clients);
  if (order.do === "load") return load(order.kind, order.millis);
  if (order.do === "list") return list(order.path, order.times);
  if (order.do === "watch") return watch(order);
  if (order.do === "fan-out") return fanOut(order.kind, order.changes);
  for (const connection of watching) connection.close();
  watching = [];
  return { operations: 0, millis: 0 };
}

process.on("message", (order: Order) => {
  perform(order).then(
    (result) => process.send?.(result),
    (thrown: unknown) => {
      console.error(thrown);
      process.exit(1);
    },
  );
});
process.on("disconnect", () => process.exit(0));
