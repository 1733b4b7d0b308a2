// Owns the runtime that only keeps books: containers of hollow nodes and of the simulator, without a process.
import type { Millis } from "../../lib/units.ts";
import { type Clock, pause } from "../../world/clock.ts";
import type { Random } from "../../world/random.ts";
import type { SimulatedBehaviour, SimulatedImage } from "./behaviour.ts";
import { answerExec, notAttached, notForwarded, stayAttached } from "./streams.ts";
import { EventHub } from "../event-hub.ts";
import { isOver, statusOf, type Container, type Sandbox } from "./entries.ts";
import {
  type ContainerConfig,
  type ContainerId,
  type ContainerStatus,
  type ContainerUsage,
  type ExecRequest,
  type ExecResult,
  type ImageStatus,
  type ProcessStreams,
  type Runtime,
  type RuntimeEvent,
  RuntimeRefusal,
  type SandboxConfig,
  type SandboxId,
  type SandboxStatus,
} from "../runtime.ts";
import { simulatedUsage } from "./simulated-usage.ts";

export type { SimulatedBehaviour, SimulatedImage } from "./behaviour.ts";

export interface SimulatedRuntimeOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly behaviour?: (config: ContainerConfig, pod: SandboxConfig) => SimulatedBehaviour;
  readonly image?: (name: string) => SimulatedImage;
  /** Address of a pod's sandbox; none by default. */
  readonly address?: (pod: SandboxConfig) => string | undefined;
}

/** A runtime that is handed over to the next kubelet as it is: `close` ends only what listens. */
export interface SimulatedRuntime extends Runtime {
  /** Ends a running container as if its process had ended by itself. */
  endContainer(id: ContainerId, exitCode: number, reason?: string): void;
}

const idle: SimulatedBehaviour = {};

class Books implements SimulatedRuntime {
  private readonly options: SimulatedRuntimeOptions;
  private readonly sandboxes = new Map<SandboxId, Sandbox>();
  private readonly containers = new Map<ContainerId, Container>();
  private readonly images = new Set<string>();
  private readonly hub = new EventHub<RuntimeEvent>();

  constructor(options: SimulatedRuntimeOptions) {
    this.options = options;
  }

  private newId(): string {
    const { buffer, byteOffset, byteLength } = this.options.random.bytes(32);
    return Buffer.from(buffer, byteOffset, byteLength).toString("hex");
  }

  private tell(is: RuntimeEvent["is"], sandbox: Sandbox, container?: Container): void {
    const sandboxId = sandbox.id;
    const { uid: podUid } = sandbox.config.pod;
    this.hub.publish(
      container === undefined
        ? { is, sandboxId, podUid }
        : { is, sandboxId, podUid, containerId: container.id },
    );
  }

  private behaviourOf(container: Container): SimulatedBehaviour {
    return this.options.behaviour?.(container.config, container.sandbox.config) ?? idle;
  }

  version(): Promise<{ name: string; version: string }> {
    return Promise.resolve({ name: "everynode-simulated", version: "1" });
  }

  health(): Promise<"ready"> {
    return Promise.resolve("ready");
  }

  async runPodSandbox(config: SandboxConfig): Promise<SandboxId> {
    const { pod } = config;
    for (const { config: other, id } of this.sandboxes.values())
      if (other.pod.uid === pod.uid && other.pod.attempt === pod.attempt)
        throw new RuntimeRefusal(
          "CreatePodSandboxError",
          `cannot create sandbox of pod ${pod.namespace}/${pod.name}: its attempt ${pod.attempt} is there already as ${id}; remove it or use the next attempt`,
        );
    const sandbox: Sandbox = {
      id: this.newId(),
      config,
      createdAt: this.options.clock.now(),
      stopped: false,
      containers: [],
    };
    this.sandboxes.set(sandbox.id, sandbox);
    this.tell("created", sandbox);
    return sandbox.id;
  }

  async stopPodSandbox(id: SandboxId): Promise<void> {
    const sandbox = this.sandboxes.get(id);
    if (sandbox === undefined || sandbox.stopped) return;
    sandbox.stopped = true;
    for (const container of sandbox.containers) this.end(container, 137, "Error");
    this.tell("stopped", sandbox);
  }

  async removePodSandbox(id: SandboxId): Promise<void> {
    const sandbox = this.sandboxes.get(id);
    if (sandbox === undefined) return;
    await this.stopPodSandbox(id);
    for (const container of sandbox.containers) await this.removeContainer(container.id);
    this.sandboxes.delete(id);
    this.tell("deleted", sandbox);
  }

  async listPodSandboxes(): Promise<readonly SandboxStatus[]> {
    return [...this.sandboxes.values()].map(({ id, config, createdAt, stopped }) => {
      const address = this.options.address?.(config);
      return {
        id,
        pod: config.pod,
        state: stopped ? "not-ready" : "ready",
        createdAt,
        ips: address === undefined || stopped ? [] : [address],
        labels: config.labels,
        annotations: config.annotations,
      };
    });
  }

  async createContainer(sandboxId: SandboxId, config: ContainerConfig): Promise<ContainerId> {
    const sandbox = this.sandboxes.get(sandboxId);
    const refuse = (because: string): never => {
      throw new RuntimeRefusal("CreateContainerError", `cannot create container ${config.name}: ${because}`);
    };
    if (sandbox === undefined) return refuse(`there is no sandbox ${sandboxId}; create one first`);
    if (sandbox.stopped) return refuse(`sandbox ${sandboxId} is stopped; create a new one`);
    if (
      sandbox.containers.some(
        (other) => other.config.name === config.name && other.config.attempt === config.attempt,
      )
    )
      return refuse(`its attempt ${config.attempt} is there already; remove it or use the next attempt`);
    const container: Container = {
      id: this.newId(),
      sandbox,
      config,
      createdAt: this.options.clock.now(),
      state: "created",
    };
    sandbox.containers = [...sandbox.containers, container];
    this.containers.set(container.id, container);
    this.tell("created", sandbox, container);
    return container.id;
  }

  async startContainer(id: ContainerId): Promise<void> {
    const container = this.containers.get(id);
    const refuse = (because: string): never => {
      throw new RuntimeRefusal(
        "RunContainerError",
        `cannot start container ${container?.config.name ?? id}: ${because}`,
      );
    };
    if (container === undefined) return refuse("there is none; create it first");
    if (container.state === "running") return;
    if (container.state !== "created") return refuse("it has ended; create it anew");
    if (container.sandbox.stopped) return refuse("its sandbox is stopped; create a new one");
    const { startTakes = 0, refuses, runsFor, exitCode = 0 } = this.behaviourOf(container);
    container.state = "starting";
    if (startTakes > 0) await this.elapse(startTakes);
    // Stopped or removed while it was starting.
    if (isOver(container)) return refuse("it was ended while it was starting");
    if (refuses !== undefined) {
      this.end(container, 128, "StartError", `cannot start container ${container.config.name}: ${refuses}`);
      return refuse(refuses);
    }
    container.state = "running";
    container.startedAt = this.options.clock.now();
    this.tell("started", container.sandbox, container);
    if (runsFor !== undefined)
      container.cancelEnd = this.options.clock.after(runsFor, () => this.endContainer(id, exitCode));
  }

  private elapse(time: Millis): Promise<void> {
    return time === Number.POSITIVE_INFINITY ? new Promise(() => undefined) : pause(this.options.clock, time);
  }

  endContainer(id: ContainerId, exitCode: number, reason = exitCode === 0 ? "Completed" : "Error"): void {
    const container = this.containers.get(id);
    if (container !== undefined) this.end(container, exitCode, reason);
  }

  private end(container: Container, exitCode: number, reason: string, message?: string): void {
    if (container.state !== "running" && container.state !== "starting") return;
    container.cancelEnd?.();
    container.state = "exited";
    container.finishedAt = this.options.clock.now();
    container.exitCode = exitCode;
    container.reason = reason;
    if (message !== undefined) container.message = message;
    for (const wake of container.waiting ?? []) wake();
    delete container.waiting;
    delete container.cancelEnd;
    this.tell("stopped", container.sandbox, container);
  }

  async stopContainer(id: ContainerId, grace: Millis): Promise<void> {
    const container = this.containers.get(id);
    if (container === undefined || (container.state !== "running" && container.state !== "starting")) return;
    const { stopTakes = 0, killTakes = 0 } = this.behaviourOf(container);
    if (grace > 0 && stopTakes === 0) return this.end(container, 143, "Error");
    if (grace === 0 && killTakes === 0) return this.end(container, 137, "Error");
    const obeys = stopTakes <= grace;
    await this.endedWithin(container, obeys ? stopTakes : grace + killTakes);
    this.end(container, obeys ? 143 : 137, "Error");
  }

  /** Resolves after the time, or as soon as it has ended of something else. */
  private endedWithin(container: Container, time: Millis): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.options.clock.after(time, resolve);
      container.waiting = [
        ...(container.waiting ?? []),
        () => {
          cancel();
          resolve();
        },
      ];
    });
  }

  async removeContainer(id: ContainerId): Promise<void> {
    const container = this.containers.get(id);
    if (container === undefined) return;
    this.end(container, 137, "Error");
    const { sandbox } = container;
    container.state = "exited";
    sandbox.containers = sandbox.containers.filter((other) => other !== container);
    this.containers.delete(id);
    this.tell("deleted", sandbox, container);
  }

  async listContainers(): Promise<readonly ContainerStatus[]> {
    return [...this.containers.values()].map(statusOf);
  }

  async containerStatus(id: ContainerId): Promise<ContainerStatus | "absent"> {
    const container = this.containers.get(id);
    return container === undefined ? "absent" : statusOf(container);
  }

  async reopenContainerLog(): Promise<void> {
    // There is no log.
  }

  async execSync(
    id: ContainerId,
    command: readonly string[],
    timeout: Millis,
  ): Promise<ExecResult | "timeout"> {
    const container = this.containers.get(id);
    if (container?.state !== "running")
      throw new RuntimeRefusal(
        "ExecError",
        `cannot exec in container ${container?.config.name ?? id}: it does not run; start it first`,
      );
    const answer = this.behaviourOf(container).exec?.(command);
    if (answer === undefined) return { exitCode: 0, stdout: "", stderr: "" };
    const { takes = 0, ...result } = answer;
    const late = timeout > 0 && takes > timeout;
    if (takes > 0) await this.elapse(late ? timeout : takes);
    return late ? "timeout" : result;
  }

  exec(id: ContainerId, request: ExecRequest): Promise<{ exitCode: number }> {
    return answerExec(request, () => this.execSync(id, request.command, 0));
  }

  async attach(id: ContainerId, streams: ProcessStreams): Promise<void> {
    const container = this.containers.get(id);
    if (container?.state !== "running") throw notAttached(container?.config.name ?? id);
    await stayAttached(streams, (ended) => (container.waiting = [...(container.waiting ?? []), ended]));
  }

  portForward(id: SandboxId, port: number): Promise<void> {
    return Promise.reject(notForwarded(id, port));
  }

  async listUsage(): Promise<ReadonlyMap<ContainerId, ContainerUsage>> {
    return simulatedUsage(this.options.clock.now(), this.containers.values());
  }

  async pullImage(image: string): Promise<string> {
    const { pullTakes = 0, refuses } = this.options.image?.(image) ?? {};
    if (pullTakes > 0) await this.elapse(pullTakes);
    if (refuses !== undefined)
      throw new RuntimeRefusal("ErrImagePull", `cannot pull image "${image}": ${refuses}`);
    this.images.add(image);
    return image;
  }

  async imageStatus(image: string): Promise<ImageStatus | "absent"> {
    return this.images.has(image) ? imageNamed(image) : "absent";
  }

  async listImages(): Promise<readonly ImageStatus[]> {
    return [...this.images].map(imageNamed);
  }

  async removeImage(image: string): Promise<void> {
    this.images.delete(image);
  }

  events(signal: AbortSignal): AsyncIterable<RuntimeEvent> {
    return this.hub.stream(signal);
  }

  async close(): Promise<void> {
    // The books stay as they are for the next kubelet.
  }
}

const imageNamed = (image: string): ImageStatus => ({ id: image, tags: [image], size: 0 });

/** Deterministic: the same calls on the same clock and random source give the same ids, states and events. */
export function createSimulatedRuntime(options: SimulatedRuntimeOptions): SimulatedRuntime {
  return new Books(options);
}
