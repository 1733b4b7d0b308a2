// Owns the collection of garbage: objects whose owners are gone, and deletions that wait for dependents (D.17).
import type { Answer } from "../../client/client.ts";
import { followCustomKinds } from "../../client/custom-kinds.ts";
import { createWorkQueue } from "../../client/work-queue.ts";
import { deepEqual } from "../../lib/json.ts";
import type { OwnerReference } from "../../model/generated/types.ts";
import type { Descriptor } from "../../model/kinds/descriptor.ts";
import type { KubeObject } from "../../model/meta.ts";
import { runController, unlessRefused, type ControllerPorts, type Running } from "../run-controller.ts";
import { OwnerGraph, type Member } from "./owner-graph.ts";
import {
  asksForDependents,
  concerns,
  orphanFinalizer,
  planGarbage,
  waitsForDependents,
  type GarbageAction,
  type OwnerState,
  type Propagation,
} from "./plan-garbage.ts";

export interface GarbageOptions extends ControllerPorts {
  /** The kinds to look after; events are left out, they expire. */
  readonly kinds: readonly Descriptor[];
}

/** Another writer was faster; pods change often, and what changed need not be what would bring the key back. */
const staleDelay = 100;

export function startGarbageController(options: GarbageOptions): Running {
  const { client, informers, clock, log, kinds } = options;
  const queue = createWorkQueue({ clock, log });
  const graph = new OwnerGraph(
    client,
    informers,
    kinds.filter((kind) => kind.resource !== "events"),
  );
  const lookAt = (member: Member) => queue.add(graph.keyOf(member));

  graph.onChange((change, kind) => {
    const { object } = change;
    if (change.is === "removed") {
      for (const dependent of graph.dependentsOf(object.metadata.uid)) lookAt(dependent);
      for (const owner of object.metadata.ownerReferences ?? []) {
        const known = graph.known(object, owner);
        if (known !== undefined && waitsForDependents(known.object)) lookAt(known);
      }
    } else if (
      concerns(object) &&
      (change.is === "added" || isNews(change.previous, object)) &&
      !graph.isKept(object)
    )
      lookAt({ kind, object });
  });

  const custom = followCustomKinds(informers);
  custom.onChange(({ is, kind }) => {
    if (is === "removed") return graph.remove(kind);
    // Owners that nobody knew may be absent ones.
    void graph.add(kind).synced.then(() => {
      for (const dependent of graph.dependentsOfKind(kind)) lookAt(dependent);
    });
  });

  const collector = new Collector(options, graph, lookAt);
  return runController(
    {
      name: "garbage",
      queue,
      informers: [...graph.informers, custom.informer],
      workers: 20,
      async sync(key) {
        const member = graph.member(key);
        if (member !== undefined && (await collector.collect(member)) === "stale")
          queue.addAfter(key, staleDelay);
      },
    },
    options,
  );
}

const isNews = (previous: KubeObject, object: KubeObject): boolean =>
  previous.metadata.deletionTimestamp !== object.metadata.deletionTimestamp ||
  !deepEqual(previous.metadata.ownerReferences, object.metadata.ownerReferences) ||
  !deepEqual(previous.metadata.finalizers, object.metadata.finalizers);

type Outcome = "done" | "stale";

class Collector {
  private readonly ports: GarbageOptions;
  private readonly graph: OwnerGraph;
  private readonly lookAt: (member: Member) => void;

  constructor(ports: GarbageOptions, graph: OwnerGraph, lookAt: (member: Member) => void) {
    this.ports = ports;
    this.graph = graph;
    this.lookAt = lookAt;
  }

  async collect(member: Member): Promise<Outcome> {
    const { object } = member;
    if (!concerns(object)) return "done";
    const owners = new Map<OwnerReference, OwnerState>();
    if (object.metadata.deletionTimestamp === undefined)
      for (const owner of object.metadata.ownerReferences ?? [])
        owners.set(owner, await this.graph.stateOf(object, owner));
    const dependents = asksForDependents(object, owners)
      ? [...this.graph.dependentsOf(object.metadata.uid)]
      : [];
    const objects = dependents.map((dependent) => dependent.object);
    const action = planGarbage(object, owners, objects);
    return action === "nothing" ? "done" : this.perform(action, member, dependents);
  }

  private async perform(
    action: GarbageAction,
    member: Member,
    dependents: readonly Member[],
  ): Promise<Outcome> {
    switch (action.do) {
      case "delete":
        return this.delete(member, action.propagation);
      case "disown":
        return this.disown(member, action.uids);
      case "orphan-dependents": {
        const { uid } = member.object.metadata;
        for (const dependent of dependents)
          if ((await this.disown(dependent, [uid])) === "stale") return "stale";
        return this.removeFinalizer(member, orphanFinalizer);
      }
      case "remove-finalizer":
        return this.removeFinalizer(member, action.finalizer);
      case "look-at-dependents":
        for (const dependent of dependents)
          if (dependent.object.metadata.deletionTimestamp === undefined) this.lookAt(dependent);
        break;
    }
    return "done";
  }

  /** Only the object that was looked at, with the owners it had then. */
  private async delete(member: Member, propagation: Propagation): Promise<Outcome> {
    const { name, namespace, uid, resourceVersion } = member.object.metadata;
    const options = { uid, resourceVersion, propagation };
    const answer = await this.ports.client.of(member.kind).delete({ name, namespace }, options);
    if (answer.is === "ok") this.ports.log.debug("garbage deleted", { object: this.graph.keyOf(member) });
    return outcomeOf(answer, `delete ${this.graph.keyOf(member)}, whose owner is gone`);
  }

  private disown(member: Member, uids: readonly string[]): Promise<Outcome> {
    const owners = member.object.metadata.ownerReferences ?? [];
    const left = owners.filter((owner) => !uids.includes(owner.uid));
    return this.patch(member, { ownerReferences: left.length === 0 ? null : left });
  }

  private removeFinalizer(member: Member, finalizer: string): Promise<Outcome> {
    const left = (member.object.metadata.finalizers ?? []).filter((name) => name !== finalizer);
    return this.patch(member, { finalizers: left.length === 0 ? null : left });
  }

  private async patch(member: Member, metadata: Readonly<Record<string, unknown>>): Promise<Outcome> {
    const { name, namespace, resourceVersion } = member.object.metadata;
    const patch = { metadata: { resourceVersion, ...metadata } };
    const answer = await this.ports.client.of(member.kind).patch({ name, namespace }, "merge", patch);
    return outcomeOf(answer, `patch ${this.graph.keyOf(member)}`);
  }
}

const outcomeOf = (answer: Answer<unknown>, doing: string): Outcome =>
  unlessRefused(answer, doing).is === "conflict" ? "stale" : "done";
