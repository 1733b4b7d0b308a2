// Owns a control plane without sockets and a stand-in for its kubelets, which answers each pod with one status or one deletion.
import { authorize } from "../src/apiserver/authorization/authorize.ts";
import { createPipeline } from "../src/apiserver/pipeline.ts";
import { createSystemObjects } from "../src/apiserver/registry/system-objects.ts";
import type { Client } from "../src/client/client.ts";
import { createEventRecorder } from "../src/client/event-recorder.ts";
import { inProcessTransport } from "../src/client/in-process-transport.ts";
import { createInformers } from "../src/client/informer.ts";
import { createClient } from "../src/client/kube-client.ts";
import { startDaemonSetController } from "../src/controllers/daemonset/daemonset-controller.ts";
import { startGarbageController } from "../src/controllers/garbage/garbage-controller.ts";
import { startNodeLifecycleController } from "../src/controllers/node/node-lifecycle-controller.ts";
import { startPodCollectionController } from "../src/controllers/node/pod-collection-controller.ts";
import { startTaintEvictionController } from "../src/controllers/node/taint-eviction-controller.ts";
import type { ControllerPorts } from "../src/controllers/run-controller.ts";
import { minutes } from "../src/lib/units.ts";
import { controllerManagerCaller, schedulerCaller } from "../src/main/components.ts";
import type { DaemonSet, Node, Pod } from "../src/model/generated/types.ts";
import { daemonSet } from "../src/model/kinds/daemon-set.ts";
import { kinds } from "../src/model/kinds/kinds.ts";
import { node as nodeKind } from "../src/model/kinds/node.ts";
import { pod as podKind } from "../src/model/kinds/pod.ts";
import type { Draft } from "../src/model/meta.ts";
import type { Caller, Transport } from "../src/model/wire.ts";
import { startScheduler } from "../src/scheduler/scheduler.ts";
import { createMemoryStore } from "../src/store/memory-store.ts";
import { lineLog } from "../src/world/log.ts";
import { realRandom as random } from "../src/world/random.ts";
import { realClock as clock } from "../src/world/real-clock.ts";

export interface InProcessCluster {
  register(nodes: number): Promise<void>;
  /** Creates the set or gives it another image; resolves once every node has its pod Ready. */
  apply(image: string): Promise<void>;
  /** Resolves once every pod is gone. */
  remove(): Promise<void>;
  stop(): Promise<void>;
}

const namespace = "default";
const name = "bench-agent";
const log = lineLog(clock, (line) => process.stderr.write(line), "error");
const atOnce = 64;

const nodes: Caller = { name: "system:admin", groups: ["system:masters"], agent: "nodes" };

const setOf = (image: string): Draft<DaemonSet> => ({
  apiVersion: "apps/v1",
  kind: "DaemonSet",
  metadata: { name, namespace },
  spec: {
    selector: { matchLabels: { app: name } },
    updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: "10%" } },
    template: {
      metadata: { labels: { app: name } },
      spec: {
        containers: [{ name: "agent", image, resources: { requests: { cpu: "10m", memory: "16Mi" } } }],
      },
    },
  },
});

const nodeOf = (at: number): Draft<Node> => ({
  apiVersion: "v1",
  kind: "Node",
  metadata: { name: `node-${at}`, labels: { "kubernetes.io/hostname": `node-${at}` } },
  spec: {},
  status: {
    capacity: { cpu: "4", memory: "8Gi", pods: "110" },
    allocatable: { cpu: "4", memory: "8Gi", pods: "110" },
    conditions: [{ type: "Ready", status: "True" }],
  },
});

/** So many at a time, as so many kubelets would. */
async function inParallel<T>(items: Iterable<T>, work: (item: T) => Promise<void>): Promise<void> {
  const left = items[Symbol.iterator]();
  const worker = async (): Promise<void> => {
    for (let next = left.next(); next.done !== true; next = left.next()) await work(next.value);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

/** Answers for all kubelets at once, and counts. */
class Kubelets {
  private readonly client: Client;
  private readonly ready = new Map<string, string>();
  private readonly present = new Set<string>();
  private readonly answered = new Map<string, "ready" | "gone">();
  private readonly byImage = new Map<string, number>();
  private readonly waiting: Pod[] = [];
  private working = 0;
  private watched: { readonly holds: () => boolean; readonly done: () => void } | undefined;

  constructor(transport: Transport, signal: AbortSignal) {
    this.client = createClient(transport);
    this.follow(transport, signal).catch((thrown: unknown) => {
      if (!signal.aborted) throw thrown;
    });
  }

  until(holds: () => boolean): Promise<void> {
    return holds() ? Promise.resolve() : new Promise((done) => (this.watched = { holds, done }));
  }

  readyOf(image: string): number {
    return this.byImage.get(image) ?? 0;
  }

  get total(): number {
    return this.present.size;
  }

  private async follow(transport: Transport, signal: AbortSignal): Promise<void> {
    const query = { resourceVersion: "0", timeoutSeconds: "3600" };
    for await (const batch of transport.watch({ method: "GET", path: "/api/v1/pods", query }, signal)) {
      for (const event of batch)
        if (event.type === "DELETED") this.gone(event.object);
        else if (event.type === "ADDED" || event.type === "MODIFIED") this.seen(event.object);
      if (this.watched?.holds() === true) {
        this.watched.done();
        this.watched = undefined;
      }
    }
    if (!signal.aborted) throw new Error("the watch over the pods ended");
  }

  private count(uid: string, image: string | undefined): void {
    const before = this.ready.get(uid);
    if (before === image) return;
    if (before !== undefined) this.byImage.set(before, (this.byImage.get(before) ?? 0) - 1);
    if (image === undefined) this.ready.delete(uid);
    else {
      this.ready.set(uid, image);
      this.byImage.set(image, (this.byImage.get(image) ?? 0) + 1);
    }
  }

  private gone({ metadata: { uid } }: Pod): void {
    this.present.delete(uid);
    this.answered.delete(uid);
    this.count(uid, undefined);
  }

  private seen(pod: Pod): void {
    const { uid, deletionTimestamp } = pod.metadata;
    this.present.add(uid);
    const isReady = pod.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True");
    this.count(
      uid,
      isReady === true && deletionTimestamp === undefined ? pod.spec?.containers[0]?.image : undefined,
    );
    const due = deletionTimestamp !== undefined ? "gone" : "ready";
    if (pod.spec?.nodeName === undefined || this.answered.get(uid) === due) return;
    this.answered.set(uid, due);
    this.waiting.push(pod);
    if (this.working < atOnce) void this.work();
  }

  private async work(): Promise<void> {
    this.working += 1;
    for (let pod = this.waiting.pop(); pod !== undefined; pod = this.waiting.pop()) await this.answer(pod);
    this.working -= 1;
  }

  private async answer(pod: Pod): Promise<void> {
    const { name: podName, uid, deletionTimestamp } = pod.metadata;
    const ref = { name: podName, namespace };
    if (deletionTimestamp !== undefined) {
      await this.client.of(podKind).delete(ref, { uid, graceSeconds: 0 });
      return;
    }
    const now = new Date(clock.now()).toISOString().replace(/\.\d+/, "");
    const types = ["PodScheduled", "Initialized", "ContainersReady", "Ready"];
    const conditions = types.map((type) => ({ type, status: "True", lastTransitionTime: now }));
    const status = { phase: "Running", startTime: now, conditions };
    await this.client.of(podKind).patch(ref, "merge", { metadata: { uid }, status }, "status");
  }
}

function startComponents(as: (caller: Caller) => Transport, signal: AbortSignal): Promise<unknown> {
  const portsOf = (caller: Caller, component: string): ControllerPorts => {
    const transport = as(caller);
    const client = createClient(transport);
    const informers = createInformers({ transport, clock, random, log });
    signal.addEventListener("abort", () => informers.stop(), { once: true });
    const recorder = createEventRecorder({ client, clock, random, log, component });
    return { client, informers, clock, random, log, signal, recorder };
  };
  const ports = portsOf(controllerManagerCaller, "controller-manager");
  // Nobody renews 100,000 leases here: silence counts only after the measurement.
  const graces = { silence: minutes(600), startup: minutes(600) };
  return Promise.all([
    startDaemonSetController(ports),
    startNodeLifecycleController({ ...ports, graces }).ended,
    startTaintEvictionController(ports).ended,
    startPodCollectionController(ports).ended,
    startGarbageController({ ...ports, kinds }).ended,
    startScheduler(portsOf(schedulerCaller, "default-scheduler")),
  ]);
}

/** Everything that decides is the product's own; the disk is memory, and the kubelets are one stand-in. */
export async function createInProcessCluster(): Promise<InProcessCluster> {
  const store = createMemoryStore({ clock });
  const pipeline = await createPipeline({ store, kinds, clock, random, log, authorize });
  await createSystemObjects(pipeline.registry);
  const as = (caller: Caller): Transport => inProcessTransport(pipeline, caller);
  const ending = new AbortController();
  const components = startComponents(as, ending.signal);
  const kubelets = new Kubelets(as(nodes), ending.signal);
  const client = createClient(as(nodes));
  let count = 0;
  return {
    async register(wanted) {
      await inParallel(Array.from({ length: wanted }, (_, at) => at).values(), async (at) => {
        const { is } = await client.of(nodeKind).create(nodeOf(at));
        if (is !== "ok") throw new Error(`cannot register node-${at}: ${is}`);
      });
      count = wanted;
    },
    async apply(image) {
      const created = await client.of(daemonSet).create(setOf(image));
      if (created.is === "exists") {
        const { spec } = setOf(image);
        await client.of(daemonSet).patch({ name, namespace }, "merge", { spec });
      }
      await kubelets.until(() => kubelets.readyOf(image) === count && kubelets.total === count);
    },
    async remove() {
      await client.of(daemonSet).delete({ name, namespace });
      await kubelets.until(() => kubelets.total === 0);
    },
    async stop() {
      ending.abort();
      await components;
      await pipeline.stop();
      await store.close();
    },
  };
}
