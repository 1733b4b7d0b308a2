// Owns a cluster small enough for property tests: it applies plans as an API server would, and lets kubelets and people act.
import { formatTime } from "../../model/time.ts";
import type { ControllerRevision, DaemonSet, DaemonSetSpec, Node, Pod } from "../../model/generated/types.ts";
import { targetNodeOf } from "../../model/placement.ts";
import { makeNode, makeSet, noon } from "./cluster.fixture.ts";
import type { Action, BackOff, DaemonSetPlan, Observed } from "./plan-action.ts";
import { planDaemonSet } from "./plan-daemon-set.ts";
import { podDraft, podMouldOf } from "./plan-pod-draft.ts";

/** What a cache holds: everything at one moment. */
type Snapshot = Pick<Observed, "set" | "nodes" | "pods" | "revisions"> & {
  readonly names: ReadonlySet<string>;
};

export type Happening =
  | { readonly it: "pod-moves"; readonly pod: number; readonly to: PodMove }
  | { readonly it: "node-joins" | "node-leaves" | "node-tainted" | "node-untainted"; readonly node: number }
  | { readonly it: "node-breaks" | "node-heals"; readonly node: number }
  | { readonly it: "template-changes"; readonly image: number }
  | { readonly it: "time-passes"; readonly seconds: number }
  | { readonly it: "controller-acts"; readonly staleness: number; readonly upTo: number };

export type PodMove = "bound" | "ready" | "unready" | "failed" | "succeeded" | "deleted" | "gone";

export class MiniCluster {
  now = noon;
  set: DaemonSet;
  readonly nodes = new Map<string, Node>();
  readonly pods = new Map<string, Pod>();
  readonly revisions = new Map<string, ControllerRevision>();
  readonly backOffs = new Map<string, BackOff>();
  conflicts = 0;
  private readonly past: Snapshot[] = [];
  private readonly spec: Partial<DaemonSetSpec>;
  private drawn = 0;

  constructor(nodes: number, spec: Partial<DaemonSetSpec>) {
    this.spec = spec;
    this.set = makeSet({ image: "agent:0", spec });
    for (let at = 0; at < nodes; at++) this.nodes.set(`n${at}`, makeNode(`n${at}`));
  }

  /** What the controller would see, `age` moments ago. */
  observed(age = 0): Observed {
    const seen = age === 0 ? this.snapshot() : (this.past.at(-age) ?? this.past[0] ?? this.snapshot());
    return {
      ...seen,
      now: this.now,
      backOffs: this.backOffs,
      nameTaken: (name) => seen.names.has(name),
    };
  }

  plan(age = 0): DaemonSetPlan {
    return planDaemonSet(this.observed(age));
  }

  /** Performs what the plan says, up to that many actions: a controller may be killed after any of them. */
  perform({ actions, current }: DaemonSetPlan, upTo = Infinity): void {
    const mould = current === undefined ? undefined : podMouldOf(this.set, current);
    for (const [at, action] of actions.entries()) {
      if (at >= upTo) return;
      if (action.do === "create-pod" && mould !== undefined)
        this.create(podDraft(mould, action.node, action.name));
      else this.performOther(action);
    }
  }

  private create(draft: ReturnType<typeof podDraft>): void {
    const name = draft.metadata.name ?? "";
    if (this.pods.has(name)) {
      this.conflicts += 1;
      return;
    }
    this.pods.set(name, {
      ...draft,
      metadata: { ...draft.metadata, ...this.stamps(), name },
      status: { phase: "Pending" },
    });
  }

  private performOther(action: Action): void {
    if (action.do === "delete-pod") {
      if (action.backOff !== undefined) this.backOffs.set(action.node, action.backOff);
      const standing = this.pods.get(action.pod.metadata.name);
      if (standing?.metadata.uid === action.pod.metadata.uid) this.remove(standing);
      else this.conflicts += 1;
    } else if (action.do === "create-revision") {
      const name = action.draft.metadata.name ?? "";
      if (this.revisions.has(name)) this.conflicts += 1;
      else
        this.revisions.set(name, {
          ...action.draft,
          metadata: { ...action.draft.metadata, ...this.stamps(), name },
        });
    } else if (action.do === "raise-revision") {
      const standing = this.revisions.get(action.revision.metadata.name);
      if (standing !== undefined)
        this.revisions.set(standing.metadata.name, { ...standing, revision: action.to });
    } else if (action.do === "delete-revision") this.revisions.delete(action.revision.metadata.name);
    else if (action.do === "write-status") this.set = { ...this.set, status: action.status };
  }

  private remove(pod: Pod): void {
    if ((pod.spec?.nodeName ?? "") === "") this.pods.delete(pod.metadata.name);
    else
      this.put(pod, {
        metadata: {
          ...pod.metadata,
          deletionTimestamp: pod.metadata.deletionTimestamp ?? formatTime(this.now),
        },
      });
  }

  happen(happening: Happening): void {
    this.past.push(this.snapshot());
    if (this.past.length > 8) this.past.shift();
    switch (happening.it) {
      case "pod-moves":
        return this.movePod(
          [...this.pods.values()][happening.pod % Math.max(1, this.pods.size)],
          happening.to,
        );
      case "time-passes":
        this.now += happening.seconds * 1000;
        return;
      case "template-changes": {
        const { status } = this.set;
        const generation = (this.set.metadata.generation ?? 0) + 1;
        const made = makeSet({ image: `agent:${happening.image}`, spec: this.spec });
        this.set = {
          ...made,
          metadata: { ...made.metadata, generation },
          ...(status === undefined ? {} : { status }),
        };
        return;
      }
      case "controller-acts":
        return this.perform(this.plan(happening.staleness), happening.upTo);
      default:
        return this.moveNode(`n${happening.node}`, happening.it);
    }
  }

  private moveNode(name: string, it: Exclude<Happening["it"], "pod-moves">): void {
    const node = this.nodes.get(name);
    if (it === "node-joins" && node === undefined) this.nodes.set(name, makeNode(name));
    if (node === undefined) return;
    if (it === "node-leaves") {
      this.nodes.delete(name);
      // The node controller's part.
      for (const pod of this.pods.values())
        if (pod.spec?.nodeName === name) this.pods.delete(pod.metadata.name);
    } else if (it === "node-tainted")
      this.nodes.set(name, { ...node, spec: { taints: [{ key: "db", effect: "NoSchedule" }] } });
    else if (it === "node-untainted") this.nodes.set(name, { ...node, spec: {} });
    else if (it === "node-breaks") this.nodes.set(name, makeNode(name, { notReadySince: this.now }));
    else if (it === "node-heals") this.nodes.set(name, makeNode(name));
  }

  movePod(pod: Pod | undefined, to: PodMove): void {
    if (pod === undefined) return;
    const bound = (pod.spec?.nodeName ?? "") !== "";
    const ended = pod.status?.phase === "Failed" || pod.status?.phase === "Succeeded";
    if (to === "deleted") return this.remove(pod);
    if (to === "gone") {
      if (pod.metadata.deletionTimestamp !== undefined) this.pods.delete(pod.metadata.name);
      return;
    }
    if (ended) return;
    if (to === "bound") {
      const nodeName = targetNodeOf(pod) ?? "";
      if (this.nodes.has(nodeName)) this.put(pod, { spec: { containers: [], ...pod.spec, nodeName } });
    } else if (to === "failed" || to === "succeeded")
      this.put(pod, { status: { phase: to === "failed" ? "Failed" : "Succeeded" } });
    else if (bound) {
      const status = to === "ready" ? "True" : "False";
      const conditions = [{ type: "Ready", status, lastTransitionTime: formatTime(this.now) }];
      this.put(pod, { status: { phase: "Running", conditions } });
    }
  }

  /** Every kubelet does its work well: what leaves is gone, what is there runs. */
  tend(): void {
    // A list of its own: the pods change on the way.
    const pods = [...this.pods.values()];
    for (const pod of pods)
      if (pod.metadata.deletionTimestamp !== undefined) this.movePod(pod, "gone");
      else if (!isServing(pod)) {
        this.movePod(pod, "bound");
        this.movePod(this.pods.get(pod.metadata.name), "ready");
      }
  }

  /** Pods neither leaving nor ended, by node. */
  liveByNode(): Map<string, Pod[]> {
    const live = new Map<string, Pod[]>();
    for (const pod of this.pods.values()) {
      const { phase } = pod.status ?? {};
      if (pod.metadata.deletionTimestamp !== undefined || phase === "Failed" || phase === "Succeeded")
        continue;
      const node = targetNodeOf(pod) ?? "";
      live.set(node, [...(live.get(node) ?? []), pod]);
    }
    return live;
  }

  private put(pod: Pod, changes: Partial<Pod>): void {
    this.pods.set(pod.metadata.name, { ...pod, ...changes });
  }

  private stamps() {
    this.drawn += 1;
    return {
      uid: `uid-${this.drawn}`,
      resourceVersion: String(this.drawn),
      creationTimestamp: formatTime(this.now),
    };
  }

  private snapshot(): Snapshot {
    return {
      set: this.set,
      nodes: [...this.nodes.values()],
      pods: [...this.pods.values()],
      revisions: [...this.revisions.values()],
      names: new Set(this.pods.keys()),
    };
  }
}

export const isServing = (pod: Pod): boolean =>
  pod.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") === true;
