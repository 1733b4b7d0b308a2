// Owns a DaemonSet controller over a small API server in memory, with a stand-in for scheduler and kubelet, on a virtual clock.
import { createFakeApi, type FakeApi } from "../../client/fake-api.fixture.ts";
import type { Informers } from "../../client/client.ts";
import { createInformers } from "../../client/informer.ts";
import { createClient } from "../../client/kube-client.ts";
import type { Draft } from "../../model/meta.ts";
import type { DaemonSet, Node, Pod } from "../../model/generated/types.ts";
import { daemonSet as setKind } from "../../model/kinds/daemon-set.ts";
import { node as nodeKind } from "../../model/kinds/node.ts";
import { pod as podKind } from "../../model/kinds/pod.ts";
import type { ApiRequest, Transport } from "../../model/wire.ts";
import { targetNodeOf } from "../../model/placement.ts";
import { formatTime } from "../../model/time.ts";
import { silentLog } from "../../world/log.ts";
import { seededRandom } from "../../world/random.ts";
import { VirtualClock } from "../../world/virtual-clock.ts";
import { makeNode, makeSet, noon, type NodeTraits, type SetTraits } from "./cluster.fixture.ts";
import { startDaemonSetController } from "./daemonset-controller.ts";

/** One pass of scheduler and kubelets; tells whether anything was left to do. */
function tend(api: FakeApi, now: string): boolean {
  let changed = false;
  for (const pod of api.all(podKind)) {
    const phase = pod.status?.phase;
    const ready = pod.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True");
    if (pod.metadata.deletionTimestamp !== undefined) {
      api.remove(podKind, `${pod.metadata.namespace}/${pod.metadata.name}`);
      changed = true;
    } else if (ready !== true && phase !== "Failed" && phase !== "Succeeded") {
      api.put(podKind, servingOn(pod, targetNodeOf(pod) ?? "", now));
      changed = true;
    }
  }
  return changed;
}

const servingOn = (pod: Pod, nodeName: string, now: string): Pod => ({
  ...pod,
  spec: { containers: [], ...pod.spec, nodeName },
  status: { phase: "Running", conditions: [{ type: "Ready", status: "True", lastTransitionTime: now }] },
});

export class ControllerWorld {
  readonly clock = new VirtualClock(noon);
  readonly api: FakeApi = createFakeApi(this.clock);
  /** `type reason message`, in order. */
  readonly events: string[] = [];
  /** A request that it gives a promise for comes to the server once that has resolved. */
  hold: ((request: ApiRequest) => Promise<unknown> | undefined) | undefined;
  private stopping = new AbortController();
  private running: Promise<void> = Promise.resolve();
  private informers: Informers;

  constructor() {
    this.informers = this.start();
  }

  addNode(name: string, traits?: NodeTraits): Node {
    return this.api.put(nodeKind, makeNode(name, traits));
  }

  putSet(traits: SetTraits, generation = 1): DaemonSet {
    const made = makeSet(traits);
    const old = this.api.get(setKind, `default/${made.metadata.name}`);
    const { uid: _uid, resourceVersion: _version, ...metadata } = made.metadata;
    const draft: Draft<DaemonSet> = {
      ...made,
      metadata: { ...metadata, generation },
      ...(old?.status === undefined ? {} : { status: old.status }),
    };
    return this.api.put(setKind, draft);
  }

  set(name = "rng"): DaemonSet | undefined {
    return this.api.get(setKind, `default/${name}`);
  }

  pods(): readonly Pod[] {
    return this.api.all(podKind);
  }

  /** `name@node`, without the derived suffix of names: `rng@a`. */
  spread(): readonly string[] {
    return this.pods()
      .map((pod) => `${pod.metadata.name.replace(/-[^-]*$/, "")}@${targetNodeOf(pod) ?? "?"}`)
      .sort();
  }

  /** Binds what is unbound, makes Ready what is bound, lets go what is leaving; until nothing changes. */
  async converge(): Promise<void> {
    do await this.quiet();
    while (tend(this.api, formatTime(this.clock.now())));
  }

  /** Lets the controller work until it asks nothing more. */
  async quiet(): Promise<void> {
    for (let calm = 0, last = -1; calm < 4;) {
      await this.clock.advanceAsync(30);
      calm = this.api.requests.length === last ? calm + 1 : 0;
      last = this.api.requests.length;
    }
  }

  async restart(): Promise<void> {
    await this.stop();
    this.informers = this.start();
    await this.quiet();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    this.informers.stop();
    await this.running;
  }

  private held(transport: Transport): Transport {
    return {
      ...transport,
      request: async (request) => {
        await this.hold?.(request);
        return transport.request(request);
      },
    };
  }

  private start(): Informers {
    const { api, clock } = this;
    this.stopping = new AbortController();
    const informers = createInformers({
      transport: api.transport,
      clock,
      random: seededRandom(1),
      log: silentLog,
    });
    this.running = startDaemonSetController({
      client: createClient(this.held(api.transport)),
      informers,
      clock,
      log: silentLog,
      recorder: {
        event: (_about, type, reason, message) => this.events.push(`${type} ${reason} ${message}`),
        flush: () => Promise.resolve(),
      },
      signal: this.stopping.signal,
    });
    return informers;
  }
}
