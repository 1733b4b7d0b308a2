// Owns what must hold after every step, by the numbers of the behaviour that it proves.
import type { DaemonSet, Pod } from "../../src/model/generated/types.ts";
import type { Cluster } from "./cluster.ts";
import type { Machine } from "./node.ts";
import { folderOf, type LedgerChange } from "./ledger.ts";
import { surgeOf, isLive, nodeOf, ownerOf } from "./views.ts";

export interface Violation {
  /** Number of the statement, such as `D.7`. */
  readonly statement: string;
  readonly words: string;
  /** Names or uids that the trace can be searched for. */
  readonly about: readonly string[];
}

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

  constructor(cluster: Cluster) {
    this.cluster = cluster;
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
    if (previous === undefined) this.checkTwo(object);
  }

  private onPodGone(pod: Pod): void {
    const { uid } = pod.metadata;
    // A machine that is gone took its containers along; any other has to let go of them first.
    if (this.cluster.machines.has(pod.spec?.nodeName ?? "")) this.suspects.set(uid, pod.metadata.name);
    else this.forced.add(uid);
  }

  /** D.7 and D.8, in the API, at the moment a pod is created. */
  private checkTwo(created: Pod): void {
    const owner = ownerOf(created);
    if (owner === undefined) return;
    const node = nodeOf(created);
    const live = this.cluster.ledger
      .all<Pod>("pods")
      .filter((pod) => ownerOf(pod) === owner && nodeOf(pod) === node && isLive(pod));
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
    const version = this.cluster.ledger.version;
    if (version === this.judged && this.suspects.size === 0) return;
    this.judged = version;
    for (const machine of this.cluster.machines.values()) await this.checkRuntime(machine);
    this.suspects.clear();
  }

  /** D.7 once more, of what truly runs; and nothing may run whose pod was reported gone. */
  private async checkRuntime(machine: Machine): Promise<void> {
    const bySet = new Map<string, Set<string>>();
    for (const container of await machine.runtime.listContainers()) {
      if (container.state !== "running") continue;
      const uid = container.labels["io.kubernetes.pod.uid"] ?? "";
      const gone = this.suspects.get(uid);
      if (gone !== undefined)
        this.broke("K.2", `pod ${gone} left the API while its container ran on ${machine.options.name}`, [
          gone,
        ]);
      const pod = this.pods.get(uid);
      const owner = pod && ownerOf(pod);
      if (owner === undefined || this.forced.has(uid)) continue;
      const uids = bySet.get(owner) ?? new Set();
      bySet.set(owner, uids.add(uid));
    }
    for (const [owner, uids] of bySet)
      if (uids.size > (this.surging.has(owner) ? 2 : 1)) {
        const names = [...uids].map((uid) => this.pods.get(uid)?.metadata.name ?? uid);
        this.broke(
          "D.7",
          `pods of one DaemonSet run together on ${machine.options.name}: ${names.join(", ")}`,
          names,
        );
      }
  }
}
