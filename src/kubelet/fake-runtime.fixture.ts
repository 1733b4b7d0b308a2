// Owns a runtime in memory for the kubelet's tests: containers that run until told, stopped or crashed, and a record of every call.
import type { Duplex } from "node:stream";
import type { Instant, Millis } from "../lib/units.ts";
import {
  RuntimeRefusal,
  type ContainerConfig,
  type ContainerStatus,
  type ExecRequest,
  type ExecResult,
  type ProcessStreams,
  type Runtime,
  type RuntimeEvent,
  type SandboxConfig,
  type SandboxStatus,
} from "../runtime/runtime.ts";
import type { Clock } from "../world/clock.ts";

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

interface FakeContainer {
  readonly config: ContainerConfig;
  readonly status: Mutable<ContainerStatus>;
  ended: (() => void)[];
}

/** How a container of that name behaves; an ordinary one runs, and ends at once with 0 at TERM. */
export interface Behaviour {
  /** Ends by itself with that code, that long after its start. */
  readonly exits?: { readonly code: number; readonly after: Millis };
  /** How long it goes on after TERM. */
  readonly lingers?: Millis;
  readonly startRefusal?: string;
  readonly exec?: (command: readonly string[]) => ExecResult | "timeout";
}

export class FakeRuntime implements Runtime {
  readonly calls: string[] = [];
  readonly behaviours = new Map<string, Behaviour>();
  readonly sandboxes = new Map<
    string,
    { readonly config: SandboxConfig; readonly status: Mutable<SandboxStatus> }
  >();
  readonly containers = new Map<string, FakeContainer>();
  readonly pulled = new Set<string>();
  /** Most containers of one pod and name that ever ran at once. */
  mostAtOnce = 0;
  healthy: Awaited<ReturnType<Runtime["health"]>> = "ready";
  private readonly clock: Clock;
  private readonly listeners = new Set<(event: RuntimeEvent) => void>();
  private ids = 0;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  version = async () => ({ name: "fake", version: "1.0" });
  health = async () => this.healthy;
  listPodSandboxes = async () => Array.from(this.sandboxes.values(), ({ status }) => ({ ...status }));
  listContainers = async () => Array.from(this.containers.values(), ({ status }) => ({ ...status }));
  reopenContainerLog = async () => undefined;
  /** By container name, as tests set it. */
  readonly memory = new Map<string, number>();
  listUsage = async () =>
    new Map(
      Array.from(this.containers.values(), ({ status }) => [
        status.id,
        { at: this.now(), cpuNanos: 0, memoryWorkingSet: this.memory.get(status.name) ?? 0, processes: 1 },
      ]),
    );
  imageStatus = async (image: string) =>
    this.pulled.has(image) ? { id: `sha256:${image}`, tags: [image], size: 1 } : ("absent" as const);
  listImages = async () => [];
  removeImage = async () => undefined;
  close = async () => undefined;

  async pullImage(image: string): Promise<string> {
    if (image.startsWith("missing")) throw new RuntimeRefusal("ErrImagePull", `${image}: not found`);
    this.pulled.add(image);
    return `sha256:${image}`;
  }

  async runPodSandbox(config: SandboxConfig): Promise<string> {
    const id = `s${this.ids++}`;
    this.calls.push(`run-sandbox ${config.pod.name}/${config.pod.attempt}`);
    const { pod, labels, annotations } = config;
    const status = {
      id,
      pod,
      state: "ready" as const,
      createdAt: this.now(),
      ips: ["127.0.0.9"],
      labels,
      annotations,
    };
    this.sandboxes.set(id, { config, status });
    return id;
  }

  async stopPodSandbox(id: string): Promise<void> {
    const sandbox = this.sandboxes.get(id);
    if (sandbox === undefined) return;
    sandbox.status.state = "not-ready";
    for (const { status } of this.containers.values())
      if (status.sandboxId === id && status.state === "running") this.end(status.id, 137);
  }

  async removePodSandbox(id: string): Promise<void> {
    for (const [containerId, { status }] of this.containers)
      if (status.sandboxId === id) this.containers.delete(containerId);
    if (this.sandboxes.delete(id)) this.calls.push(`remove-sandbox ${id}`);
  }

  async createContainer(sandboxId: string, config: ContainerConfig): Promise<string> {
    const sandbox = this.sandboxes.get(sandboxId);
    if (sandbox?.status.state !== "ready")
      throw new RuntimeRefusal("CreateContainerError", "the sandbox is gone");
    const id = `c${this.ids++}`;
    const { name, attempt, image, labels, annotations } = config;
    this.calls.push(`create ${name}/${attempt}`);
    const logPath = `${sandbox.config.logFolder}/${config.logPath}`;
    const status: Mutable<ContainerStatus> = {
      id,
      sandboxId,
      name,
      attempt,
      image,
      imageRef: `sha256:${image}`,
      state: "created",
      createdAt: this.now(),
      logPath,
      labels,
      annotations,
    };
    this.containers.set(id, { config, status, ended: [] });
    return id;
  }

  async startContainer(id: string): Promise<void> {
    const container = this.of(id);
    const behaviour = this.behaviourOf(id);
    if (behaviour.startRefusal !== undefined) {
      container.status.state = "exited";
      container.status.exitCode = 128;
      this.tell("stopped", id);
      // The event is looked into before the refusal is seen, as it may be in life.
      await new Promise((resolve) => setImmediate(resolve));
      throw new RuntimeRefusal("RunContainerError", behaviour.startRefusal);
    }
    this.calls.push(`start ${container.config.name}/${container.config.attempt}`);
    container.status.state = "running";
    container.status.startedAt = this.now();
    const twins = Array.from(this.containers.values()).filter(
      ({ status }) =>
        status.state === "running" &&
        status.name === container.status.name &&
        this.podUidOf(status.id) === this.podUidOf(id),
    );
    this.mostAtOnce = Math.max(this.mostAtOnce, twins.length);
    this.tell("started", id);
    const { exits } = behaviour;
    if (exits !== undefined) this.clock.after(exits.after, () => this.end(id, exits.code));
  }

  stopContainer(id: string, grace: Millis): Promise<void> {
    const container = this.containers.get(id);
    if (container?.status.state !== "running") return Promise.resolve();
    this.calls.push(`stop ${container.config.name} ${grace}`);
    const { lingers = 0 } = this.behaviourOf(id);
    const ended = new Promise<void>((resolve) => container.ended.push(resolve));
    if (lingers === 0) this.end(id, 0);
    else if (lingers <= grace) this.clock.after(lingers, () => this.end(id, 0));
    else this.clock.after(grace, () => this.end(id, 137));
    return ended;
  }

  async removeContainer(id: string): Promise<void> {
    if (this.containers.delete(id)) this.calls.push(`remove ${id}`);
  }

  async containerStatus(id: string): Promise<ContainerStatus | "absent"> {
    const container = this.containers.get(id);
    return container === undefined ? "absent" : { ...container.status };
  }

  async execSync(id: string, command: readonly string[]): Promise<ExecResult | "timeout"> {
    this.calls.push(`exec ${this.of(id).config.name} ${command.join(" ")}`);
    return this.behaviourOf(id).exec?.(command) ?? { exitCode: 0, stdout: "", stderr: "" };
  }

  async exec(id: string, request: ExecRequest): Promise<{ exitCode: number }> {
    const result = await this.execSync(id, request.command);
    if (result === "timeout") return { exitCode: 137 };
    request.stdin?.on("data", (bytes: Buffer) => request.stdout?.write(bytes));
    if (request.stdin !== undefined) await new Promise((resolve) => request.stdin?.once("end", resolve));
    request.stdout?.write(result.stdout);
    request.stderr?.write(result.stderr);
    return { exitCode: result.exitCode };
  }

  async attach(id: string, { stdout }: ProcessStreams): Promise<void> {
    this.calls.push(`attach ${this.of(id).config.name}`);
    stdout?.write("attached\n");
  }

  async portForward(_sandbox: string, port: number, stream: Duplex): Promise<void> {
    this.calls.push(`forward ${port}`);
    if (port === 1) throw new Error("connection refused");
    stream.on("data", (bytes: Buffer) => stream.write(bytes));
    await new Promise((resolve) => stream.once("end", resolve));
    stream.end();
  }

  async *events(signal: AbortSignal): AsyncIterable<RuntimeEvent> {
    const waiting: RuntimeEvent[] = [];
    let wake: () => void = () => undefined;
    const listener = (event: RuntimeEvent) => {
      waiting.push(event);
      wake();
    };
    this.listeners.add(listener);
    const stop = () => wake();
    signal.addEventListener("abort", stop);
    try {
      while (!signal.aborted) {
        const next = waiting.shift();
        if (next !== undefined) yield next;
        else
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
      }
    } finally {
      this.listeners.delete(listener);
      signal.removeEventListener("abort", stop);
    }
  }

  /** The container ends with that code, as the kernel would see it; silently where `told` is false. */
  end(id: string, code: number, told = true): void {
    const container = this.containers.get(id);
    if (container === undefined || container.status.state !== "running") return;
    container.status.state = "exited";
    container.status.exitCode = code;
    container.status.finishedAt = this.now();
    container.status.reason = code === 0 ? "Completed" : "Error";
    for (const ended of container.ended) ended();
    if (told) this.tell("stopped", id);
  }

  /** The running container of that name, if there is one. */
  running(name: string): ContainerStatus | undefined {
    return Array.from(this.containers.values()).find(
      ({ status }) => status.name === name && status.state === "running",
    )?.status;
  }

  configOf(id: string): ContainerConfig {
    return this.of(id).config;
  }

  private now(): Instant {
    return this.clock.now();
  }

  private of(id: string): FakeContainer {
    const container = this.containers.get(id);
    if (container === undefined) throw new RuntimeRefusal("CreateContainerError", `no container ${id}`);
    return container;
  }

  private behaviourOf(id: string): Behaviour {
    return this.behaviours.get(this.of(id).config.name) ?? {};
  }

  private podUidOf(id: string): string {
    return this.sandboxes.get(this.of(id).status.sandboxId)?.config.pod.uid ?? "";
  }

  private tell(is: RuntimeEvent["is"], containerId: string): void {
    const { sandboxId } = this.of(containerId).status;
    for (const listener of this.listeners)
      listener({ is, sandboxId, containerId, podUid: this.podUidOf(containerId) });
  }
}
