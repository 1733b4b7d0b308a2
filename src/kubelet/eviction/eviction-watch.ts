// Owns the watch over what the node is short of: reads the signals, tells the conditions, and carries evictions out one by one.
import { dirname } from "node:path";
import type { Millis } from "../../lib/units.ts";
import type { Node, Pod } from "../../model/generated/types.ts";
import type { EvictionSettings, Threshold } from "../../model/kubelet-configuration/eviction-settings.ts";
import type { ContainerUsage } from "../../runtime/runtime.ts";
import { pause } from "../../world/clock.ts";
import type { SpaceUsed } from "../../world/files.ts";
import { wordsOf } from "../../world/log.ts";
import { logFolderOf } from "../containers/container-config.ts";
import { removeLogs } from "../logs/log-names.ts";
import type { Machine } from "../node/machine.ts";
import type { PodSet } from "../pod-set.ts";
import { isStatic } from "../sources/source.ts";
import type { Tools } from "../work/perform.ts";
import type { PodWorker } from "../work/pod-worker.ts";
import { isCritical, planEviction, type Candidate } from "./plan-eviction.ts";
import { hasStorageLimits, planStorageLimits } from "./plan-storage-limits.ts";
import {
  noPressure,
  stepPressure,
  type Pressure,
  type PressureState,
  type Readings,
} from "./step-pressure.ts";

// As upstream's: each look every 10 s, and no further eviction within 30 s while one is being carried out.
const period: Millis = 10_000;
const endMax: Millis = 30_000;

export interface EvictionOptions {
  readonly tools: Tools;
  readonly pods: PodSet;
  readonly machine: Machine | undefined;
  readonly rootDir: string;
  readonly settings: EvictionSettings;
  readonly node: () => Node | undefined;
  readonly nodeEvent: (node: Node, reason: string, message: string) => void;
  /** The conditions are others than before. */
  readonly changed: () => void;
}

export class EvictionWatch {
  private readonly options: EvictionOptions;
  private state: PressureState = noPressure;
  private current: readonly Pressure[] = [];
  private evicting: { readonly worker: PodWorker; readonly since: number } | undefined;

  constructor(options: EvictionOptions) {
    this.options = options;
  }

  get pressures(): readonly Pressure[] {
    return this.current;
  }

  /** Until the kubelet stops. The first look comes at once. */
  async run(): Promise<void> {
    const { clock, log, signal } = this.options.tools;
    while (!signal.aborted) {
      await this.look().catch((thrown: unknown) =>
        log.warn("cannot look at what the node is short of, will try again", { error: wordsOf(thrown) }),
      );
      await pause(clock, period, signal).catch(() => undefined);
    }
  }

  private async look(): Promise<void> {
    const { clock } = this.options.tools;
    const due = this.take(await this.read(), clock.now());
    if (await this.checkLimits()) return;
    if (due.length === 0 || this.isEvicting()) return;
    this.tell(due);
    if (due.some(({ signal }) => signal.startsWith("nodefs")) && (await this.freeEnded()) > 0) return;
    await this.evictFor(due);
  }

  private take(readings: Readings, now: number): readonly Threshold[] {
    const step = stepPressure(this.state, readings, this.options.settings, now);
    this.state = step.state;
    const isOther = step.pressures.join() !== this.current.join();
    this.current = step.pressures;
    if (isOther) {
      this.options.tools.log.info("the node is short of", {
        pressures: step.pressures.join(",") || "nothing",
      });
      this.options.changed();
    }
    return step.due;
  }

  private async read(): Promise<Readings> {
    const { machine, rootDir, tools } = this.options;
    const [load, disk] = await Promise.all([machine?.load(), tools.files.space(rootDir)]);
    return {
      ...(load === undefined
        ? {}
        : {
            "memory.available": { available: load.memoryAvailable, capacity: load.memoryTotal },
            "pid.available": { available: load.processesMax - load.processes, capacity: load.processesMax },
          }),
      ...(disk === undefined
        ? {}
        : { "nodefs.available": { available: disk.available, capacity: disk.capacity } }),
      ...(disk === undefined || disk.inodes === 0
        ? {}
        : { "nodefs.inodesFree": { available: disk.inodesFree, capacity: disk.inodes } }),
    };
  }

  private isEvicting(): boolean {
    const { evicting } = this;
    if (evicting === undefined) return false;
    const { clock } = this.options.tools;
    if (!evicting.worker.isOver && clock.now() - evicting.since < endMax) return true;
    this.evicting = undefined;
    return false;
  }

  private tell([first]: readonly Threshold[]): void {
    const node = this.options.node();
    if (first === undefined || node === undefined) return;
    const what =
      first.signal === "memory.available"
        ? "memory"
        : first.signal === "pid.available"
          ? "pids"
          : first.signal.endsWith("inodesFree")
            ? "inodes"
            : "ephemeral-storage";
    this.options.nodeEvent(node, "EvictionThresholdMet", `Attempting to reclaim ${what}`);
  }

  private active(): readonly PodWorker[] {
    return Array.from(this.options.pods.all).filter((worker) => worker.isActive);
  }

  private evict(worker: PodWorker, graceSeconds: number, message: string): void {
    const { tools } = this.options;
    tools.log.warn("evicting a pod", { pod: worker.pod.metadata.name, because: message.trim() });
    tools.event(worker.pod, "Warning", "Evicted", message);
    worker.fail({ reason: "Evicted", message, isDisruption: true }, graceSeconds);
  }

  private async evictFor(due: readonly Threshold[]): Promise<void> {
    const workers = this.active();
    const candidates = await this.candidates(workers);
    const readings = await this.read();
    const chosen = planEviction(due, (signal) => readings[signal], candidates, this.options.settings);
    const worker = workers.find(({ pod }) => pod.metadata.uid === chosen?.pod.metadata.uid);
    if (chosen === undefined || worker === undefined) return;
    this.evicting = { worker, since: this.options.tools.clock.now() };
    this.evict(worker, chosen.graceSeconds, chosen.message);
  }

  /** Pods that wrote more than they may. */
  private async checkLimits(): Promise<boolean> {
    let found = false;
    for (const worker of this.active()) {
      const { pod } = worker;
      if (!hasStorageLimits(pod) || isCritical(pod, isStatic(pod))) continue;
      const message = planStorageLimits(pod, (await this.storageOf(pod)).bytes);
      if (message === undefined || !worker.isActive) continue;
      this.evict(worker, 1, message);
      found = true;
    }
    return found;
  }

  private async candidates(workers: readonly PodWorker[]): Promise<Candidate[]> {
    const usages = await this.options.tools.runtime.listUsage();
    const found: Candidate[] = [];
    for (const worker of workers) found.push(await this.candidate(worker, usages));
    return found;
  }

  private async candidate(
    worker: PodWorker,
    usages: ReadonlyMap<string, ContainerUsage>,
  ): Promise<Candidate> {
    const { pod, state } = worker;
    const storage = await this.storageOf(pod);
    const containers: Record<string, { memory: number; disk: number }> = {};
    let memory = 0;
    let processes = 0;
    for (const [name, container] of Object.entries(state.containers)) {
      const usage = "id" in container ? usages.get(container.id) : undefined;
      memory += usage?.memoryWorkingSet ?? 0;
      processes += usage?.processes ?? 0;
      containers[name] = { memory: usage?.memoryWorkingSet ?? 0, disk: storage.bytes.logs[name] ?? 0 };
    }
    const use = { memory, disk: storage.all.bytes, inodes: storage.all.inodes, processes };
    return { pod, isStatic: isStatic(pod), use, containers };
  }

  private async storageOf(pod: Pod) {
    const { files, volumes: made, node } = this.options.tools;
    const all = { bytes: 0, inodes: 0 };
    const measure = async (path: string): Promise<number> => {
      const used: SpaceUsed = await files.usage(path);
      all.bytes += used.bytes;
      all.inodes += used.inodes;
      return used.bytes;
    };
    const volumes: Record<string, number> = {};
    for (const { name, path } of made.emptyFolders(pod)) volumes[name] = await measure(path);
    const logs: Record<string, number> = {};
    for (const { name } of pod.spec?.containers ?? [])
      logs[name] = await measure(`${logFolderOf(node.podLogsDir, pod)}/${name}`);
    return { bytes: { volumes, logs }, all };
  }

  /** Containers that were started anew leave their last run behind, for its log: that goes before any pod does. */
  private async freeEnded(): Promise<number> {
    const { runtime, files } = this.options.tools;
    let freed = 0;
    for (const { state } of this.options.pods.all)
      for (const { last } of Object.values(state.containers)) {
        const status = last === undefined ? "absent" : await runtime.containerStatus(last.id);
        if (status === "absent" || status.state === "running") continue;
        await runtime.removeContainer(status.id);
        if (dirname(status.logPath) !== ".") await removeLogs(files, status.logPath);
        freed += 1;
      }
    return freed;
  }
}
