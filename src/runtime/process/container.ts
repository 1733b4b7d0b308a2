// Owns one container's life: its start, its end, and finding it again after ours.
import type { Instant, Millis } from "../../lib/units.ts";
import type { Clock } from "../../world/clock.ts";
import type { Files } from "../../world/files.ts";
import { type Log, wordsOf } from "../../world/log.ts";
import type { ProcessIdentity, Processes } from "../../world/processes.ts";
import { type ContainerStatus, type ProcessStreams, RuntimeRefusal } from "../runtime.ts";
import type { Abilities } from "./abilities.ts";
import { attachTo } from "./attach.ts";
import { Cgroups, unenforced, wantsGroup } from "./cgroups.ts";
import { type ContainerRecord, containerFolder, lastState, type SandboxRecord } from "./container-folder.ts";
import type { ContainerPlace } from "./exec.ts";
import { environmentOf, launch, type Launched } from "./launch.ts";
import { LogPump } from "./log-pump.ts";
import { awaitEnd, endMarked, isAlive } from "./reap.ts";
import { parseShimRecord, type ShimRecord } from "./shim-record.ts";

export interface ProcessWorld {
  readonly folder: string;
  readonly files: Files;
  readonly processes: Processes;
  readonly clock: Clock;
  readonly log: Log;
  readonly abilities: Abilities;
  readonly boot: string;
  readonly cgroups: Cgroups | { readonly because: string };
  readonly changed: (container: ProcessContainer, is: "started" | "stopped") => void;
}

interface Running {
  readonly is: "running";
  readonly shim: ProcessIdentity;
  readonly first: ProcessIdentity | undefined;
  readonly startedAt: Instant;
  /** The end of a shim that is not our child is not told to us: it must be looked for. */
  readonly adopted: boolean;
}

type Life =
  | { readonly is: "created" }
  | Running
  // Found by `adopt`, until `settle` knows how it ended.
  | { readonly is: "ended"; readonly startedAt: Instant; readonly message: string | undefined }
  | {
      readonly is: "exited";
      readonly startedAt: Instant | undefined;
      readonly finishedAt: Instant;
      readonly exitCode: number;
      readonly reason: string;
      readonly message: string | undefined;
    };

const killedCode = 137;
const refusedCode = 128;
// After the first process has ended the shim has only to write a line; after that it is ended too.
const shimEndMax: Millis = 2000;
const forever: Millis = Number.POSITIVE_INFINITY;

export class ProcessContainer {
  readonly record: ContainerRecord;
  readonly sandbox: SandboxRecord;
  readonly folder: string;
  private readonly world: ProcessWorld;
  private readonly pump: LogPump;
  private life: Life = { is: "created" };
  private starting: Promise<void> | undefined;
  private finishing: Promise<void> | undefined;
  private unwatch: (() => void) | undefined;
  /** Another runtime may have it now: it is told to conclude what is still to come. */
  private letGo = false;

  constructor(world: ProcessWorld, sandbox: SandboxRecord, record: ContainerRecord) {
    this.world = world;
    this.sandbox = sandbox;
    this.record = record;
    this.folder = containerFolder(world.folder, record.id);
    this.pump = new LogPump({ ...world, tools: world.abilities.tools }, this.folder, this.logPath);
  }

  get logPath(): string {
    return `${this.sandbox.config.logFolder}/${this.record.config.logPath}`;
  }

  get isRunning(): boolean {
    return this.life.is === "running";
  }

  status(): ContainerStatus {
    const { record, life } = this;
    const { config } = record;
    return {
      id: record.id,
      sandboxId: record.sandboxId,
      name: config.name,
      attempt: config.attempt,
      image: config.image,
      imageRef: config.image,
      state: life.is === "ended" ? "unknown" : life.is,
      createdAt: record.createdAt,
      ...(life.is !== "created" && life.startedAt !== undefined ? { startedAt: life.startedAt } : {}),
      ...(life.is === "exited"
        ? { finishedAt: life.finishedAt, exitCode: life.exitCode, reason: life.reason }
        : {}),
      ...(life.is === "exited" && life.message !== undefined ? { message: life.message } : {}),
      ...(life.is === "running" && life.first !== undefined ? { pid: life.first.pid } : {}),
      logPath: this.logPath,
      labels: config.labels,
      annotations: { ...config.annotations, ...unenforced(this.world.cgroups, config.resources) },
    };
  }

  /** Finds out what an earlier runtime left: running, ended, or never started. `settle` must follow. */
  async adopt(): Promise<void> {
    const text = await this.claimOrRecord();
    if (text === undefined) return;
    const { shim, first, exitCode } = parseShimRecord(text);
    const startedAt = await this.timeOf("started");
    const rebooted = shim !== undefined && shim.boot !== this.world.boot;
    if (shim !== undefined && !rebooted && (await isAlive(this.world.processes, shim.identity)))
      this.life = { is: "running", shim: shim.identity, first, startedAt, adopted: true };
    else
      this.life = {
        is: "ended",
        startedAt,
        message: rebooted && exitCode === undefined ? "the machine was restarted" : undefined,
      };
  }

  /** Second half of taking over, when all processes that should not run have been ended. */
  async settle(): Promise<void> {
    const { life } = this;
    if (life.is === "created") return;
    await this.pump.recover();
    if (life.is === "ended") return this.conclude(life.startedAt, life.message);
    this.watch();
    this.pump.dirty();
  }

  /**
   * The shim's record, or nothing after taking the claim away from a start that an earlier runtime may have begun:
   * a shim that comes late finds its claim taken and does nothing.
   */
  private async claimOrRecord(): Promise<string | undefined> {
    for (;;) {
      const { count, text } = await lastState(this.world.files, this.folder);
      if (text !== undefined) return text;
      try {
        await this.world.files.link("taken-by-a-later-runtime", `${this.folder}/state-${count}`);
        return undefined;
      } catch (thrown) {
        if (!(thrown instanceof Error && "code" in thrown && thrown.code === "EEXIST")) throw thrown;
      }
    }
  }

  async start(): Promise<void> {
    if (this.starting !== undefined) return this.starting;
    if (this.life.is === "running") return;
    if (this.life.is !== "created") throw this.refusal("it has ended; create it anew");
    this.starting = this.launch();
    try {
      await this.starting;
    } finally {
      this.starting = undefined;
    }
  }

  private refusal(because: string): RuntimeRefusal {
    return new RuntimeRefusal(
      "RunContainerError",
      `cannot start container ${this.record.config.name}: ${because}`,
    );
  }

  private async launch(): Promise<void> {
    const { files } = this.world;
    const { count } = await lastState(files, this.folder);
    await this.pump.open();
    const launched = await launch({
      ...this.world,
      id: this.record.id,
      folder: this.folder,
      claim: count,
      hostname: this.sandbox.config.hostname,
      config: this.record.config,
      isolation: this.record.isolation,
      groupFiles: (await this.groups?.enter(this.record.id, this.record.config.resources)) ?? [],
    });
    if (launched.is === "refused") return this.neverRan(launched.because);
    await this.runs(launched);
  }

  private async runs(launched: Launched & { is: "running" }): Promise<void> {
    const { shim, first, spawned } = launched;
    this.life = { is: "running", shim, first, startedAt: await this.timeOf("started"), adopted: false };
    this.watch();
    this.pump.dirty();
    this.world.changed(this, "started");
    void spawned.ended.then(() => this.finish());
  }

  private async neverRan(because: string): Promise<never> {
    const refusal = this.refusal(because);
    const finishedAt = this.world.clock.now();
    await endMarked(this.world, (folder) => folder === this.folder);
    this.life = {
      is: "exited",
      startedAt: undefined,
      finishedAt,
      exitCode: refusedCode,
      reason: "StartError",
      message: refusal.message,
    };
    await this.clearRaw();
    await this.groups?.leave(this.record.id);
    this.world.changed(this, "stopped");
    throw refusal;
  }

  private watch(): void {
    this.unwatch ??= this.world.files.watch(this.folder, (name) => {
      this.pump.dirty();
      if (name === undefined || name.startsWith("state-")) void this.look(false);
    });
  }

  /** Looks whether it has ended or printed something, where nobody tells us. */
  async look(rescan: boolean): Promise<void> {
    const { life } = this;
    if (life.is !== "running") return;
    if (rescan) this.pump.dirty();
    if (!life.adopted) return;
    if (!(await isAlive(this.world.processes, life.shim)) || (await this.readRecord()).exitCode !== undefined)
      await this.finish();
  }

  private async readRecord(): Promise<ShimRecord> {
    return parseShimRecord((await lastState(this.world.files, this.folder)).text ?? "");
  }

  private async timeOf(name: string): Promise<Instant> {
    const facts = await this.world.files.facts(`${this.folder}/${name}`);
    return facts === undefined ? this.record.createdAt : Math.floor(facts.modified);
  }

  /** The first process is ending or has ended: sees to it that all of the container has, then tells. */
  private finish(): Promise<void> {
    this.finishing ??= this.finishRunning().catch((thrown: unknown) => {
      this.finishing = undefined;
      if (this.life.is === "running") this.life = { ...this.life, adopted: true };
      this.world.log.error("cannot conclude a container; trying again", {
        container: this.record.id,
        because: wordsOf(thrown),
      });
    });
    return this.finishing;
  }

  private async finishRunning(): Promise<void> {
    const { life } = this;
    if (life.is !== "running" || this.letGo) return;
    if (!(await awaitEnd(this.world, life.shim, shimEndMax))) this.killShim(life);
    await awaitEnd(this.world, life.shim, forever);
    if (
      this.record.isolation.namespaces?.ownPids !== true ||
      (await this.readRecord()).exitCode === undefined
    )
      await endMarked(this.world, (folder) => folder === this.folder);
    await this.conclude(life.startedAt, undefined);
    this.world.changed(this, "stopped");
  }

  /** With all its processes gone: carries the last output over, and settles how it ended. */
  private async conclude(startedAt: Instant, message: string | undefined): Promise<void> {
    const { files, clock } = this.world;
    const record = await this.readRecord();
    const state = `${this.folder}/state-${(await lastState(files, this.folder)).count - 1}`;
    await this.pump.drain();
    const recorded = record.exitCode !== undefined;
    const refused = record.refused !== undefined || (recorded && !record.ready);
    const exitCode = refused ? refusedCode : (record.exitCode ?? killedCode);
    const finishedAt =
      record.finishedAt ?? (recorded ? await this.timeOf(state.slice(this.folder.length + 1)) : clock.now());
    const outOfMemory =
      record.outOfMemory === true || (exitCode === killedCode && (await this.ranOutOfMemory()));
    if (outOfMemory && record.outOfMemory !== true) await files.append(state, `\noom\nat ${finishedAt}\n`);
    if (!recorded) await files.append(state, `\nexited ${killedCode}\nat ${finishedAt}\n`);
    await this.clearRaw();
    if (this.groups !== undefined) await this.groups.leave(this.record.id);
    this.life = {
      is: "exited",
      startedAt,
      finishedAt,
      exitCode,
      reason: refused ? "StartError" : outOfMemory ? "OOMKilled" : exitCode === 0 ? "Completed" : "Error",
      message: message ?? (recorded ? undefined : "its shim was killed; no exit code is known"),
    };
  }

  /** Where it is limited by groups. */
  private get groups(): Cgroups | undefined {
    const { cgroups } = this.world;
    return wantsGroup(this.record.config.resources) && cgroups instanceof Cgroups ? cgroups : undefined;
  }

  private async ranOutOfMemory(): Promise<boolean> {
    return (await this.groups?.ranOutOfMemory(this.record.id)) ?? false;
  }

  private async clearRaw(): Promise<void> {
    this.unwatch?.();
    this.unwatch = undefined;
    await this.pump.close();
    await this.pump.listeners.settle();
    for (const stream of ["stdout", "stderr"]) await this.world.files.remove(`${this.folder}/${stream}`);
  }

  private killShim(life: Running): void {
    const { processes } = this.world;
    processes.signal(life.shim.pid, "SIGKILL");
    // The shim leads the group of all that did not make their own.
    processes.signal(-life.shim.pid, "SIGKILL");
  }

  private async signalFirst(life: Running, signal: NodeJS.Signals): Promise<void> {
    const first = life.first ?? (await this.readRecord()).first;
    if (first !== undefined && (await isAlive(this.world.processes, first)))
      this.world.processes.signal(first.pid, signal);
  }

  async stop(grace: Millis): Promise<void> {
    await this.starting?.catch(() => undefined);
    const { life } = this;
    if (life.is !== "running") return;
    if (grace > 0) {
      await this.signalFirst(life, "SIGTERM");
      if (await awaitEnd(this.world, life.shim, grace)) return this.finish();
    }
    await this.signalFirst(life, "SIGKILL");
    await this.finish();
  }

  /** Its processes are gone; its folder can go. */
  async release(): Promise<void> {
    await this.stop(0);
    this.unwatch?.();
    await this.pump.close();
  }

  /** Lets go of it while it goes on. */
  async close(): Promise<void> {
    this.letGo = true;
    await this.starting?.catch(() => undefined);
    this.unwatch?.();
    await this.pump.close();
  }

  reopenLog(): Promise<void> {
    return this.pump.reopen();
  }

  /** Where and how a command runs beside its own; refused unless it runs. */
  async place(verb: "exec in" | "attach to"): Promise<ContainerPlace> {
    const { life, record, world, folder } = this;
    const { config, isolation, id } = record;
    if (life.is !== "running")
      throw new RuntimeRefusal(
        "ExecError",
        `cannot ${verb} container ${config.name}: it is ${life.is}; start it first`,
      );
    const first = life.first ?? (await this.readRecord()).first ?? life.shim;
    const env = environmentOf({ id, folder, hostname: this.sandbox.config.hostname, config });
    return {
      ...world,
      home: folder,
      id,
      config,
      isolation,
      groupFiles: this.groups?.filesOf(id) ?? [],
      env,
      pid: first.pid,
    };
  }

  async attach(streams: ProcessStreams): Promise<void> {
    const place = await this.place("attach to");
    const { terminal } = await this.readRecord();
    await attachTo({ place, attachments: this.pump.listeners, terminal }, streams);
  }

  /** Of its shim, while it runs. */
  get shimPid(): number | undefined {
    return this.life.is === "running" ? this.life.shim.pid : undefined;
  }
}
