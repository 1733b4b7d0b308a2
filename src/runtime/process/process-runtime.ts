// Owns the runtime whose containers are processes of this machine, living on when we do not.
import type { Duplex } from "node:stream";
import type { Bytes, Millis } from "../../lib/units.ts";
import type { Clock } from "../../world/clock.ts";
import type { Connect } from "../../world/connect.ts";
import type { Files } from "../../world/files.ts";
import type { Log } from "../../world/log.ts";
import type { Processes } from "../../world/processes.ts";
import type { Random } from "../../world/random.ts";
import { EventHub } from "../event-hub.ts";
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
import { findAbilities } from "./abilities.ts";
import { Cgroups } from "./cgroups.ts";
import { eachOf } from "./each-of.ts";
import { execIn, execWith } from "./exec.ts";
import { forwardTo } from "./port-forward.ts";
import { ProcessContainer, type ProcessWorld } from "./container.ts";
import {
  type ContainerRecord,
  loadContainers,
  loadSandboxes,
  removeContainerFolder,
  removeSandbox,
  type SandboxRecord,
  saveContainer,
  saveSandbox,
} from "./container-folder.ts";
import { type Isolation, isolationOf, refusePorts, refuseUnknowable } from "./isolation.ts";
import { endMarked } from "./reap.ts";
import { usagesOf } from "./usage.ts";

export interface ProcessRuntimeOptions {
  /** Absolute; where sandboxes and containers are kept. One runtime at a time may use it. */
  readonly folder: string;
  readonly files: Files;
  readonly processes: Processes;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: Random;
  /** For port-forwarding; without it none is done. */
  readonly connect?: Connect;
}

// Ends of adopted containers are told by a file event within milliseconds; this is for events that get lost.
const lookEvery: Millis = 2000;
// Every so many looks, output is looked for too.
const rescanEvery = 5;

class ProcessRuntime implements Runtime {
  private readonly world: ProcessWorld;
  private readonly random: Random;
  private readonly connect: Connect | undefined;
  private readonly hub = new EventHub<RuntimeEvent>();
  private readonly sandboxes = new Map<SandboxId, SandboxRecord>();
  private readonly containers = new Map<ContainerId, ProcessContainer>();
  private readonly creating = new Set<string>();
  private stopLooking: (() => void) | undefined;
  private closed = false;

  constructor(world: Omit<ProcessWorld, "changed">, random: Random, connect: Connect | undefined) {
    this.random = random;
    this.connect = connect;
    this.world = {
      ...world,
      changed: (container, is) => {
        if (!this.closed) this.tell(is, container);
      },
    };
  }

  async load(): Promise<void> {
    const { files, folder, log } = this.world;
    for (const name of ["sandboxes", "containers"]) await files.makeFolder(`${folder}/${name}`, 0o700);
    // What cannot be read cannot be taken over: its processes are ended below with the other strays, and the kubelet starts anew.
    const damaged = async (path: string) => {
      log.error("a record of the runtime is damaged: its containers are ended and will be started anew", {
        path,
      });
      await files.remove(path);
    };
    for (const record of await loadSandboxes(files, folder, damaged)) this.sandboxes.set(record.id, record);
    const records = await loadContainers(files, folder, damaged);
    await eachOf(records, (record) => this.adopt(record));
    const containers = [...this.containers.values()];
    const running = new Set(
      containers.filter(({ isRunning }) => isRunning).map((container) => container.folder),
    );
    const ours = `${folder}/containers/`;
    const strays = await endMarked(this.world, (found) => found.startsWith(ours) && !running.has(found));
    if (strays > 0) log.warn("ended processes of containers that should not run", { processes: strays });
    await eachOf(containers, async (container) => {
      await container.settle();
      if (container.sandbox.stopped) await container.stop(0);
    });
    this.lookLater();
  }

  private async adopt(record: ContainerRecord): Promise<void> {
    const { files, folder } = this.world;
    const sandbox = this.sandboxes.get(record.sandboxId);
    if (sandbox === undefined) return removeContainerFolder(files, folder, record.id);
    const container = new ProcessContainer(this.world, sandbox, record);
    this.containers.set(record.id, container);
    await container.adopt();
  }

  private isolation(sandbox: SandboxRecord, config: ContainerConfig): Promise<Isolation> {
    const { files, abilities } = this.world;
    const accounts = {
      groupOf: async (uid: number) => {
        const lines = ((await files.readText("/etc/passwd")) ?? "")
          .split("\n")
          .map((line) => line.split(":"));
        return Number(lines.find((fields) => fields[2] === String(uid))?.[3] ?? 0);
      },
    };
    return isolationOf(sandbox.config, config, abilities, accounts);
  }

  private lookLater(time = 1): void {
    if (this.closed) return;
    this.stopLooking = this.world.clock.after(lookEvery, () => {
      const looks = [...this.containers.values()].map((container) =>
        container.look(time % rescanEvery === 0),
      );
      void Promise.allSettled(looks).then(() => this.lookLater(time + 1));
    });
  }

  private tell(is: RuntimeEvent["is"], about: ProcessContainer | SandboxRecord): void {
    const sandbox = "sandbox" in about ? about.sandbox : about;
    this.hub.publish({
      is,
      sandboxId: sandbox.id,
      podUid: sandbox.config.pod.uid,
      ...("sandbox" in about ? { containerId: about.record.id } : {}),
    });
  }

  private newId(): string {
    return Buffer.from(this.random.bytes(32)).toString("hex");
  }

  version(): Promise<{ name: string; version: string }> {
    return Promise.resolve({ name: "everynode-process", version: "1" });
  }

  async health(): Promise<"ready" | { reason: string; message: string }> {
    const facts = await this.world.files.facts(`${this.world.folder}/containers`);
    if (facts?.is === "folder") return "ready";
    const message = `cannot keep containers in ${this.world.folder}: the folder is gone; restart the kubelet`;
    return { reason: "RuntimeFolderMissing", message };
  }

  async runPodSandbox(config: SandboxConfig): Promise<SandboxId> {
    refusePorts(config);
    const { pod } = config;
    const same = [...this.sandboxes.values()].find(
      (found) => found.config.pod.uid === pod.uid && found.config.pod.attempt === pod.attempt,
    );
    if (same !== undefined)
      throw new RuntimeRefusal(
        "CreatePodSandboxError",
        `cannot create sandbox of pod ${pod.namespace}/${pod.name}: its attempt ${pod.attempt} is there already as ${same.id}; remove it or use the next attempt`,
      );
    const record = { id: this.newId(), config, createdAt: this.world.clock.now(), stopped: false };
    this.sandboxes.set(record.id, record);
    try {
      await saveSandbox(this.world.files, this.world.folder, record);
    } catch (thrown) {
      this.sandboxes.delete(record.id);
      throw thrown;
    }
    this.tell("created", record);
    return record.id;
  }

  async stopPodSandbox(id: SandboxId): Promise<void> {
    const sandbox = this.sandboxes.get(id);
    if (sandbox === undefined) return;
    if (!sandbox.stopped) {
      const stopped = { ...sandbox, stopped: true };
      this.sandboxes.set(id, stopped);
      await saveSandbox(this.world.files, this.world.folder, stopped);
    }
    await Promise.all(this.containersOf(id).map((container) => container.stop(0)));
    if (!sandbox.stopped) this.tell("stopped", sandbox);
  }

  async removePodSandbox(id: SandboxId): Promise<void> {
    const sandbox = this.sandboxes.get(id);
    if (sandbox === undefined) return;
    await this.stopPodSandbox(id);
    await Promise.all(this.containersOf(id).map((container) => this.removeContainer(container.record.id)));
    await removeSandbox(this.world.files, this.world.folder, id);
    if (this.sandboxes.delete(id)) this.tell("deleted", sandbox);
  }

  private containersOf(id: SandboxId): ProcessContainer[] {
    return [...this.containers.values()].filter((container) => container.record.sandboxId === id);
  }

  listPodSandboxes(): Promise<readonly SandboxStatus[]> {
    return Promise.resolve(
      [...this.sandboxes.values()].map(({ id, config, createdAt, stopped }) => ({
        id,
        pod: config.pod,
        state: stopped ? ("not-ready" as const) : ("ready" as const),
        createdAt,
        ips: [],
        labels: config.labels,
        annotations: config.annotations,
      })),
    );
  }

  async createContainer(sandboxId: SandboxId, config: ContainerConfig): Promise<ContainerId> {
    const refuse = (because: string): never => {
      throw new RuntimeRefusal("CreateContainerError", `cannot create container ${config.name}: ${because}`);
    };
    const sandbox = this.sandboxes.get(sandboxId);
    if (sandbox === undefined) return refuse(`there is no sandbox ${sandboxId}; create one first`);
    if (sandbox.stopped) return refuse(`sandbox ${sandboxId} is stopped; create a new one`);
    refuseUnknowable(config);
    const key = `${sandboxId}/${config.name}/${config.attempt}`;
    const same = this.containersOf(sandboxId).some(
      ({ record }) => record.config.name === config.name && record.config.attempt === config.attempt,
    );
    if (same || this.creating.has(key))
      return refuse(`its attempt ${config.attempt} is there already; remove it or use the next attempt`);
    this.creating.add(key);
    try {
      const isolation = await this.isolation(sandbox, config);
      const record = { id: this.newId(), sandboxId, config, createdAt: this.world.clock.now(), isolation };
      const container = new ProcessContainer(this.world, sandbox, record);
      await saveContainer(this.world.files, this.world.folder, record);
      this.containers.set(record.id, container);
      this.tell("created", container);
      return record.id;
    } finally {
      this.creating.delete(key);
    }
  }

  async startContainer(id: ContainerId): Promise<void> {
    const container = this.containers.get(id);
    if (container === undefined)
      throw new RuntimeRefusal(
        "RunContainerError",
        `cannot start container ${id}: there is none; create it first`,
      );
    if (this.sandboxes.get(container.record.sandboxId)?.stopped === true)
      throw new RuntimeRefusal(
        "RunContainerError",
        `cannot start container ${container.record.config.name}: its sandbox is stopped; create a new one`,
      );
    await container.start();
  }

  async stopContainer(id: ContainerId, grace: Millis): Promise<void> {
    await this.containers.get(id)?.stop(grace);
  }

  async removeContainer(id: ContainerId): Promise<void> {
    const container = this.containers.get(id);
    if (container === undefined) return;
    await container.release();
    await removeContainerFolder(this.world.files, this.world.folder, id);
    if (this.containers.delete(id)) this.tell("deleted", container);
  }

  listContainers(): Promise<readonly ContainerStatus[]> {
    return Promise.resolve([...this.containers.values()].map((container) => container.status()));
  }

  containerStatus(id: ContainerId): Promise<ContainerStatus | "absent"> {
    return Promise.resolve(this.containers.get(id)?.status() ?? "absent");
  }

  async reopenContainerLog(id: ContainerId): Promise<void> {
    await this.containers.get(id)?.reopenLog();
  }

  private named(id: ContainerId, verb: string): ProcessContainer {
    const container = this.containers.get(id);
    if (container !== undefined) return container;
    throw new RuntimeRefusal("ExecError", `cannot ${verb} container ${id}: there is none`);
  }

  async execSync(
    id: ContainerId,
    command: readonly string[],
    timeout: Millis,
  ): Promise<ExecResult | "timeout"> {
    return execIn(await this.named(id, "exec in").place("exec in"), command, timeout);
  }

  async exec(id: ContainerId, request: ExecRequest): Promise<{ exitCode: number }> {
    return execWith(await this.named(id, "exec in").place("exec in"), request);
  }

  async attach(id: ContainerId, streams: ProcessStreams): Promise<void> {
    await this.named(id, "attach to").attach(streams);
  }

  async portForward(id: SandboxId, port: number, stream: Duplex): Promise<void> {
    if (this.sandboxes.get(id)?.stopped !== false)
      throw new RuntimeRefusal("PortForwardError", `cannot forward to sandbox ${id}: it is gone`);
    await forwardTo(this.connect, port, stream);
  }

  listUsage(): Promise<ReadonlyMap<ContainerId, ContainerUsage>> {
    const shims = new Map<ContainerId, number>();
    for (const [id, { shimPid }] of this.containers) if (shimPid !== undefined) shims.set(id, shimPid);
    return usagesOf(this.world, shims);
  }

  /** An image is only a name here: the command is the host's. */
  pullImage(image: string): Promise<string> {
    return Promise.resolve(image);
  }

  imageStatus(image: string): Promise<ImageStatus | "absent"> {
    return Promise.resolve(imageNamed(image));
  }

  listImages(): Promise<readonly ImageStatus[]> {
    const names = new Set([...this.containers.values()].map(({ record }) => record.config.image));
    return Promise.resolve([...names].map(imageNamed));
  }

  removeImage(): Promise<void> {
    return Promise.resolve();
  }

  events(signal: AbortSignal): AsyncIterable<RuntimeEvent> {
    return this.hub.stream(signal);
  }

  async close(): Promise<void> {
    this.closed = true;
    this.stopLooking?.();
    await Promise.all([...this.containers.values()].map((container) => container.close()));
  }
}

const noBytes: Bytes = 0;
const imageNamed = (image: string): ImageStatus => ({ id: image, tags: [image], size: noBytes });

/** Where every container says why it ended: a mount point on the host itself spares each the copying of /dev. */
const messagePoint = "/dev/termination-log";

/** Opens the folder and takes over the containers in it that still run; processes that should not are ended. */
export async function createProcessRuntime(options: ProcessRuntimeOptions): Promise<Runtime> {
  const { random, connect, ...world } = options;
  const abilities = await findAbilities(options.processes);
  for (const missing of abilities.missing)
    options.log.info("process runtime without isolation", { because: missing });
  const cgroups = await Cgroups.open(options, abilities.tools);
  if (!(cgroups instanceof Cgroups))
    options.log.warn("cpu and memory limits of containers are not enforced", { because: cgroups.because });
  // Where it can't be made, each container gets one of its own.
  if (abilities.namespaces === "as-root") await options.files.append(messagePoint, "").catch(() => undefined);
  const runtime = new ProcessRuntime(
    { ...world, abilities, cgroups, boot: await options.processes.bootId() },
    random,
    connect,
  );
  await runtime.load();
  return runtime;
}
