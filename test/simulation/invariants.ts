// Owns what must hold after every step, by the numbers of the behaviour that it proves.
import type { DaemonSet, Pod } from "../../src/model/generated/types.ts";
import type { Cluster } from "./cluster.ts";
import { podUidOf, type Machine } from "./node.ts";
import { folderOf, type LedgerChange } from "./ledger.ts";
import type { Statics } from "./statics.ts";
import { surgeOf, isLive, isMirror, nodeOf, ownerOf } from "./views.ts";

export interface Violation {
  /** Number of the statement, such as `D.7`. */
  readonly statement: string;
  readonly words: string;
  /** Names or uids that the trace can be searched for. */
  readonly about: readonly string[];
}

const madeAt = ({ metadata }: { readonly metadata: { readonly creationTimestamp?: string } }): number =>
  Date.parse(metadata.creationTimestamp ?? "");

export class Invariants {
  readonly found: Violation[] = [];
  private readonly cluster: Cluster;
  private lastRevision = 0;
  private judged = -1;
  /** Sets that were ever allowed to surge: an older pod of theirs may still overlap. */
  private readonly surging = new Set<string>();
  /** Of every pod there ever was. */
  private readonly pods = new Map<string, Pod>();
  /** Pods whose machine was gone before them. */
  private readonly forced = new Set<string>();
  private readonly suspects = new Map<string, string>();
  /** Pods that came to their owner by adoption: they may be one too many until the owner has seen to it. */
  private readonly adopted = new Set<string>();
  private readonly seenAt = new Map<string, number>();
  private readonly statics: Statics;
  private starts = 0;

  constructor(cluster: Cluster, statics: Statics) {
    this.cluster = cluster;
    this.statics = statics;
    cluster.ledger.onChange((change) => this.onChange(change));
  }

  broke(statement: string, words: string, about: readonly string[]): void {
    this.found.push({ statement, words, about });
  }

  private onChange(change: LedgerChange): void {
    if (change.revision < this.lastRevision)
      this.broke("V.2", `revision ${change.revision} follows ${this.lastRevision}`, [change.key]);
    this.lastRevision = change.revision;
    const folder = folderOf(change.key);
    // The folder names the kind.
    if (folder === "daemonsets" && change.object !== undefined) this.onSet(change.object);
    if (folder === "pods") this.onPod(change);
  }

  private onSet(set: DaemonSet): void {
    if (surgeOf(set) !== 0) this.surging.add(set.metadata.uid);
    else if (
      set.status?.observedGeneration === set.metadata.generation &&
      set.status?.updatedNumberScheduled === set.status?.desiredNumberScheduled
    )
      this.surging.delete(set.metadata.uid);
  }

  private onPod({ object, previous }: { object: Pod | undefined; previous: Pod | undefined }): void {
    if (object === undefined) {
      if (previous !== undefined) this.onPodGone(previous);
      return;
    }
    this.pods.set(object.metadata.uid, object);
    if (previous === undefined) this.seenAt.set(object.metadata.uid, this.cluster.clock.now());
    if (previous === undefined) this.checkTwo(object);
    else if (previous.metadata.uid === object.metadata.uid) this.checkNext(previous, object);
  }

  /** D.10 and K.2, between two versions of one pod. */
  private checkNext(previous: Pod, pod: Pod): void {
    const { name, uid } = pod.metadata;
    const [before, now] = [ownerOf(previous), ownerOf(pod)];
    if (before !== now && now !== undefined) this.adopted.add(uid);
    if (before !== undefined && now !== undefined && before !== now)
      this.broke("D.10", `pod ${name} went from one controller to another without having been let go`, [
        name,
      ]);
    const phase = previous.status?.phase;
    if ((phase === "Failed" || phase === "Succeeded") && pod.status?.phase !== phase)
      this.broke("K.2", `pod ${name} was ${phase} and became ${pod.status?.phase}`, [name]);
    // A machine that came anew under the name of one that left knows nothing of what ran there.
    const machine = this.cluster.machines.get(pod.spec?.nodeName ?? "");
    if (machine === undefined || machine.bornAt > (this.seenAt.get(uid) ?? 0)) return;
    for (const { name: container, restartCount } of pod.status?.containerStatuses ?? []) {
      const last = previous.status?.containerStatuses?.find((status) => status.name === container);
      if (last !== undefined && restartCount < last.restartCount)
        this.broke("K.2", `pod ${name} counts ${restartCount} restarts after ${last.restartCount}`, [name]);
    }
  }

  private onPodGone(pod: Pod): void {
    const { uid } = pod.metadata;
    // A machine that is gone took its containers along; any other has to let go of them first.
    const name = pod.spec?.nodeName ?? "";
    const node = this.cluster.ledger.objects.get(`/registry/minions/${name}`);
    // A pod older than its node was a machine's that is gone, even if another bears the name by now.
    const isThere = node !== undefined && madeAt(node) <= madeAt(pod) && this.cluster.machines.has(name);
    if (isThere) this.suspects.set(uid, pod.metadata.name);
    else this.forced.add(uid);
  }

  /** D.7 and D.8, in the API, at the moment a pod is created. */
  private checkTwo(created: Pod): void {
    const owner = ownerOf(created);
    if (owner === undefined || isMirror(created)) return;
    const node = nodeOf(created);
    const live = this.cluster.ledger
      .all<Pod>("pods")
      .filter(
        (pod) =>
          ownerOf(pod) === owner &&
          nodeOf(pod) === node &&
          isLive(pod) &&
          !this.adopted.has(pod.metadata.uid),
      );
    const most = this.surging.has(owner) ? 2 : 1;
    if (live.length > most)
      this.broke(
        "D.7",
        `${live.length} live pods of one DaemonSet on ${node}: ${live.map(({ metadata }) => metadata.name).join(", ")}`,
        live.map(({ metadata }) => metadata.name),
      );
  }

  /** Everything that is judged by looking, rather than as it changes. */
  async afterStep(): Promise<void> {
    for (const words of this.cluster.broken.splice(0)) this.broke("V.4", words, []);
    await this.statics.afterStep();
    const version = this.cluster.ledger.version;
    const starts = [...this.cluster.machines.values()].reduce((sum, machine) => sum + machine.starts, 0);
    if (version === this.judged && this.suspects.size === 0 && starts === this.starts) return;
    this.judged = version;
    this.starts = starts;
    for (const machine of this.cluster.machines.values()) await this.checkRuntime(machine);
    this.suspects.clear();
  }

  /** D.7 once more, of what truly runs; and nothing may run whose pod was reported gone. */
  private async checkRuntime(machine: Machine): Promise<void> {
    const bySet = new Map<string, Set<string>>();
    const { name } = machine.options;
    const running = await machine.running();
    this.statics.judgeRunning(machine, running);
    const seen = new Set<string>();
    for (const container of running) {
      const uid = podUidOf(container);
      const gone = this.suspects.get(uid);
      if (gone !== undefined)
        this.broke("K.2", `pod ${gone} left the API while its container ran on ${name}`, [gone]);
      const pod = this.pods.get(uid);
      const same = `${uid} ${container.name}`;
      if (seen.has(same))
        this.broke("K.2", `container ${container.name} of a pod runs twice on ${name}`, [
          pod?.metadata.name ?? uid,
        ]);
      seen.add(same);
      const owner = pod && ownerOf(pod);
      // Static pods' containers have uids that no pod of the API has.
      if (owner === undefined || this.forced.has(uid) || this.adopted.has(uid)) continue;
      const uids = bySet.get(owner) ?? new Set();
      bySet.set(owner, uids.add(uid));
    }
    for (const [owner, uids] of bySet)
      if (uids.size > (this.surging.has(owner) ? 2 : 1)) {
        const names = [...uids].map((uid) => this.pods.get(uid)?.metadata.name ?? uid);
        this.broke("D.7", `pods of one DaemonSet run together on ${name}: ${names.join(", ")}`, names);
      }
  }
}
