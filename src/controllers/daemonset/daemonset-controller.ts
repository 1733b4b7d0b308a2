// Owns the DaemonSet controller: observes, has it planned, and performs the plan until nothing is left to do.
import type { Client, EventRecorder, Informer, InformerChange, Informers } from "../../client/client.ts";
import { keyOf } from "../../client/resource-path.ts";
import { createWorkQueue } from "../../client/work-queue.ts";
import type { Millis } from "../../lib/units.ts";
import type { ControllerRevision, DaemonSet, Node, Pod } from "../../model/generated/types.ts";
import { controllerRevision as revisionKind } from "../../model/kinds/controller-revision.ts";
import { daemonSet as setKind } from "../../model/kinds/daemon-set.ts";
import { node as nodeKind } from "../../model/kinds/node.ts";
import { pod as podKind } from "../../model/kinds/pod.ts";
import type { KubeObject } from "../../model/meta.ts";
import { targetNodeOf } from "../../model/placement.ts";
import { matchesLabelSelector } from "../../model/selector.ts";
import type { Clock } from "../../world/clock.ts";
import { wordsOf, type Log } from "../../world/log.ts";
import { OwnWrites, ownershipIndexes } from "./own-writes.ts";
import { Performer } from "./perform-action.ts";
import type { Action } from "./plan-action.ts";
import { planNewNode, type NodeObserved } from "./plan-daemon-set.ts";
import { minReadyOf } from "./plan-node-pods.ts";
import { nodeMatters, onlyStatusChanged, podMatters } from "./plan-interest.ts";
import { placesAmong, podIndexes } from "./pod-places.ts";
import { controllerOf } from "../../model/owner.ts";
import { isReplacement, Replacements, type Replacement } from "./replacements.ts";
import { slowStart, type Done } from "./slow-start.ts";
import { basisOf, newMemory, type Memory } from "./set-memory.ts";
import type { Surroundings } from "./standing-plan.ts";

export interface DaemonSetControllerOptions {
  readonly client: Client;
  readonly informers: Informers;
  readonly clock: Clock;
  readonly log: Log;
  readonly recorder: EventRecorder;
  readonly signal: AbortSignal;
  /** Requests on their way at a time, for each set; sets worked on at a time are at most eight. */
  readonly maxConcurrency?: number;
}

/** Controls DaemonSets until the signal aborts; resolves when what was under way has ended. */
export async function startDaemonSetController(options: DaemonSetControllerOptions): Promise<void> {
  await new DaemonSetController(options).run();
}

interface Known {
  readonly set: DaemonSet;
  readonly memory: Memory;
}

const setsAtOnce = 8;
const roundsMax = 8;
// A plan costs a few microseconds a node on which something happened: what happens at about the same time is planned for together.
const nodesPerMilli = 100;
const pauseMax: Millis = 250;
// A status is a durable write like any other: one for each pod that moves would stand in the way of the pods themselves.
const statusPause: Millis = 50;
const statusPauseMax: Millis = 1000;
const nodesPerStatusMilli = 25;

class DaemonSetController {
  private readonly options: DaemonSetControllerOptions;
  private readonly concurrency: number;
  private readonly sets: Informer<DaemonSet>;
  private readonly nodes: Informer<Node>;
  private readonly podInformer: Informer<Pod>;
  private readonly revisionInformer: Informer<ControllerRevision>;
  private readonly pods: OwnWrites<Pod>;
  private readonly revisions: OwnWrites<ControllerRevision>;
  private readonly memories = new Map<string, Memory>();
  private readonly queue;
  private readonly hurried = new Set<Promise<unknown>>();
  private open = false;

  constructor(options: DaemonSetControllerOptions) {
    const { informers, clock, log } = options;
    this.options = options;
    this.concurrency = options.maxConcurrency ?? 64;
    this.queue = createWorkQueue({ clock, log });
    this.sets = informers.of(setKind, {
      indexes: {
        uid: ({ metadata }) => [metadata.uid],
        namespace: ({ metadata }) => [metadata.namespace ?? ""],
      },
    });
    this.nodes = informers.of(nodeKind);
    this.podInformer = informers.of(podKind, { indexes: podIndexes });
    this.revisionInformer = informers.of(revisionKind, { indexes: ownershipIndexes });
    this.pods = new OwnWrites(this.podInformer, podIndexes, (pod) => this.touch(pod));
    this.revisions = new OwnWrites(this.revisionInformer);
  }

  async run(): Promise<void> {
    const { signal } = this.options;
    const stopped = new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      else signal.addEventListener("abort", () => resolve(), { once: true });
    });
    const ends = [
      this.sets.onChange((change) => this.onSet(change)),
      this.nodes.onChange((change) => this.onNode(change)),
      this.podInformer.onChange((change) => this.onPod(change)),
      this.revisionInformer.onChange((change) => this.onRevision(change)),
    ];
    const synced = [this.sets, this.nodes, this.podInformer, this.revisionInformer].map(
      ({ synced }) => synced,
    );
    await Promise.race([Promise.all(synced), stopped]);
    this.open = !signal.aborted;
    await this.queue.run(setsAtOnce, (key) => this.sync(key), signal);
    this.open = false;
    for (const end of ends) end();
    await Promise.allSettled(this.hurried);
  }

  private onSet(change: InformerChange<DaemonSet>): void {
    const key = keyOf(change.object);
    // Our own status writes come back here: they are looked at again, but at leisure.
    if (change.is === "changed" && onlyStatusChanged(change.object, change.previous))
      this.later(change.object);
    else this.queue.add(key);
  }

  private onNode(change: InformerChange<Node>): void {
    if (change.is === "changed" && !nodeMatters(change.object, change.previous)) return;
    for (const set of this.sets.list()) {
      this.memories.get(keyOf(set))?.plan.touch(change.object.metadata.name);
      if (change.is !== "removed") this.hurry(set, change.object);
      this.later(set);
    }
  }

  /** A pod is not what it was when its set was last planned for. */
  private touch(pod: Pod): void {
    const owner = controllerOf(pod);
    if (owner === undefined) return;
    for (const set of this.sets.byIndex("uid", owner.uid))
      this.memories.get(keyOf(set))?.plan.touch(targetNodeOf(pod) ?? "");
  }

  private onPod(change: InformerChange<Pod>): void {
    this.pods.observe(change);
    if (change.is === "changed" && !podMatters(change.object, change.previous)) return;
    this.touch(change.object);
    if (change.is === "changed") this.touch(change.previous);
    for (const set of this.concerned(change)) {
      this.seen(set, change.object);
      const node = change.is === "removed" ? this.nodes.get(targetNodeOf(change.object) ?? "") : undefined;
      if (node !== undefined) this.hurry(set, node);
      // A plan may be made at once, and is to know what was hurried.
      this.later(set);
    }
  }

  private seen(set: DaemonSet, pod: Pod): void {
    const asked = this.memories.get(keyOf(set))?.asked;
    if (asked === undefined || asked.size === 0) return;
    const node = targetNodeOf(pod) ?? "";
    if (asked.get(node) === pod.metadata.name) asked.delete(node);
  }

  private onRevision(change: InformerChange<ControllerRevision>): void {
    this.revisions.observe(change);
    for (const set of this.concerned(change)) this.later(set);
  }

  /** The sets that own an object or did, and where nobody does, those that might adopt it. */
  private concerned(change: InformerChange<KubeObject>): ReadonlySet<DaemonSet> {
    const found = new Set<DaemonSet>();
    const versions = change.is === "changed" ? [change.object, change.previous] : [change.object];
    for (const version of versions) {
      const owner = controllerOf(version);
      if (owner !== undefined) for (const set of this.sets.byIndex("uid", owner.uid)) found.add(set);
    }
    const { namespace = "", labels } = change.object.metadata;
    if (controllerOf(change.object) === undefined && change.is !== "removed")
      for (const set of this.sets.byIndex("namespace", namespace))
        if (matchesLabelSelector(set.spec?.selector, labels)) found.add(set);
    return found;
  }

  /** Plans soon: at once for a small cluster or after quiet, else when a share of what planning costs has passed. */
  private later(set: DaemonSet): void {
    const key = keyOf(set);
    const last = this.memories.get(key)?.plannedAt ?? -Infinity;
    this.queue.addAfter(key, last + this.rest - this.options.clock.now());
  }

  /** Whatever asked for it, a plan for the same generation waits until the last one's cost has been rested. */
  private rests(key: string, set: DaemonSet, memory: Memory): boolean {
    if (memory.basis?.set.metadata.generation !== set.metadata.generation) return false;
    const rest = memory.plannedAt + this.rest - this.options.clock.now();
    if (rest > 0) this.queue.addAfter(key, rest);
    return rest > 0;
  }

  /** How long plans of one set lie apart: nothing in a small cluster. */
  private get rest(): Millis {
    const rest = Math.min(this.nodes.size / nodesPerMilli, pauseMax);
    return rest < 1 ? 0 : rest;
  }

  private get statusRest(): Millis {
    return Math.min(Math.max(statusPause, this.nodes.size / nodesPerStatusMilli), statusPauseMax);
  }

  /** A node without a pod gets one now, ahead of the plan for all nodes, whatever their number. */
  private hurry(set: DaemonSet, node: Node): void {
    const memory = this.memories.get(keyOf(set));
    if (!this.open || memory?.basis?.set.metadata.generation !== set.metadata.generation) return;
    if (memory?.basis === undefined || memory.basis.set.metadata.uid !== set.metadata.uid) return;
    const { name } = node.metadata;
    if (memory.creating.has(name)) return;
    for (const _ of this.pods.under("place", `${set.metadata.uid}/${name}`)) return;
    for (const orphan of this.pods.orphansIn(set.metadata.namespace ?? ""))
      if (targetNodeOf(orphan) === name) return;
    const actions = planNewNode(this.observedOfNodes(set, memory), memory.basis, node);
    if (actions.length === 0) return;
    memory.creating.add(name);
    const work = this.performAll(set, memory, actions).catch((thrown: unknown) =>
      this.options.log.warn("cannot create a daemon pod; planning again", {
        node: name,
        error: wordsOf(thrown),
      }),
    );
    const tracked = work.finally(() => {
      this.hurried.delete(tracked);
      memory.creating.delete(name);
      this.later(set);
    });
    this.hurried.add(tracked);
  }

  private observedOfNodes(set: DaemonSet, { backOffs, asked }: Memory): NodeObserved {
    const { namespace = "" } = set.metadata;
    const nameTaken = (name: string) => this.pods.get(`${namespace}/${name}`) !== undefined;
    return { set, now: this.options.clock.now(), backOffs, asked, nameTaken };
  }

  private observed(set: DaemonSet, memory: Memory): Surroundings {
    const { uid, namespace = "" } = set.metadata;
    const { nodes, pods, revisions } = this;
    return {
      ...this.observedOfNodes(set, memory),
      nodes: nodes.list(),
      nodeNamed: (name) => nodes.get(name),
      pods: anew(() => both(pods.ownedBy(uid), pods.orphansIn(namespace))),
      podsOn: (node) => pods.under("place", `${uid}/${node}`),
      orphans: pods.orphansIn(namespace),
      places: placesAmong(pods.ownedBy(uid)),
      revisions: anew(() => both(revisions.ownedBy(uid), revisions.orphansIn(namespace))),
    };
  }

  /** Plans and performs by turns; the status is written once nothing else is left, of what is then observed. */
  private async sync(key: string): Promise<void> {
    for (let round = 0; round < roundsMax; round++) {
      const set = this.sets.get(key);
      if (set === undefined) {
        this.memories.get(key)?.replacements.drop();
        this.memories.delete(key);
        return;
      }
      const memory = this.memoryOf(key, set);
      if (this.rests(key, set, memory)) return;
      if (isAnother(set, memory.basis?.set)) memory.replacements.drop();
      const plan = memory.plan.plan(this.observed(set, memory));
      memory.plannedAt = this.options.clock.now();
      memory.basis = plan.current === undefined ? undefined : basisOf(set, plan.current);
      this.replace(key, { set, memory }, plan.actions.filter(isReplacement));
      const steps = plan.actions.filter((action) => isStep(action, memory));
      const outcome = await this.performAll(set, memory, steps);
      const last = outcome !== "done" || steps.every((action) => action.do === "event");
      if (!last && this.rest === 0 && !this.options.signal.aborted) continue;
      if (!last) this.later(set);
      return this.conclude(key, { set, memory }, plan.actions, outcome);
    }
    this.queue.addLimited(key);
  }

  /** Begins to delete what the rollout replaces; when that has ended, planning goes on. */
  private replace(key: string, { set, memory }: Known, actions: readonly Replacement[]): void {
    if (actions.length === 0) return;
    const work = memory.replacements.begin(actions, this.performer(set, memory), minReadyOf(set)).then(
      (outcome) => {
        if (outcome !== "done") return this.queue.addLimited(key);
        if (!memory.replacements.busy) this.queue.forget(key);
        this.later(set);
      },
      (thrown: unknown) => {
        this.options.log.warn("cannot replace daemon pods; planning again", { key, error: wordsOf(thrown) });
        this.queue.addLimited(key);
      },
    );
    const tracked = work.finally(() => this.hurried.delete(tracked));
    this.hurried.add(tracked);
  }

  private async conclude(
    key: string,
    { set, memory }: Known,
    actions: readonly Action[],
    outcome: Done,
  ): Promise<void> {
    let written: Done = "done";
    const now = this.options.clock.now();
    for (const action of actions)
      if (action.do === "replan") this.queue.addAfter(key, action.at - now);
      else if (action.do === "write-status") {
        // The end of what is on its way plans again; so does the end of the pause. A rollout may keep at it for minutes.
        const onTheWay = memory.creating.size > 0 || memory.replacements.busy;
        if (onTheWay && now - memory.statusAt < statusPauseMax) continue;
        const rest = memory.statusAt + this.statusRest - now;
        if (rest > 0) this.queue.addAfter(key, rest);
        else {
          memory.statusAt = now;
          written = await this.performer(set, memory).perform(action);
        }
      }
    if (outcome !== "done" || written !== "done") this.queue.addLimited(key);
    else if (!memory.replacements.busy) this.queue.forget(key);
  }

  private performAll(set: DaemonSet, memory: Memory, actions: readonly Action[]): Promise<Done> {
    // Known from the plan on, not from the request on: another plan may be made before that is sent. Kept until the pod has been
    // seen, for an answer that never came may belong to a pod that stands.
    for (const action of actions) if (action.do === "create-pod") memory.asked.set(action.node, action.name);
    const performer = this.performer(set, memory);
    return slowStart(actions, this.concurrency, (action) =>
      this.isDone(set, action) ? Promise.resolve<Done>("done") : performer.perform(action),
    );
  }

  /** A plan takes its time to perform: meanwhile the pod of a node may have been made ahead of it. */
  private isDone({ metadata }: DaemonSet, action: Action): boolean {
    if (action.do !== "create-pod") return false;
    const standing = this.pods.get(`${metadata.namespace ?? ""}/${action.name}`);
    return standing !== undefined && controllerOf(standing)?.uid === metadata.uid;
  }

  private performer(set: DaemonSet, memory: Memory): Performer {
    const { client, recorder } = this.options;
    const ports = { client, recorder, pods: this.pods, revisions: this.revisions };
    return new Performer(ports, set, memory, memory.basis?.mould);
  }

  private memoryOf(key: string, set: DaemonSet): Memory {
    const known = this.memories.get(key);
    if (known?.uid === set.metadata.uid) return known;
    known?.replacements.drop();
    const { clock, signal } = this.options;
    const ports = { pods: this.pods, clock, signal, most: this.concurrency };
    const memory = newMemory(set.metadata.uid, new Replacements(ports));
    this.memories.set(key, memory);
    return memory;
  }
}

const isAnother = ({ metadata }: DaemonSet, planned: DaemonSet | undefined): boolean =>
  metadata.deletionTimestamp !== undefined || metadata.generation !== planned?.metadata.generation;

/** What is performed and waited for before the next plan. */
const isStep = (action: Action, { creating }: Memory): boolean =>
  action.do !== "write-status" &&
  action.do !== "replan" &&
  !isReplacement(action) &&
  !(action.do === "create-pod" && creating.has(action.node));

/** Can be gone through more than once. */
const anew = <T>(items: () => Iterable<T>): Iterable<T> => ({
  [Symbol.iterator]: () => items()[Symbol.iterator](),
});

function* both<T>(first: Iterable<T>, second: Iterable<T>): Iterable<T> {
  yield* first;
  yield* second;
}
