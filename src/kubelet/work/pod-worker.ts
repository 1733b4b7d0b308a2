// Owns one pod on this node: holds its state, hands it signals, has its orders carried out.
import type { Millis } from "../../lib/units.ts";
import type { Pod, PodStatus } from "../../model/generated/types.ts";
import { wordsOf } from "../../world/log.ts";
import { planStatus, type NodeFacts } from "../life/plan-status.ts";
import { graceSecondsOf, membersOf } from "../life/step-pod-moves.ts";
import { stepPod } from "../life/step-pod.ts";
import type { PodOrder, PodSignal, PodState, PodStep, Sandbox, Verdict } from "../life/step-pod-types.ts";
import type { ContainerState } from "../life/step-container-types.ts";
import { exitOf, lostExit, type RuntimePod } from "./observe.ts";
import {
  clearPod,
  performForContainer,
  removeSandbox,
  reportGone,
  runSandbox,
  stopSandbox,
  type Tools,
} from "./perform.ts";
import type { Starts, Turn } from "./starts.ts";
import { StatusWriter } from "./status-writer.ts";

export interface WorkerOptions {
  readonly tools: Tools;
  readonly facts: NodeFacts;
  readonly starts: Starts;
  /** Whether the API has the pod: its status is written there, its end reported. */
  readonly inApi: boolean;
  readonly statusDelay: Millis;
  readonly refreshPeriod: Millis;
  /** Called once, when nothing is left. */
  readonly gone: (worker: PodWorker) => void;
}

/**
 * Whether anyone waits for how the pod ended: where it was to end some day, or is held in the API beyond its end. A pod that was to
 * run for ever goes the moment this would be told, so it is not.
 */
const hasLastWords = ({ metadata, spec }: Pod): boolean =>
  (spec?.restartPolicy ?? "Always") !== "Always" || (metadata.finalizers ?? []).length > 0;

function isServing(state: PodState): boolean {
  if (state.is !== "running") return false;
  for (const { name } of state.pod.spec?.containers ?? []) {
    const container = state.containers[name];
    if (container?.is !== "running" || !container.ready) return false;
  }
  return true;
}

const beginning: ReadonlySet<ContainerState["is"]> = new Set(["pulling", "creating", "starting"]);

/** On its way to run: what is made for it is made now, whatever it then waits for. */
const isStarting = (state: PodState): boolean =>
  state.end === undefined &&
  (state.is === "preparing" ||
    state.is === "sandboxing" ||
    (state.is === "running" && Object.values(state.containers).some(({ is }) => beginning.has(is))));

const over: ReadonlySet<PodState["is"]> = new Set(["settling", "ended", "clearing", "reporting", "gone"]);

/** Most pods that leave are gone before anything need be said of it; one that takes its time is told of then. */
const leavingDelay: Millis = 1000;

export class PodWorker {
  private readonly options: WorkerOptions;
  private writer: StatusWriter | undefined;
  private shown: string | undefined;
  private current: PodState;
  private readonly signals: PodSignal[] = [];
  private stepping = false;
  private cancelTimer: (() => void) | undefined;
  private cancelRefresh: (() => void) | undefined;
  private deletionGrace: number | undefined;
  private turn: Turn | undefined;

  constructor(start: PodStep, options: WorkerOptions) {
    this.options = options;
    const [{ pod }] = start;
    this.current = start[0];
    if (options.inApi) this.writer = this.writerFor(pod);
    this.performAll(start);
    if (options.tools.volumes.changes(pod)) this.refreshLater();
  }

  get state(): PodState {
    return this.current;
  }

  get pod(): Pod {
    return this.current.pod;
  }

  /** The pod with the status as it is known here. */
  get observed(): Pod {
    return { ...this.pod, status: this.planFrom(this.pod.status) };
  }

  /** A source tells the pod as it is wanted now. */
  want(pod: Pod): void {
    this.writer?.take(pod);
    this.tell({ is: "wanted", pod });
    const { deletionTimestamp, deletionGracePeriodSeconds } = pod.metadata;
    if (deletionTimestamp === undefined) return;
    const graceSeconds = deletionGracePeriodSeconds ?? graceSecondsOf(pod);
    if (this.deletionGrace !== undefined && this.deletionGrace <= graceSeconds) return;
    this.deletionGrace = graceSeconds;
    this.tell({ is: "end", because: "deleted", graceSeconds });
  }

  /** The API has this mirror of the pod: its status is written there. */
  shownAs(mirror: Pod): void {
    if (this.options.inApi || this.current.is === "gone") return;
    if (this.shown === mirror.metadata.uid) this.writer?.take(mirror);
    else {
      this.writer?.stop();
      this.writer = this.writerFor(mirror);
      this.shown = mirror.metadata.uid;
    }
    this.writer?.request();
  }

  private writerFor(object: Pod): StatusWriter | undefined {
    const { tools, statusDelay } = this.options;
    const { client, clock, log, signal } = tools;
    if (client === undefined) return undefined;
    const isLeaving = () => this.pod.metadata.deletionTimestamp !== undefined && !hasLastWords(this.pod);
    const delay = () => (isLeaving() ? Math.max(leavingDelay, statusDelay) : statusDelay);
    return new StatusWriter(object, (before) => this.planFrom(before), { client, clock, log, signal, delay });
  }

  /** Runs, or is to, and nothing has ended it yet. */
  get isActive(): boolean {
    return (
      !this.isOver && this.current.end === undefined && this.pod.metadata.deletionTimestamp === undefined
    );
  }

  /** No container of it runs or will. */
  get isOver(): boolean {
    return over.has(this.current.is);
  }

  /** The node can't keep the pod: it fails as a whole. */
  fail(verdict: Verdict, graceSeconds: number): void {
    this.tell({ is: "end", because: "failed", graceSeconds, verdict });
  }

  /** No source wants the pod any more. */
  dismiss(): void {
    const graceSeconds = this.deletionGrace ?? graceSecondsOf(this.pod);
    this.tell({ is: "end", because: "removed", graceSeconds });
  }

  /** The runtime reports something of this container. */
  async look(containerId: string): Promise<void> {
    const { runtime, clock, lastWords } = this.options.tools;
    const name = this.nameOf(containerId);
    if (name === undefined) return;
    const status = await runtime.containerStatus(containerId);
    const exit =
      status === "absent" ? lostExit(containerId, clock.now()) : exitOf(await lastWords.of(status));
    if (exit !== undefined) this.tell({ is: "container", name, signal: { is: "exited", exit } });
  }

  /** What this worker believes to run: taken before a listing, so that what came later isn't missed in it. */
  get believed(): { readonly sandbox: string | undefined; readonly containers: readonly string[] } {
    const containers = Object.values(this.current.containers).flatMap((container) =>
      "id" in container && container.is !== "starting" ? [container.id] : [],
    );
    return { sandbox: this.current.is === "running" ? this.current.sandbox.id : undefined, containers };
  }

  /** Compares what was believed with a listing of the runtime made since. */
  compare(believed: PodWorker["believed"], found: RuntimePod | undefined): void {
    const { clock } = this.options.tools;
    for (const id of believed.containers) {
      const name = this.nameOf(id);
      if (name === undefined) continue;
      const status = found?.containers.find((container) => container.id === id);
      const exit = status === undefined ? lostExit(id, clock.now()) : exitOf(status);
      if (exit !== undefined) this.tell({ is: "container", name, signal: { is: "exited", exit } });
    }
    if (believed.sandbox === undefined) return;
    const sandbox = found?.sandboxes.find(({ id }) => id === believed.sandbox);
    if (sandbox?.state !== "ready") this.tell({ is: "sandbox-lost", id: believed.sandbox });
  }

  /** Lets go of the pod; what runs goes on. */
  stop(): void {
    this.cancelTimer?.();
    this.cancelRefresh?.();
    this.writer?.stop();
    this.leaveTurn();
  }

  /** Resolves when the status is written. */
  async flush(): Promise<void> {
    await this.writer?.flush();
  }

  tell(signal: PodSignal): void {
    this.signals.push(signal);
    if (this.stepping || this.options.tools.signal.aborted) return;
    this.stepping = true;
    for (let next = this.signals.shift(); next !== undefined; next = this.signals.shift()) {
      const before = this.current;
      const step = stepPod(before, next, this.options.tools.clock.now());
      const state = step[0];
      this.current = state;
      this.performAll(step);
      if (state === before) continue;
      if (this.turn !== undefined && !isStarting(state)) this.leaveTurn();
      // What others wait for, and the last of what a start brings.
      if (isServing(state) && !isServing(before)) this.writer?.hurry();
      if (state.is === "gone" && before.is !== "gone") {
        this.stop();
        this.options.gone(this);
      }
    }
    this.stepping = false;
  }

  private planFrom(before: PodStatus | undefined): PodStatus {
    return planStatus(this.current, before, this.options.facts, this.options.tools.clock.now());
  }

  private nameOf(containerId: string): string | undefined {
    const { containers } = this.current;
    return Object.keys(containers).find((name) => {
      const container = containers[name];
      return container !== undefined && "id" in container && container.id === containerId;
    });
  }

  private performAll(step: PodStep): void {
    for (let at = 1; at < step.length; at++) {
      // All but the first are orders. Taking the step apart would make a list of every one.
      const order = step[at] as PodOrder;
      this.perform(order)?.catch((thrown) => this.notCarriedOut(order, thrown));
    }
  }

  private notCarriedOut(order: PodOrder, thrown: unknown): void {
    const { signal, log } = this.options.tools;
    if (signal.aborted) return;
    // The state stays, and the relist finds what happened.
    log.warn("order not carried out", {
      pod: this.pod.metadata.name,
      order: order.do,
      error: wordsOf(thrown),
    });
  }

  /** Nothing is left to wait for where nothing is returned. */
  private perform(order: PodOrder): Promise<void> | undefined {
    const { tools } = this.options;
    switch (order.do) {
      case "prepare":
        return this.prepare();
      case "run-sandbox":
        return runSandbox(tools, this.pod, order.attempt).then(
          (sandbox) => this.tell({ is: "sandbox-made", sandbox }),
          (thrown: unknown) => this.tell({ is: "sandbox-failed", message: wordsOf(thrown) }),
        );
      case "stop-sandbox":
        return stopSandbox(tools, order.id).then(() => this.tell({ is: "sandbox-stopped" }));
      case "remove-sandbox":
        return removeSandbox(tools, order.id).then(() => this.tell({ is: "sandbox-removed" }));
      case "clear":
        return clearPod(tools, this.pod).then(() => this.tell({ is: "cleared" }));
      case "report-gone":
        return this.reportGone();
      case "for-container":
        return this.performFor(order.container, order.order);
      case "write-status":
        this.writer?.request();
        break;
      case "wait-until":
        this.waitUntil(order.at);
        break;
      case "event":
        tools.event(this.pod, order.type, order.reason, order.message);
    }
    return undefined;
  }

  private async prepare(): Promise<void> {
    const { starts, tools } = this.options;
    this.turn ??= starts.take(this.pod);
    await this.turn.come;
    // One that ended while it waited needs nothing made.
    if (this.current.end === undefined)
      try {
        await tools.volumes.prepare(this.pod);
      } catch (thrown) {
        return this.tell({ is: "prepare-failed", message: wordsOf(thrown) });
      }
    this.tell({ is: "prepared" });
  }

  private async reportGone(): Promise<void> {
    if (hasLastWords(this.pod)) await this.writer?.flush();
    else this.writer?.stop();
    if (this.options.inApi) await reportGone(this.options.tools, this.pod);
    this.tell({ is: "reported" });
  }

  private leaveTurn(): void {
    const { turn } = this;
    this.turn = undefined;
    turn?.leave();
  }

  private performFor(
    name: string,
    order: Extract<PodOrder, { do: "for-container" }>["order"],
  ): Promise<void> | undefined {
    const container = membersOf(this.pod).find(({ spec }) => spec.name === name)?.spec;
    const sandbox: Sandbox = "sandbox" in this.current ? this.current.sandbox : { id: "", ips: [] };
    if (container === undefined || order.do === "event") return undefined;
    return performForContainer(this.options.tools, { pod: this.pod, container, sandbox }, order, (signal) =>
      this.tell({ is: "container", name, signal }),
    );
  }

  private waitUntil(at: number | undefined): void {
    this.cancelTimer?.();
    this.cancelTimer = undefined;
    if (at === undefined) return;
    const { clock } = this.options.tools;
    this.cancelTimer = clock.after(Math.max(0, at - clock.now()), () => {
      // Machine timers may fire a little early; the state machine goes by the clock.
      if (clock.now() < at) this.waitUntil(at);
      else this.tell({ is: "due" });
    });
  }

  private refreshLater(): void {
    const { volumes, clock, log } = this.options.tools;
    this.cancelRefresh = clock.after(this.options.refreshPeriod, () => {
      if (this.current.is !== "running") return this.refreshLater();
      volumes
        .prepare(this.pod)
        .catch((thrown: unknown) =>
          log.warn("volumes not refreshed", { pod: this.pod.metadata.name, error: wordsOf(thrown) }),
        )
        .finally(() => {
          if (this.current.is !== "gone" && !this.options.tools.signal.aborted) this.refreshLater();
        })
        .catch(() => undefined);
    });
  }
}
