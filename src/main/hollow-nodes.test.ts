// Owns the proof that hollow nodes are real kubelets: they register, beat, and bring pods bound to them to Ready and away again.
import { expect, it } from "vitest";
import { createFakeApi } from "../client/fake-api.fixture.ts";
import type { Pod } from "../model/generated/types.ts";
import { lease as leaseKind } from "../model/kinds/lease.ts";
import { node as nodeKind } from "../model/kinds/node.ts";
import { pod as podKind } from "../model/kinds/pod.ts";
import type { HttpServerOptions, Network } from "../world/http.ts";
import { silentLog } from "../world/log.ts";
import type { Processes } from "../world/processes.ts";
import { seededRandom } from "../world/random.ts";
import { realFiles } from "../world/real-files.ts";
import { VirtualClock } from "../world/virtual-clock.ts";
import { startHollowNodes } from "./hollow-nodes.ts";

function setUp() {
  const clock = new VirtualClock(Date.parse("2026-01-01T00:00:00Z"));
  const api = createFakeApi(clock);
  const served: HttpServerOptions[] = [];
  const network: Network = {
    client: () => {
      throw new Error("nothing is asked over HTTP");
    },
    serve: async (options) => {
      served.push(options);
      return { host: options.host, port: 4711, close: async () => undefined };
    },
  };
  const noProcesses = new Proxy({} as Processes, {
    get: () => {
      throw new Error("a hollow node starts no process");
    },
  });
  const world = {
    clock,
    random: seededRandom(1),
    files: realFiles,
    network,
    processes: noProcesses,
    log: silentLog,
  };
  return { clock, api, served, world };
}

const isReady = (pod: Pod | undefined): boolean =>
  pod?.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") ?? false;

it("registers every node, runs what is bound to each, and shares port, lists and watches", async () => {
  const { clock, api, served, world } = setUp();
  const nodes = await startHollowNodes(world, {
    transport: api.transport,
    count: 5,
    namePrefix: "h-",
    nodeIp: "127.0.0.1",
    port: 0,
    serving: { cert: "", key: "" },
    clientCa: undefined,
    events: false,
  });
  await clock.advanceAsync(1000);
  await nodes.registered;
  const names = api.all(nodeKind).map(({ metadata }) => metadata.name);
  expect(names.sort()).toEqual(["h-1", "h-2", "h-3", "h-4", "h-5"]);
  expect(api.all(nodeKind).map(({ status }) => status?.daemonEndpoints?.kubeletEndpoint?.Port)).toEqual(
    names.map(() => 4711),
  );
  expect(served).toHaveLength(1);
  for (const node of ["h-2", "h-4"])
    api.put<Pod>(podKind, {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: `on-${node}`, namespace: "default" },
      spec: { nodeName: node, containers: [{ name: "c", image: "agent:1" }] },
    });
  await clock.advanceAsync(2000);
  expect(["h-2", "h-4"].map((node) => isReady(api.get(podKind, `default/on-${node}`)))).toEqual([true, true]);
  await clock.advanceAsync(30_000);
  expect(api.all(leaseKind)).toHaveLength(5);
  const lists = api.requests.filter(({ method, path }) => method === "GET" && /\/(pods|nodes)$/.test(path));
  expect(lists.map(({ path }) => path).sort()).toEqual(["/api/v1/nodes", "/api/v1/pods"]);
  await nodes.stop();
});
