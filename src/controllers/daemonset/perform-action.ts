// Owns the doing of what was planned for a DaemonSet. It chooses nothing; the server's refusals it passes on.
import { wordsOf } from "../../world/log.ts";
import type { Answer, Client, EventRecorder } from "../../client/client.ts";
import type { ControllerRevision, DaemonSet, Pod } from "../../model/generated/types.ts";
import { controllerRevision as revisionKind } from "../../model/kinds/controller-revision.ts";
import { daemonSet as setKind } from "../../model/kinds/daemon-set.ts";
import type { Descriptor } from "../../model/kinds/descriptor.ts";
import { pod as podKind } from "../../model/kinds/pod.ts";
import type { KubeObject } from "../../model/meta.ts";
import type { OwnWrites } from "./own-writes.ts";
import type { Action, BackOff } from "./plan-action.ts";
import { holdsTemplateOf } from "./plan-history.ts";
import { controllerOf } from "../../model/owner.ts";
import { ownerReferenceOf, podDraft, type PodMould } from "./plan-pod-draft.ts";
import type { Done } from "./slow-start.ts";

export interface PerformPorts {
  readonly client: Client;
  readonly recorder: EventRecorder;
  readonly pods: OwnWrites<Pod>;
  readonly revisions: OwnWrites<ControllerRevision>;
}

/** What is remembered of a set from one plan to the next. */
export interface PerformMemory {
  readonly backOffs: Map<string, BackOff>;
  readonly asked: Map<string, string>;
}

const refOf = ({ metadata: { name, namespace } }: KubeObject) => ({ name, namespace });

/** Carries out the actions of one plan for one set. */
export class Performer {
  private readonly ports: PerformPorts;
  private readonly set: DaemonSet;
  private readonly memory: PerformMemory;
  private readonly mould: PodMould | undefined;
  private owning: Promise<boolean> | undefined;

  /** `mould`: absent where no pod is to be made. */
  constructor(ports: PerformPorts, set: DaemonSet, memory: PerformMemory, mould: PodMould | undefined) {
    this.ports = ports;
    this.set = set;
    this.memory = memory;
    this.mould = mould;
  }

  async perform(action: Action): Promise<Done> {
    switch (action.do) {
      case "event":
        this.tell(action.type, action.reason, action.message);
        return "done";
      case "create-pod":
        return this.createPod(action.node, action.name);
      case "delete-pod":
        if (action.backOff !== undefined) this.memory.backOffs.set(action.node, action.backOff);
        return this.deletePod(action.pod);
      case "adopt-pod":
        return this.adopt(podKind, action.pod, this.ports.pods);
      case "adopt-revision":
        return this.adopt(revisionKind, action.revision, this.ports.revisions);
      case "release-pod":
        return this.release(podKind, action.pod, this.ports.pods);
      case "release-revision":
        return this.release(revisionKind, action.revision, this.ports.revisions);
      case "create-revision":
        return this.createRevision(action);
      case "raise-revision":
        return this.raiseRevision(action.revision, action.to);
      case "delete-revision":
        return this.deleteRevision(action.revision);
      case "write-status":
        return this.writeStatus(action.status);
      case "replan":
        break;
    }
    return "done";
  }

  private tell(type: "Normal" | "Warning", reason: string, message: string): void {
    this.ports.recorder.event(this.set, type, reason, message);
  }

  private async createPod(node: string, name: string): Promise<Done> {
    if (this.mould === undefined) return "again";
    let answer: Answer<Pod>;
    try {
      answer = await this.ports.client.of(podKind).create(podDraft(this.mould, node, name));
    } catch (thrown) {
      this.tell("Warning", "FailedCreate", `Error creating: ${wordsOf(thrown)}`);
      return "stop";
    }
    if (answer.is === "ok") {
      this.ports.pods.record(answer.object);
      this.memory.asked.delete(node);
      this.tell("Normal", "SuccessfulCreate", `Created pod: ${name}`);
      return "done";
    }
    // Somebody made it already, most likely we ourselves: the informer will show whose it is.
    if (answer.is === "exists") return "again";
    this.tell("Warning", "FailedCreate", `Error creating: ${answer.status.message ?? answer.is}`);
    return "stop";
  }

  private async deletePod(pod: Pod): Promise<Done> {
    const answer = await this.ports.client.of(podKind).delete(refOf(pod), { uid: pod.metadata.uid });
    if (answer.is === "ok") {
      // A Status is answered where the pod went at once; a pod where it is leaving.
      if ("spec" in answer.object) this.ports.pods.record(answer.object);
      this.tell("Normal", "SuccessfulDelete", `Deleted pod: ${pod.metadata.name}`);
      return "done";
    }
    if (answer.is === "absent") return "done";
    // Its name is another pod's by now, as the informer will show.
    if (answer.is === "conflict") {
      this.ports.pods.withdraw(pod);
      return "done";
    }
    this.tell("Warning", "FailedDelete", `Error deleting: ${answer.status.message ?? answer.is}`);
    return "stop";
  }

  /** Asks the server itself, once a plan: the cache may not know yet that the set is going, or is another of its name. */
  private mayAdopt(): Promise<boolean> {
    this.owning ??= this.ports.client
      .of(setKind)
      .get(refOf(this.set))
      .then(
        (answer) =>
          answer.is === "ok" &&
          answer.object.metadata.uid === this.set.metadata.uid &&
          answer.object.metadata.deletionTimestamp === undefined,
      );
    return this.owning;
  }

  private async adopt<T extends KubeObject>(
    kind: Descriptor<T>,
    object: T,
    writes: OwnWrites<T>,
  ): Promise<Done> {
    if (!(await this.mayAdopt())) return "again";
    const { uid } = object.metadata;
    const patch = { metadata: { uid, ownerReferences: [ownerReferenceOf(this.set)] } };
    return this.settled(await this.ports.client.of(kind).patch(refOf(object), "strategic", patch), writes);
  }

  private async release<T extends KubeObject>(
    kind: Descriptor<T>,
    object: T,
    writes: OwnWrites<T>,
  ): Promise<Done> {
    const { uid } = object.metadata;
    const reference = { $patch: "delete", uid: this.set.metadata.uid };
    const patch = { metadata: { uid, ownerReferences: [reference] } };
    return this.settled(await this.ports.client.of(kind).patch(refOf(object), "strategic", patch), writes);
  }

  private async createRevision({ draft }: Extract<Action, { do: "create-revision" }>): Promise<Done> {
    const revisions = this.ports.client.of(revisionKind);
    const answer = await revisions.create(draft);
    if (answer.is !== "exists") return this.settled(answer, this.ports.revisions);
    const ref = { name: draft.metadata.name ?? "", namespace: draft.metadata.namespace };
    const standing = await revisions.get(ref);
    if (standing.is !== "ok") return "again";
    const owner = controllerOf(standing.object);
    const ours = owner === undefined || owner.uid === this.set.metadata.uid;
    if (ours && holdsTemplateOf(standing.object, this.set)) {
      this.ports.revisions.record(standing.object);
      return "again";
    }
    return this.raiseCollisionCount();
  }

  /** Another template has our hash: the next plan hashes with a higher count. */
  private async raiseCollisionCount(): Promise<Done> {
    const sets = this.ports.client.of(setKind);
    const live = await sets.get(refOf(this.set));
    const known = this.set.status?.collisionCount ?? 0;
    if (live.is !== "ok" || (live.object.status?.collisionCount ?? 0) !== known) return "again";
    const status = { ...emptyStatus, ...live.object.status, collisionCount: known + 1 };
    await sets.updateStatus({ ...live.object, status });
    return "stop";
  }

  private async raiseRevision(revision: ControllerRevision, to: number): Promise<Done> {
    const patch = { metadata: { uid: revision.metadata.uid }, revision: to };
    const answer = await this.ports.client.of(revisionKind).patch(refOf(revision), "merge", patch);
    return this.settled(answer, this.ports.revisions);
  }

  private async deleteRevision(revision: ControllerRevision): Promise<Done> {
    const options = { uid: revision.metadata.uid };
    const answer = await this.ports.client.of(revisionKind).delete(refOf(revision), options);
    return answer.is === "refused" ? "stop" : "done";
  }

  private async writeStatus(status: DaemonSet["status"]): Promise<Done> {
    const answer = await this.ports.client.of(setKind).updateStatus({ ...this.set, status });
    // The set was changed meanwhile: its next version is planned for, with counts of its own.
    if (answer.is === "ok" || answer.is === "absent") return "done";
    return answer.is === "conflict" ? "again" : "stop";
  }

  private settled<T extends KubeObject>(answer: Answer<T>, writes: OwnWrites<T>): Done {
    if (answer.is === "ok") {
      writes.record(answer.object);
      return "done";
    }
    return answer.is === "refused" ? "stop" : "again";
  }
}

const emptyStatus = {
  currentNumberScheduled: 0,
  desiredNumberScheduled: 0,
  numberMisscheduled: 0,
  numberReady: 0,
};
