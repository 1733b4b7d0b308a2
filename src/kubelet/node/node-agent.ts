// Owns the node's place in the API: registration, heartbeats, status. A node that someone deletes is not put back until the kubelet starts again.
import type { Client, Informer } from "../../client/client.ts";
import { deepEqual } from "../../lib/json.ts";
import type { Instant, Millis } from "../../lib/units.ts";
import type { Node } from "../../model/generated/types.ts";
import { node as nodeKind } from "../../model/kinds/node.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import { pause, type Clock } from "../../world/clock.ts";
import { wordsOf, type Log } from "../../world/log.ts";
import type { Random } from "../../world/random.ts";
import type { Pressure } from "../eviction/step-pressure.ts";
import type { Machine, MachineLoad } from "./machine.ts";
import { NodeLease } from "./node-lease.ts";
import {
  planNode,
  planNodeLabels,
  planNodeStatus,
  withoutHeartbeat,
  type NodeFigures,
  type NodeHealth,
} from "./plan-node.ts";

const reportPeriod: Millis = 300_000;
const memoryMin = 100 * 1024 * 1024;

export interface NodeAgentOptions {
  readonly client: Client;
  /** Of this node alone. */
  readonly nodes: Informer<Node>;
  readonly figures: NodeFigures;
  readonly runtime: Runtime;
  readonly machine: Machine | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly period: Millis;
  /** Undefined where nobody watches over them; then the machine's load tells. */
  readonly pressures: () => readonly Pressure[] | undefined;
  readonly isShuttingDown: () => boolean;
  /** Of manifests that are not run; undefined where the node takes none. */
  readonly staticPods: () => readonly string[] | undefined;
  readonly signal: AbortSignal;
}

const pressuresOf = ({ memoryAvailable, processes, processesMax }: MachineLoad): Pressure[] => [
  ...(memoryAvailable < memoryMin ? (["MemoryPressure"] as const) : []),
  ...(processes > processesMax * 0.95 ? (["PIDPressure"] as const) : []),
];

const asleep = (): void => undefined;

export class NodeAgent {
  private readonly options: NodeAgentOptions;
  private readonly lease: NodeLease;
  private registeredUid: string | undefined;
  private latest: Node | undefined;
  private reportedAt: Instant = 0;
  /** A node whose status was found to say what this health comes to: at most beats nothing has changed. */
  private right: { readonly node: Node; readonly health: NodeHealth } | undefined;
  private ended = false;
  private hurried = false;
  private wake: () => void = asleep;

  constructor(options: NodeAgentOptions) {
    this.options = options;
    this.lease = new NodeLease(options.client);
  }

  /** The node as the API has it, with the labels and taints others gave it. */
  get node(): Node | undefined {
    return this.latest;
  }

  /** Resolves when the node stands in the API; tries until then. */
  async register(): Promise<void> {
    const { clock, signal, log } = this.options;
    for (let failures = 0; ; failures++) {
      try {
        await this.registerOnce();
        return this.follow();
      } catch (thrown) {
        if (signal.aborted) throw thrown;
        log.warn("cannot register the node, will try again", { error: wordsOf(thrown) });
        await pause(clock, Math.min(7000, 200 * 2 ** failures), signal);
      }
    }
  }

  /** Heartbeats until the signal aborts or the node is deleted. */
  async beat(): Promise<void> {
    const { signal, log, period, random } = this.options;
    let first = true;
    // Once for all beats: to listen and cease to costs more than the rest of a beat.
    signal.addEventListener("abort", () => this.wake(), { once: true });
    while (!signal.aborted && !this.ended) {
      this.hurried = false;
      try {
        await this.beatOnce();
      } catch (thrown) {
        if (!signal.aborted) log.warn("heartbeat not written, will try again", { error: wordsOf(thrown) });
      }
      // Many kubelets started together should not beat together: the second beat comes at any time within the period.
      const early = Math.max(1, Math.floor(first ? period : period / 25));
      first = false;
      await this.rest(period - random.int(early));
    }
  }

  /** The node's health has changed: it is told soon. */
  hurry(): void {
    this.hurried = true;
    this.wake();
  }

  private rest(time: Millis): Promise<void> {
    const { clock, signal } = this.options;
    if (this.hurried || signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const cancel = clock.after(time, () => this.wake());
      this.wake = () => {
        cancel();
        this.wake = asleep;
        resolve();
      };
    });
  }

  private async registerOnce(): Promise<void> {
    const { client, figures, clock } = this.options;
    const nodes = client.of(nodeKind);
    const draft = planNode(figures, await this.health(), clock.now());
    const created = await nodes.create(draft);
    if (created.is === "ok") return this.registered(created.object);
    if (created.is !== "exists") throw new Error(created.status.message ?? "the node is refused");
    const found = await nodes.get({ name: figures.nodeName });
    if (found.is !== "ok") throw new Error(found.status.message ?? "the node can't be read");
    const labels = planNodeLabels(found.object, figures);
    const patched =
      labels === undefined
        ? found
        : await nodes.patch({ name: figures.nodeName }, "merge", { metadata: { labels } });
    if (patched.is !== "ok") throw new Error(patched.status.message ?? "the node can't be changed");
    this.registered(patched.object);
    await this.report(true);
  }

  private registered(node: Node): void {
    this.latest = node;
    this.registeredUid = node.metadata.uid;
    this.reportedAt = this.options.clock.now();
    this.options.log.info("node registered", { node: node.metadata.name });
  }

  private follow(): void {
    const { nodes, log, signal } = this.options;
    const end = nodes.onChange((change) => {
      if (change.object.metadata.uid !== this.registeredUid) return;
      if (change.is !== "removed") {
        this.latest = change.object;
        return;
      }
      this.ended = true;
      log.warn(
        "the node was deleted from the API: no more heartbeats; start the kubelet again to register it anew",
      );
    });
    signal.addEventListener("abort", end, { once: true });
  }

  private async beatOnce(): Promise<void> {
    const { clock } = this.options;
    if (this.latest === undefined) return;
    await this.lease.renew(this.latest, clock.now());
    await this.report(false);
  }

  /** Writes the node's status where it has changed, or for long hasn't been written. */
  private async report(always: boolean): Promise<void> {
    const { client, figures, clock } = this.options;
    const nodes = client.of(nodeKind);
    const health = await this.health();
    for (let attempt = 0; attempt < 5; attempt++) {
      const before = this.latest;
      if (before === undefined || this.ended) return;
      const now = clock.now();
      const due = always || now - this.reportedAt >= reportPeriod;
      if (!due && this.right?.node === before && deepEqual(this.right.health, health)) return;
      const status = planNodeStatus(figures, health, before.status, now);
      if (!due && deepEqual(withoutHeartbeat(before.status), withoutHeartbeat(status))) {
        this.right = { node: before, health };
        return;
      }
      const answer = await nodes.updateStatus({ ...before, status });
      if (answer.is === "ok") {
        this.latest = answer.object;
        this.reportedAt = now;
        return;
      }
      if (answer.is !== "conflict") throw new Error(answer.status.message ?? "the node's status is refused");
      const found = await nodes.get({ name: figures.nodeName });
      if (found.is !== "ok" || found.object.metadata.uid !== this.registeredUid) return;
      this.latest = found.object;
    }
  }

  private async health(): Promise<NodeHealth> {
    const { runtime, machine } = this.options;
    const [state, load] = await Promise.all([
      runtime
        .health()
        .catch((thrown: unknown) => ({ reason: "RuntimeUnreachable", message: wordsOf(thrown) })),
      machine?.load(),
    ]);
    return {
      runtime: state,
      staticPods: this.options.staticPods(),
      pressures: this.options.pressures() ?? (load === undefined ? [] : pressuresOf(load)),
      isShuttingDown: this.options.isShuttingDown(),
    };
  }
}
