// Owns what a controller's test stands on: a virtual clock, an API server in memory, and the ports over it.
import { createFakeApi, type FakeApi } from "../client/fake-api.fixture.ts";
import { createEventRecorder } from "../client/event-recorder.ts";
import { createInformers } from "../client/informer.ts";
import { createClient } from "../client/kube-client.ts";
import type { Millis } from "../lib/units.ts";
import type { Node, Pod, PodSpec } from "../model/generated/types.ts";
import { event } from "../model/kinds/event.ts";
import { node } from "../model/kinds/node.ts";
import { pod } from "../model/kinds/pod.ts";
import type { Meta } from "../model/meta.ts";
import { silentLog } from "../world/log.ts";
import { seededRandom } from "../world/random.ts";
import { VirtualClock } from "../world/virtual-clock.ts";
import type { ControllerPorts, Running } from "./run-controller.ts";

export interface Rig {
  readonly clock: VirtualClock;
  readonly api: FakeApi;
  /** New ports over the same server, as after a restart. */
  ports(): ControllerPorts & { stop(): void };
  pass(time: Millis): Promise<void>;
  reasons(): readonly (string | undefined)[];
  putNode(name: string, more?: Partial<Pick<Node, "spec" | "status">>): Node;
  putPod(name: string, nodeName: string | undefined, more?: PodMore): Pod;
}

interface PodMore {
  readonly spec?: Partial<PodSpec>;
  readonly status?: Pod["status"];
  readonly metadata?: Partial<Meta>;
}

export function createRig(): Rig {
  const clock = new VirtualClock();
  const api = createFakeApi(clock);
  return {
    clock,
    api,
    ports() {
      const abort = new AbortController();
      const { transport } = api;
      const random = seededRandom(7);
      const client = createClient(transport);
      const informers = createInformers({ transport, clock, random, log: silentLog });
      const recorder = createEventRecorder({ client, clock, random, log: silentLog, component: "test" });
      const stop = () => {
        abort.abort();
        informers.stop();
      };
      return { client, informers, clock, random, log: silentLog, recorder, signal: abort.signal, stop };
    },
    pass: (time) => clock.advanceAsync(time),
    reasons: () => api.all(event).map((told) => told.reason),
    putNode: (name, more = {}) =>
      api.put<Node>(node, { apiVersion: "v1", kind: "Node", metadata: { name }, ...more }),
    putPod: (name, nodeName, { spec, status, metadata } = {}) =>
      api.put<Pod>(pod, {
        apiVersion: "v1",
        kind: "Pod",
        metadata: { name, namespace: "default", ...metadata },
        spec: { containers: [], nodeName, ...spec },
        status,
      }),
  };
}

/** Starts a controller over the rig and lets it take in what is there. */
export async function running<P extends ControllerPorts & { stop(): void }>(
  rig: Rig,
  ports: P,
  start: (ports: P) => Running,
): Promise<{ stop(): Promise<void> }> {
  const { ended } = start(ports);
  await rig.pass(0);
  return {
    stop: async () => {
      ports.stop();
      await ended;
    },
  };
}
