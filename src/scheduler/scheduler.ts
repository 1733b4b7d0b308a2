// Owns the scheduler: watches for pods without a node, and binds them as planned or says why not.
import { deepEqual } from "../lib/json.ts";
import type { Node, Pod } from "../model/generated/types.ts";
import { node as nodeKind } from "../model/kinds/node.ts";
import { pod as podKind } from "../model/kinds/pod.ts";
import { takesRoom } from "../model/placement.ts";
import { formatTime } from "../model/time.ts";
import type { Client, EventRecorder, Informer, InformerChange, Informers } from "../client/client.ts";
import type { Clock } from "../world/clock.ts";
import { wordsOf, type Log } from "../world/log.ts";
import type { Random } from "../world/random.ts";
import { ClusterLedger } from "./cluster-ledger.ts";
import { PendingPods } from "./pending-pods.ts";
import { planBinding, priorityOf } from "./plan-binding.ts";
import { planPreemption } from "./plan-preemption.ts";
import { preempt } from "./preempt.ts";

export interface SchedulerOptions {
  readonly client: Client;
  readonly informers: Informers;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly recorder: EventRecorder;
  readonly signal: AbortSignal;
  /** Pods that name another scheduler are left to it. */
  readonly schedulerName?: string;
  /** Bindings on their way at a time. */
  readonly maxConcurrency?: number;
}

/** Schedules until the signal aborts; resolves then, when what was on its way has been answered. */
export async function startScheduler(options: SchedulerOptions): Promise<void> {
  const scheduler = new Scheduler(options);
  await scheduler.run();
}

const keyOf = ({ metadata }: Pod): string => `${metadata.namespace ?? ""}/${metadata.name}`;

/** What of a node decides about pods; heartbeats are none of it. */
const decisive = ({ metadata, spec, status }: Node): unknown => [
  metadata.labels,
  spec?.taints,
  spec?.unschedulable,
  status?.allocatable ?? status?.capacity,
];

class Scheduler {
  private readonly options: SchedulerOptions;
  private readonly name: string;
  private readonly concurrency: number;
  private readonly pods: Informer<Pod>;
  private readonly nodes: Informer<Node>;
  private readonly ledger = new ClusterLedger();
  private readonly pending: PendingPods;
  private readonly inFlight = new Set<Promise<void>>();
  private open = false;

  constructor(options: SchedulerOptions) {
    this.options = options;
    this.name = options.schedulerName ?? "default-scheduler";
    this.concurrency = options.maxConcurrency ?? 64;
    this.pods = options.informers.of(podKind);
    this.nodes = options.informers.of(nodeKind);
    this.pending = new PendingPods(options.clock, () => this.pump());
  }

  async run(): Promise<void> {
    const { signal } = this.options;
    const stopped = new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      else signal.addEventListener("abort", () => resolve(), { once: true });
    });
    const ends = [
      this.nodes.onChange((change) => this.onNode(change)),
      this.pods.onChange((change) => this.onPod(change)),
    ];
    // Deciding on half of the nodes would call pods unschedulable that are not.
    await Promise.race([Promise.all([this.nodes.synced, this.pods.synced]), stopped]);
    this.open = !signal.aborted;
    this.pump();
    await stopped;
    this.open = false;
    for (const end of ends) end();
    this.pending.stop();
    await Promise.all(this.inFlight);
  }

  private onNode(change: InformerChange<Node>): void {
    const { name } = change.object.metadata;
    if (change.is === "removed") return this.ledger.removeNode(name);
    this.ledger.setNode(change.object);
    if (change.is === "changed" && deepEqual(decisive(change.object), decisive(change.previous))) return;
    this.pending.wake(name);
  }

  private onPod(change: InformerChange<Pod>): void {
    const pod = change.object;
    const node = pod.spec?.nodeName ?? "";
    if (change.is === "removed") {
      this.pending.remove(keyOf(pod));
      const room = node === "" ? this.ledger.nominationOf(pod) : node;
      this.ledger.remove(pod);
      return room === undefined ? undefined : this.pending.wake(room);
    }
    // One name may stand for another pod by now; the earlier one's booking goes with it.
    if (change.is === "changed" && change.previous.metadata.uid !== pod.metadata.uid)
      this.ledger.remove(change.previous);
    const held = this.ledger.holds(pod);
    this.ledger.observe(pod);
    if (this.isMine(pod)) {
      if (!held && (change.is === "added" || this.asksAnew(pod, change.previous)))
        this.pending.add(keyOf(pod), priorityOf(pod));
      return;
    }
    this.pending.remove(keyOf(pod));
    if (held && node !== "" && !takesRoom(pod)) this.pending.wake(node);
  }

  /** What the scheduler itself writes on a pod is no reason to try again. */
  private asksAnew(pod: Pod, previous: Pod): boolean {
    return pod.metadata.uid !== previous.metadata.uid || !deepEqual(pod.spec, previous.spec);
  }

  private isMine({ metadata, spec, status }: Pod): boolean {
    return (
      (spec?.nodeName ?? "") === "" &&
      (spec?.schedulerName ?? "default-scheduler") === this.name &&
      metadata.deletionTimestamp === undefined &&
      (spec?.schedulingGates ?? []).length === 0 &&
      status?.phase !== "Failed" &&
      status?.phase !== "Succeeded"
    );
  }

  private pump(): void {
    while (this.open && this.inFlight.size < this.concurrency) {
      const key = this.pending.take();
      if (key === undefined) return;
      const pod = this.pods.get(key);
      if (pod === undefined || !this.isMine(pod) || this.ledger.holds(pod)) continue;
      const work = this.schedule(pod).catch((error: unknown) => {
        this.options.log.warn("scheduling failed", { pod: key, error: wordsOf(error) });
        this.ledger.forget(pod);
        this.pending.retry(key, priorityOf(pod));
      });
      const tracked: Promise<void> = work.finally(() => {
        this.inFlight.delete(tracked);
        this.pump();
      });
      this.inFlight.add(tracked);
    }
  }

  /** Decides and books before the first await, so that the next pod is decided with this one counted. */
  private schedule(pod: Pod): Promise<void> {
    const plan = planBinding(pod, this.ledger, (below) => this.options.random.int(below));
    if (plan.do === "bind") {
      this.ledger.assume(pod, plan.node);
      return this.bind(pod, plan.node);
    }
    this.pending.park(keyOf(pod), priorityOf(pod), plan.hopes);
    const reported = this.report(pod, plan.message);
    const room = planPreemption(pod, this.ledger, (node) => this.ledger.podsOn(node));
    if (room.do === "nothing") return reported;
    // Kept from now on: whoever is ended here may well be made anew at once, and would be back before the pod.
    this.ledger.nominate(pod, room.node);
    return reported.then(() => preempt(this.options, pod, room));
  }

  private async bind(pod: Pod, node: string): Promise<void> {
    const { client, recorder, log } = this.options;
    const { name, namespace, uid } = pod.metadata;
    const answer = await client.of(podKind).post({ name, namespace }, "binding", {
      apiVersion: "v1",
      kind: "Binding",
      metadata: { name, namespace, uid },
      target: { kind: "Node", name: node },
    });
    if (answer.is === "ok") {
      this.pending.remove(keyOf(pod));
      recorder.event(pod, "Normal", "Scheduled", `Successfully assigned ${namespace}/${name} to ${node}`);
      return;
    }
    this.ledger.forget(pod);
    this.pending.wake(node);
    if (answer.is === "absent") return;
    log.info("binding refused", { pod: keyOf(pod), node, reason: answer.status.message ?? answer.is });
    this.pending.retry(keyOf(pod), priorityOf(pod));
  }

  private async report(pod: Pod, message: string): Promise<void> {
    const { client, recorder, clock } = this.options;
    const { name, namespace, uid } = pod.metadata;
    recorder.event(pod, "Warning", "FailedScheduling", message);
    const told = pod.status?.conditions?.find(({ type }) => type === "PodScheduled");
    if (told?.status === "False" && told.reason === "Unschedulable" && told.message === message) return;
    const lastTransitionTime =
      told?.status === "False" && told.lastTransitionTime !== undefined
        ? told.lastTransitionTime
        : formatTime(clock.now());
    const condition = {
      type: "PodScheduled",
      status: "False",
      reason: "Unschedulable",
      message,
      lastTransitionTime,
    };
    // The UID keeps the patch from a pod that took the name meanwhile; a refusal only means there is nobody left to tell.
    const patch = { metadata: { uid }, status: { conditions: [condition] } };
    await client.of(podKind).patch({ name, namespace }, "strategic", patch, "status");
  }
}
