// Owns statement D.14 as a judge sees it: what a controller's own deletions cost, by what it had been told when it sent them.
import { seconds, type Instant, type Millis } from "../../src/lib/units.ts";
import type { ControllerRevision, DaemonSet, Pod } from "../../src/model/generated/types.ts";
import type { ApiRequest, ApiResponse } from "../../src/model/wire.ts";
import type { Cluster } from "./cluster.ts";
import { folderOf } from "./ledger.ts";
import type { Invariants } from "./invariants.ts";
import type { Batch, LinkObserver } from "./link.ts";
import {
  amount,
  eligibility,
  hashLabel,
  isLive,
  isReady,
  isTerminating,
  nodeOf,
  ownerOf,
  unavailableOf,
} from "./views.ts";

/** What the controller held when it sent a deletion. */
interface Told {
  readonly available: boolean;
  readonly set: DaemonSet;
}

const podPath = /^\/api\/v1\/namespaces\/([^/]+)\/pods\/([^/]+)$/;

/** By the clock of who asks. */
function readyFor(pod: Pod, now: Instant): Millis {
  const ready = pod.status?.conditions?.find(({ type }) => type === "Ready");
  return now - Date.parse(ready?.lastTransitionTime ?? "");
}

/** Follows what the controllers are told and what they delete. */
export class Budget implements Partial<LinkObserver> {
  private readonly pods = new Map<string, Pod>();
  private readonly sets = new Map<string, DaemonSet>();
  /** By set, the nodes whose pod it took and that have no ready one since. A node that is not Ready has no claim: it would hold up the rollout. */
  private readonly spent = new Map<string, Set<string>>();
  private cluster: Cluster | undefined;
  private invariants: Invariants | undefined;

  judge(cluster: Cluster, invariants: Invariants): void {
    this.cluster = cluster;
    this.invariants = invariants;
    cluster.ledger.onChange(({ key, object }) => {
      if (folderOf(key) === "minions" && (object === undefined || !isReady(object)))
        for (const nodes of this.spent.values()) nodes.delete(key.split("/")[3] ?? "");
      if (folderOf(key) === "pods" && object !== undefined) this.restored(object);
    });
  }

  sent(who: string, request: ApiRequest): Told | undefined {
    const path = podPath.exec(request.path);
    if (who !== "controllers" || request.method !== "DELETE" || path === null) return undefined;
    const pod = this.pods.get(`${path[1]}/${path[2]}`);
    const set = this.sets.get(pod === undefined ? "" : (ownerOf(pod) ?? ""));
    const process = this.cluster?.processOf("controllers");
    if (pod === undefined || set === undefined || process === undefined) return undefined;
    const now = process.clock.now();
    // What it holds for available counts as such, if only it might be.
    for (const other of this.pods.values())
      if (ownerOf(other) === set.metadata.uid) this.restored(other, set, now);
    return { available: this.isAvailable(pod, set, now), set };
  }

  /** A node has its pod again: at once, where a pod that is Ready is available. */
  private restored(pod: Pod, set = this.sets.get(ownerOf(pod) ?? ""), now?: Instant): void {
    const spent = this.spent.get(ownerOf(pod) ?? "");
    if (spent === undefined || !isLive(pod) || !isReady(pod)) return;
    const least = set?.spec?.minReadySeconds ?? 0;
    if (least === 0 || (now !== undefined && readyFor(pod, now) > seconds(least - 3)))
      spent.delete(nodeOf(pod));
  }

  executed(who: string, request: ApiRequest, response: ApiResponse, atSending: unknown): void {
    if (who !== "controllers" || request.method !== "DELETE" || !podPath.test(request.path)) return;
    if (response.status !== 200 || atSending === undefined) return;
    // A pod's deletion is answered with the pod, and `sent` gave what is handed back here.
    this.spend(response.body as Pod, atSending as Told);
  }

  private spend(pod: Pod, { available, set }: Told): void {
    if (this.cluster === undefined || !available || !isReady(pod)) return;
    const { ledger } = this.cluster;
    const uid = set.metadata.uid;
    const current = ledger.objects.get(`/registry/daemonsets/${set.metadata.namespace}/${set.metadata.name}`);
    const node = ledger.objects.get(`/registry/minions/${nodeOf(pod)}`);
    // What goes with its set is the garbage collector's doing.
    if (current === undefined || isTerminating(current)) return;
    if (current.metadata.uid !== uid || node === undefined || this.isNewest(uid, pod)) return;
    // Only a rollout is bounded: what no longer belongs on the node may go at once.
    if ([set, current].some((version) => eligibility(version, node) === "ineligible")) return;
    const others = ledger
      .all<Pod>("pods")
      .filter((other) => ownerOf(other) === uid && nodeOf(other) === nodeOf(pod));
    if (others.some((other) => other.metadata.uid !== pod.metadata.uid && isLive(other))) return;
    const spent = this.spent.get(uid) ?? new Set();
    this.spent.set(uid, spent.add(nodeOf(pod)));
    for (const name of spent) {
      const there = ledger.objects.get(`/registry/minions/${name}`);
      // Nor has one that was not Ready already when its pod was taken.
      const hasClaim = there !== undefined && isReady(there) && eligibility(current, there) === "eligible";
      if (!hasClaim) spent.delete(name);
    }
    const nodes = ledger.all("minions").length;
    const limit = Math.max(...[set, current].map((version) => amount(unavailableOf(version), nodes, 1)));
    if (spent.size > Math.max(limit, 1))
      this.invariants?.broke(
        "D.14",
        `the controller deleted ${pod.metadata.name}, the ${spent.size}th available pod at a time of ${set.metadata.name}, where ${limit} may be unavailable (${[...spent].join(", ")})`,
        [pod.metadata.name, set.metadata.name],
      );
  }

  /** Times are whole seconds, and the plan is a little older than the message: what is close counts as not available. */
  private isAvailable(pod: Pod, set: DaemonSet, now: Instant): boolean {
    const least = set.spec?.minReadySeconds ?? 0;
    return isReady(pod) && (least === 0 || readyFor(pod, now) > seconds(least + 3));
  }

  private isNewest(set: string, pod: Pod): boolean {
    const revisions = this.cluster?.ledger
      .all<ControllerRevision>("controllerrevisions")
      .filter((revision) => ownerOf(revision) === set)
      .sort((one, other) => other.revision - one.revision);
    return revisions?.[0]?.metadata.labels?.[hashLabel] === pod.metadata.labels?.[hashLabel];
  }

  listed(who: string, request: ApiRequest, response: ApiResponse): void {
    if (who !== "controllers" || response.status >= 300) return;
    const body = response.body as { items?: readonly (Pod & DaemonSet)[] };
    const copy = this.copyOf(request.path);
    if (request.method === "GET" && body.items !== undefined && copy !== undefined)
      for (const item of body.items) this.keep(copy, item);
  }

  told(who: string, request: ApiRequest, batch: Batch): void {
    const copy = who === "controllers" ? this.copyOf(request.path) : undefined;
    if (copy === undefined) return;
    for (const event of batch)
      if (event.type === "ADDED" || event.type === "MODIFIED") this.keep(copy, event.object);
  }

  private keep(copy: "pods" | "sets", object: Pod & DaemonSet): void {
    if (copy === "sets") this.sets.set(object.metadata.uid, object);
    else this.pods.set(`${object.metadata.namespace}/${object.metadata.name}`, object);
  }

  private copyOf(path: string): "pods" | "sets" | undefined {
    return path === "/api/v1/pods" ? "pods" : path === "/apis/apps/v1/daemonsets" ? "sets" : undefined;
  }
}
