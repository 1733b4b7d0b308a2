// Owns the kubelet: one node's agent, from its sources of pods to its runtime and its place in the API.
import type { Informer, Informers } from "../client/client.ts";
import type { Pod } from "../model/generated/types.ts";
import { node as nodeKind } from "../model/kinds/node.ts";
import { pod as podKind } from "../model/kinds/pod.ts";
import { pause } from "../world/clock.ts";
import { wordsOf } from "../world/log.ts";
import type { Whereabouts } from "./containers/fields.ts";
import { LastWords } from "./containers/last-words.ts";
import { createReferences } from "./containers/references.ts";
import { EvictionWatch } from "./eviction/eviction-watch.ts";
import type { NodeFacts } from "./life/plan-status.ts";
import { NodeAgent } from "./node/node-agent.ts";
import { arch, localNode, type NodeFigures } from "./node/plan-node.ts";
import { PodSet } from "./pod-set.ts";
import { serveKubelet, type KubeletServer } from "./server/server.ts";
import type { Kubelet, KubeletOptions } from "./settings.ts";
import { rotateForever } from "./logs/log-rotation.ts";
import { MirrorPods } from "./mirror/mirror-pods.ts";
import { shutDownPods } from "./shutdown/shut-down.ts";
import { createApiSource } from "./sources/api-source.ts";
import { DesiredPods } from "./sources/desired-pods.ts";
import type { PodSource } from "./sources/source.ts";
import { StaticSources } from "./sources/static-sources.ts";
import { Volumes } from "./volumes/volumes.ts";
import type { Tools } from "./work/perform.ts";
import { Prober } from "./work/prober.ts";

export type { Kubelet, KubeletConfig, KubeletOptions } from "./settings.ts";
export { shutdownGraces } from "./shutdown/plan-shutdown.ts";
export { logRotationDefault, type RotationOptions } from "./logs/log-rotation.ts";
export type { StaticPodsConfig } from "./sources/source.ts";
export { accessDefault, type AccessSettings } from "./server/access.ts";
export { createMachine } from "./node/machine.ts";

/** A kubelet at rest. Without client and informers it stands alone and runs what its other sources tell. */
export function createKubelet(options: KubeletOptions): Kubelet {
  return new NodeKubelet(options);
}

class NodeKubelet implements Kubelet {
  readonly registered: Promise<void>;
  private readonly options: KubeletOptions;
  private readonly life = new AbortController();
  private tellRegistered: () => void = () => undefined;
  private server: KubeletServer | undefined;
  private prober: Prober | undefined;
  private pods: PodSet | undefined;
  private desired: DesiredPods | undefined;
  private mirrors: MirrorPods | undefined;
  private readonly statics: StaticSources;
  private tools: Tools | undefined;
  private eviction: EvictionWatch | undefined;
  private shuttingDown: Promise<void> | undefined;
  private agent: NodeAgent | undefined;
  private figures: NodeFigures | undefined;
  private relisting: (() => void) | undefined;
  private background: Promise<unknown>[] = [];

  constructor(options: KubeletOptions) {
    this.options = options;
    this.statics = new StaticSources(options, () => this.agent?.hurry());
    this.registered = new Promise((resolve) => {
      this.tellRegistered = resolve;
    });
  }

  get port(): number {
    return this.server?.port ?? this.options.config.port;
  }

  async start(): Promise<void> {
    const { runtime, log } = this.options;
    const version = await runtime.version();
    const facts: NodeFacts = { hostIp: this.options.config.nodeIp, runtimeName: version.name };
    const tools = this.toolsOf();
    const pods = new PodSet({
      tools,
      facts,
      config: this.options.config,
      node: () => this.agent?.node ?? local,
      pressures: () => this.eviction?.pressures ?? [],
      isShuttingDown: () => this.shuttingDown !== undefined,
      isRegistered: () => this.options.client === undefined || this.agent?.node !== undefined,
      desired: () => desired,
      began: (pod) => this.mirrors?.look(pod),
    });
    const desired: DesiredPods = new DesiredPods(
      [...this.sources(), ...this.statics.sources],
      (change) => {
        pods.change(change);
        this.mirrors?.change(change);
      },
      () => {
        pods.sourceReady();
        this.mirrors?.look();
      },
    );
    this.mirrors = this.mirrorsOf(pods, desired);
    this.pods = pods;
    this.tools = tools;
    this.eviction = this.evictionOf(tools, pods);
    this.desired = desired;
    this.server = await serveKubelet({ ...this.options, pods, runtimeName: version.name });
    this.figures = await this.figuresOf(`${version.name}://${version.version}`);
    const local = localNode(this.figures);
    // Events from before the listing on, so that nothing falls between the two.
    this.background.push(this.followEvents(pods));
    await pods.takeStock();
    this.background.push(this.relistForever(pods), this.joinCluster(desired, pods), this.rotateLogs());
    if (this.eviction !== undefined) this.background.push(this.eviction.run());
    if (this.mirrors !== undefined) this.background.push(this.mirrors.run());
    log.info("kubelet started", { node: this.options.nodeName, port: this.port });
  }

  async stop(): Promise<void> {
    this.desired?.stop();
    this.pods?.stop();
    this.life.abort(new Error("the kubelet stops"));
    await this.server?.close();
    await Promise.allSettled(this.background);
    await this.prober?.close();
  }

  shutDown(): Promise<void> {
    const { tools, pods } = this;
    const graces = this.options.config.shutdownGraces ?? [];
    if (tools === undefined || pods === undefined || graces.length === 0) return Promise.resolve();
    if (this.shuttingDown === undefined) {
      this.shuttingDown = shutDownPods(tools, pods, graces);
      this.agent?.hurry();
    }
    return this.shuttingDown;
  }

  private evictionOf(tools: Tools, pods: PodSet): EvictionWatch | undefined {
    const { config, machine, recorder } = this.options;
    if (config.eviction === undefined) return undefined;
    return new EvictionWatch({
      tools,
      pods,
      machine,
      rootDir: config.rootDir,
      settings: config.eviction,
      node: () => this.agent?.node,
      nodeEvent: (node, reason, message) => recorder?.event(node, "Warning", reason, message),
      changed: () => this.agent?.hurry(),
    });
  }

  private toolsOf(): Tools {
    const { options, life } = this;
    const { nodeName, client, runtime, network, dial, clock, config, files, log, recorder } = options;
    const references = createReferences(client);
    this.prober = new Prober({ runtime, network, dial, grpcHealth: options.grpcHealth, clock });
    const whereabouts = (_pod: Pod, podIps: readonly string[]): Whereabouts => ({
      nodeName,
      hostIp: config.nodeIp,
      podIps,
      allocatable: config.capacity,
    });
    const { rootDir, podLogsDir = "/var/log/pods" } = config;
    const volumes = new Volumes({
      files,
      clock,
      rootDir,
      references,
      mounts: options.mounts,
      whereabouts: (pod) => whereabouts(pod, pod.status?.podIP === undefined ? [] : [pod.status.podIP]),
    });
    return {
      runtime,
      volumes,
      lastWords: new LastWords(files, rootDir),
      prober: this.prober,
      references,
      client,
      clock,
      log,
      files,
      node: { nodeName, podLogsDir, hostIp: config.nodeIp },
      whereabouts,
      event: (pod, type, reason, message) => recorder?.event(pod, type, reason, message),
      signal: life.signal,
    };
  }

  private sources(): readonly PodSource[] {
    const { informers, nodeName, sources = [] } = this.options;
    if (informers === undefined) return sources;
    return [createApiSource(this.podsOf(informers, nodeName)), ...sources];
  }

  private podsOf(informers: Informers, nodeName: string): Informer<Pod> {
    return informers.of(podKind, { fieldSelector: `spec.nodeName=${nodeName}` });
  }

  private mirrorsOf(pods: PodSet, desired: DesiredPods): MirrorPods | undefined {
    const { client, informers, nodeName, clock, log } = this.options;
    if (client === undefined || informers === undefined) return undefined;
    return new MirrorPods({
      client,
      informer: this.podsOf(informers, nodeName),
      pods,
      clock,
      log,
      node: () => this.agent?.node,
      isComplete: () => this.statics.sources.every(({ name }) => desired.isReady(name)),
      signal: this.life.signal,
    });
  }

  private async figuresOf(runtimeVersion: string): Promise<NodeFigures> {
    const { config, machine, nodeName } = this.options;
    const identity = (await machine?.identity()) ?? {
      machineId: nodeName,
      bootId: nodeName,
      systemUuid: nodeName,
      kernelVersion: "",
      osImage: "Everynode hollow node",
    };
    return {
      ...identity,
      nodeName,
      nodeIp: config.nodeIp,
      port: this.port,
      labels: config.labels ?? {},
      taints: config.taints ?? [],
      capacity: config.capacity,
      reserved: config.reserved ?? {},
      maxPods: config.maxPods ?? 110,
      version: config.version ?? "v1.36.0-everynode",
      runtimeVersion,
      architecture: arch(process.arch),
    };
  }

  /** Sources speak once the node is known, so that pods can be weighed against its labels and taints. */
  private async joinCluster(desired: DesiredPods, pods: PodSet): Promise<void> {
    const { client, informers, runtime, machine, clock, random, log, config, nodeName } = this.options;
    if (client === undefined || informers === undefined || this.figures === undefined) return desired.start();
    const { signal } = this.life;
    const agent = new NodeAgent({
      client,
      nodes: informers.of(nodeKind, { fieldSelector: `metadata.name=${nodeName}` }),
      figures: this.figures,
      runtime,
      machine,
      clock,
      random,
      log,
      period: config.heartbeatPeriod ?? 10_000,
      staticPods: () => this.statics.complaints,
      pressures: () => this.eviction?.pressures,
      isShuttingDown: () => this.shuttingDown !== undefined,
      signal,
    });
    this.agent = agent;
    const registering = agent.register();
    // Pods of other sources don't wait for the API, nor do pods that run already.
    desired.start();
    try {
      await registering;
      pods.nodeKnown();
      this.mirrors?.look();
      if (agent.node !== undefined) this.statics.nodeKnown(agent.node);
      this.tellRegistered();
      await agent.beat();
    } catch (thrown) {
      if (!signal.aborted) log.error("the node is not in the API", { error: wordsOf(thrown) });
    }
  }

  private async followEvents(pods: PodSet): Promise<void> {
    const { runtime, log, clock } = this.options;
    const { signal } = this.life;
    while (!signal.aborted) {
      try {
        for await (const event of runtime.events(signal)) {
          if (event.is === "created" || event.is === "started") continue;
          if (pods.look(event.podUid, event.containerId)) this.relistSoon(pods);
        }
      } catch (thrown) {
        if (!signal.aborted)
          log.warn("runtime events broke off, will follow again", { error: wordsOf(thrown) });
      }
      await pause(clock, 1000, signal).catch(() => undefined);
    }
  }

  private async rotateLogs(): Promise<void> {
    const { logRotation } = this.options.config;
    if (logRotation !== undefined) await rotateForever(this.options, logRotation, this.life.signal);
  }

  private relistSoon(pods: PodSet): void {
    this.relisting ??= this.options.clock.after(50, () => {
      this.relisting = undefined;
      if (!this.life.signal.aborted) this.relist(pods).catch(() => undefined);
    });
  }

  private async relist(pods: PodSet): Promise<void> {
    try {
      await pods.relist();
    } catch (thrown) {
      this.options.log.warn("cannot list the runtime, will try again", { error: wordsOf(thrown) });
    }
  }

  private async relistForever(pods: PodSet): Promise<void> {
    const { clock, config } = this.options;
    const { signal } = this.life;
    while (!signal.aborted) {
      await pause(clock, config.relistPeriod ?? 30_000, signal).catch(() => undefined);
      if (!signal.aborted) await this.relist(pods);
    }
  }
}
