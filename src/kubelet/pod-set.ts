// Owns the pods on this node: a worker for each, from the first word of a source to the last container gone.
import type { Node, Pod } from "../model/generated/types.ts";
import { wordsOf } from "../world/log.ts";
import type { Pressure } from "./eviction/step-pressure.ts";
import { placementVerdict, pressureVerdict, shutdownVerdict, supportVerdict } from "./admission.ts";
import { labelOf, annotationOf } from "./containers/container-config.ts";
import type { NodeFacts } from "./life/plan-status.ts";
import { adoptPod, isOver, recallPod } from "./life/step-adopt.ts";
import { refusePod, startPod } from "./life/step-pod.ts";
import type { PodStep, Verdict } from "./life/step-pod-types.ts";
import type { KubeletConfig } from "./settings.ts";
import type { DesiredChange, DesiredPods } from "./sources/desired-pods.ts";
import { hashIn, isStatic, sourceIn } from "./sources/source.ts";
import { foundPodOf, listRuntimePods, type RuntimePod } from "./work/observe.ts";
import { stubbornly, type Tools } from "./work/perform.ts";
import { PodWorker, type WorkerOptions } from "./work/pod-worker.ts";
import { Starts } from "./work/starts.ts";

export interface PodSetOptions {
  readonly tools: Tools;
  readonly facts: NodeFacts;
  readonly config: KubeletConfig;
  /** As the API has it, or as this kubelet would put it there. */
  readonly node: () => Node;
  readonly isRegistered: () => boolean;
  readonly desired: () => DesiredPods;
  /** What the node is short of. */
  readonly pressures: () => readonly Pressure[];
  readonly isShuttingDown: () => boolean;
  /** A pod is at work now. */
  readonly began: (pod: Pod) => void;
}

const keyOf = (pod: Pod): string => `${pod.metadata.namespace ?? ""}/${pod.metadata.name}`;
const keyOfFound = ({ sandboxes: [sandbox] }: RuntimePod): string =>
  `${sandbox?.pod.namespace ?? ""}/${sandbox?.pod.name ?? ""}`;
const sourceOfFound = (pod: RuntimePod) => sourceIn(pod.sandboxes[0]?.annotations);

/** Under one UID that a person gave, a static pod's file may come to hold another pod. */
const isSame = (pod: Pod, found: RuntimePod): boolean =>
  pod.metadata.uid === found.uid &&
  (!isStatic(pod) || hashIn(pod.metadata.annotations) === hashIn(found.sandboxes[0]?.annotations));

/** As told by the sandbox, for pods nobody wants any more: seconds. */
const graceOf = (pod: RuntimePod): number =>
  Number(pod.sandboxes[0]?.annotations[annotationOf.podGrace] ?? "30") || 0;

export class PodSet {
  private readonly options: PodSetOptions;
  private readonly workers = new Map<string, PodWorker>();
  /** UIDs by `namespace/name`: a name's second pod waits for the first to be gone. */
  private readonly names = new Map<string, string>();
  private readonly held = new Map<string, { readonly pod: Pod; readonly inApi: boolean }>();
  /** The API's pods that came before the node's own object did. */
  private readonly unweighed = new Map<string, Pod>();
  /** Workers whose pods end: a pod of the same UID that comes back waits for that. */
  private readonly leaving = new Set<string>();
  private found = new Map<string, RuntimePod>();
  /** Being removed, by UID: their names are taken until they are gone. */
  private readonly orphans = new Map<string, string>();

  private readonly starts: Starts;
  /** What a worker is made with, for pods of the API and of other sources. */
  private readonly forApi: WorkerOptions;
  private readonly forOthers: WorkerOptions;

  constructor(options: PodSetOptions) {
    this.options = options;
    this.starts = new Starts(options.tools.clock);
    this.forApi = {
      tools: options.tools,
      facts: options.facts,
      starts: this.starts,
      inApi: true,
      statusDelay: options.config.statusDelay ?? 10,
      refreshPeriod: options.config.refreshPeriod ?? 60_000,
      gone: (gone) => this.forget(gone),
    };
    this.forOthers = { ...this.forApi, inApi: false };
  }

  get all(): Iterable<PodWorker> {
    return this.workers.values();
  }

  numbered(uid: string): PodWorker | undefined {
    return this.workers.get(uid);
  }

  named(namespace: string, name: string): PodWorker | undefined {
    return this.workers.get(this.names.get(`${namespace}/${name}`) ?? "");
  }

  /** What the runtime has before any source has spoken. */
  async takeStock(): Promise<void> {
    this.found = new Map(await this.listRuntime());
  }

  private listRuntime(): Promise<ReadonlyMap<string, RuntimePod>> {
    const { runtime, lastWords } = this.options.tools;
    return listRuntimePods(runtime, lastWords);
  }

  change(change: DesiredChange): void {
    if (change.is === "wanted") return this.want(change.pod, change.source === "api");
    this.held.delete(change.uid);
    this.unweighed.delete(change.uid);
    this.dismiss(change.uid);
  }

  private dismiss(uid: string): void {
    const worker = this.workers.get(uid);
    if (worker === undefined) return;
    this.leaving.add(uid);
    worker.dismiss();
  }

  /** A source has spoken: what the runtime has of it beyond that belongs to nobody. */
  sourceReady(): void {
    for (const [uid, pod] of this.found) {
      if (!this.options.desired().isReady(sourceOfFound(pod))) continue;
      this.found.delete(uid);
      if (!this.workers.has(uid)) this.removeOrphan(pod);
    }
    if (!this.options.desired().allReady) return;
    this.sweepFolders().catch((thrown: unknown) => {
      this.options.tools.log.warn("cannot sweep left folders, the next start tries again", {
        error: wordsOf(thrown),
      });
    });
  }

  /** Folders of pods that ended while no kubelet looked. */
  private async sweepFolders(): Promise<void> {
    const { files, node, volumes } = this.options.tools;
    const isLeft = (uid: string) =>
      !this.workers.has(uid) && !this.options.desired().has(uid) && !this.orphans.has(uid);
    for (const uid of (await files.list(`${this.options.config.rootDir}/pods`)) ?? [])
      if (isLeft(uid)) await volumes.remove(uid);
    for (const folder of (await files.list(node.podLogsDir)) ?? []) {
      const uid = /^[^_]+_[^_]+_([^_]+)$/.exec(folder)?.[1];
      if (uid !== undefined && isLeft(uid)) await files.remove(`${node.podLogsDir}/${folder}`);
    }
  }

  /** The runtime reports something of a pod's container, or of its sandbox. Whether a listing may tell more. */
  look(podUid: string, containerId: string | undefined): boolean {
    const worker = this.workers.get(podUid);
    if (worker === undefined) return false;
    // Of one that is over nothing is believed that a listing could correct: its sandbox goes because it is being cleared away.
    if (containerId === undefined) return !worker.isOver;
    worker.look(containerId).catch(this.notRead);
    return false;
  }

  private readonly notRead = (thrown: unknown): void => {
    this.options.tools.log.debug("runtime not read, the next listing will tell", { error: wordsOf(thrown) });
  };

  /** Compares everything with the runtime, in case an event was missed. */
  async relist(): Promise<void> {
    const believed = Array.from(this.workers.values(), (worker) => ({ worker, believed: worker.believed }));
    const pods = await this.listRuntime();
    for (const { worker, believed: before } of believed)
      worker.compare(before, pods.get(worker.pod.metadata.uid));
    const desired = this.options.desired();
    for (const [uid, pod] of pods)
      if (!this.workers.has(uid) && !desired.has(uid) && desired.isReady(sourceOfFound(pod)))
        this.removeOrphan(pod);
  }

  /** The node stands in the API: pods that waited to be weighed against it are taken up. */
  nodeKnown(): void {
    const waiting = Array.from(this.unweighed.values());
    this.unweighed.clear();
    for (const pod of waiting) this.want(pod, true);
  }

  stop(): void {
    this.starts.stop();
    for (const worker of this.workers.values()) worker.stop();
  }

  private want(pod: Pod, inApi: boolean): void {
    const { uid } = pod.metadata;
    const known = this.workers.get(uid);
    if (known !== undefined) {
      const isOther =
        isStatic(pod) && hashIn(known.pod.metadata.annotations) !== hashIn(pod.metadata.annotations);
      if (isOther) this.dismiss(uid);
      if (!this.leaving.has(uid)) return known.want(pod);
      // A deletion in the API is told to the worker that carries it out.
      if (inApi) return known.want(pod);
      this.held.set(uid, { pod, inApi });
      return;
    }
    const holder = this.names.get(keyOf(pod));
    if ((holder !== undefined && holder !== uid) || this.isTaken(pod)) {
      this.held.set(uid, { pod, inApi });
      return;
    }
    if (inApi && !this.options.isRegistered() && !this.found.has(uid)) {
      this.unweighed.set(uid, pod);
      return;
    }
    const worker = new PodWorker(this.firstStep(pod), inApi ? this.forApi : this.forOthers);
    this.workers.set(uid, worker);
    this.names.set(keyOf(pod), uid);
    // A pod that arrives already being deleted.
    if (pod.metadata.deletionTimestamp !== undefined) worker.want(pod);
    this.options.began(pod);
  }

  /** Whether the runtime still has another pod of that name: the old one stops before the new one starts. */
  private isTaken(pod: Pod): boolean {
    const key = keyOf(pod);
    for (const taken of this.orphans.values()) if (taken === key) return true;
    for (const found of this.found.values())
      if (keyOfFound(found) === key && !isSame(pod, found)) return true;
    return false;
  }

  private firstStep(pod: Pod): PodStep {
    const now = this.options.tools.clock.now();
    const { uid } = pod.metadata;
    const found = this.found.get(uid);
    this.found.delete(uid);
    const stock = found === undefined ? undefined : foundPodOf(found);
    if (stock !== undefined) return adoptPod(pod, stock, now);
    if (isOver(pod)) return recallPod(pod, now);
    const verdict = this.verdictOn(pod);
    return verdict === undefined ? startPod(pod, now) : refusePod(pod, verdict, now);
  }

  private verdictOn(pod: Pod): Verdict | undefined {
    // A pod that ends without ever having begun needs no place.
    if (pod.metadata.deletionTimestamp !== undefined) return undefined;
    if (this.options.isShuttingDown()) return shutdownVerdict;
    const refused = supportVerdict(pod) ?? pressureVerdict(pod, this.options.pressures());
    if (refused !== undefined) return refused;
    const others = Array.from(this.workers.values())
      .filter(({ state }) => state.is !== "ended" && state.is !== "settling" && state.is !== "gone")
      .map((worker) => worker.pod);
    return placementVerdict(pod, this.options.node(), others);
  }

  private forget(worker: PodWorker): void {
    const { uid } = worker.pod.metadata;
    this.workers.delete(uid);
    this.leaving.delete(uid);
    const key = keyOf(worker.pod);
    if (this.names.get(key) === uid) this.names.delete(key);
    this.release(key);
  }

  /** The name is free: who waits for it may begin. */
  private release(key: string): void {
    for (const [heldUid, { pod, inApi }] of this.held) {
      if (keyOf(pod) !== key) continue;
      this.held.delete(heldUid);
      return this.want(pod, inApi);
    }
  }

  /** Stops and removes what the runtime has of a pod that no source wants. */
  private removeOrphan(pod: RuntimePod): void {
    if (this.orphans.has(pod.uid)) return;
    const key = keyOfFound(pod);
    this.orphans.set(pod.uid, key);
    const { runtime, log, volumes, files, node } = this.options.tools;
    const work = async () => {
      const running = pod.containers.filter(({ state }) => state === "running");
      await Promise.all(running.map(({ id }) => runtime.stopContainer(id, graceOf(pod) * 1000)));
      for (const sandbox of pod.sandboxes) {
        await runtime.stopPodSandbox(sandbox.id);
        await runtime.removePodSandbox(sandbox.id);
      }
      await volumes.remove(pod.uid);
      const { name, namespace } = pod.sandboxes[0]?.pod ?? { name: "", namespace: "" };
      if (name !== "") await files.remove(`${node.podLogsDir}/${namespace}_${name}_${pod.uid}`);
    };
    log.info("removing a pod that no source wants", {
      pod: pod.sandboxes[0]?.labels[labelOf.podName],
      uid: pod.uid,
    });
    stubbornly(this.options.tools, "remove an unwanted pod", work)
      .then(() => {
        this.orphans.delete(pod.uid);
        this.release(key);
      })
      // Only when the kubelet stops.
      .catch(() => undefined);
  }
}
