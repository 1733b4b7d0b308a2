// Owns the tests of a pod's status on its way to an API server that refuses it.
import { expect, test } from "vitest";
import { createFakeApi } from "../../client/fake-api.fixture.ts";
import { createClient } from "../../client/kube-client.ts";
import type { Pod } from "../../model/generated/types.ts";
import { pod as podKind } from "../../model/kinds/pod.ts";
import type { Transport } from "../../model/wire.ts";
import { silentLog } from "../../world/log.ts";
import { VirtualClock } from "../../world/virtual-clock.ts";
import { StatusWriter } from "./status-writer.ts";

const refusedWith = (code: number) => ({
  status: code,
  body: { kind: "Status", apiVersion: "v1", status: "Failure", code, message: "cannot write to the store" },
});

/** How often the write was sent, and what came of it. */
async function written(codes: readonly number[]): Promise<{ puts: number; phase: string | undefined }> {
  const clock = new VirtualClock();
  const api = createFakeApi(clock);
  const pod = api.put<Pod>(podKind, {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "a", namespace: "default" },
    spec: { containers: [] },
    status: { phase: "Pending" },
  });
  let puts = 0;
  const transport: Transport = {
    request: (request) => {
      if (request.method !== "PUT") return api.transport.request(request);
      const code = codes[puts++];
      return code === undefined ? api.transport.request(request) : Promise.resolve(refusedWith(code));
    },
    watch: (request, signal) => api.transport.watch(request, signal),
  };
  const { signal } = new AbortController();
  const options = { client: createClient(transport), clock, log: silentLog, delay: () => 10, signal };
  const writer = new StatusWriter(pod, () => ({ phase: "Running" }), options);
  writer.request();
  await clock.advanceAsync(60_000);
  return { puts, phase: api.get<Pod>(podKind, "default/a")?.status?.phase };
}

test.each([
  ["what the server cannot do now is tried again: a full disk", [500, 500], { puts: 3, phase: "Running" }],
  ["so is what it has no time for", [429], { puts: 2, phase: "Running" }],
  ["what is wrong with the request is not", [422], { puts: 1, phase: "Pending" }],
] as const)("%s", async (_name, codes, expected) => {
  expect(await written(codes)).toEqual(expected);
});

test.each([
  ["is not written again", "Running", 0],
  ["is written where it changed", "Pending", 1],
] as const)("a status that a server tells more fully %s", async (_name, phase, expected) => {
  const clock = new VirtualClock();
  const api = createFakeApi(clock);
  const container = {
    name: "c",
    ready: true,
    restartCount: 0,
    image: "i",
    imageID: "i",
    state: { running: {} },
  };
  const ready = { type: "Ready", status: "True" };
  const told = {
    phase,
    conditions: [{ ...ready, lastProbeTime: null }],
    containerStatuses: [{ ...container, lastState: {} }],
  };
  const pod = api.put(podKind, {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "a", namespace: "default" },
    spec: { containers: [] },
    // As JSON has it, where types have no null.
    status: told as unknown as NonNullable<Pod["status"]>,
  });
  const { signal } = new AbortController();
  const options = { client: createClient(api.transport), clock, log: silentLog, delay: () => 10, signal };
  const status = { phase: "Running", conditions: [ready], containerStatuses: [container] };
  new StatusWriter(pod, () => status, options).request();
  await clock.advanceAsync(60_000);
  expect(api.requests.filter(({ method }) => method === "PUT")).toHaveLength(expected);
});
