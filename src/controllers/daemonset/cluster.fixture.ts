// Owns small clusters for tests and measurements: nodes, DaemonSets and their pods as an API server would hold them.
import { formatTime } from "../../model/time.ts";
import type { Instant } from "../../lib/units.ts";
import type {
  ControllerRevision,
  DaemonSet,
  DaemonSetSpec,
  Node,
  NodeSpec,
  NodeStatus,
  Pod,
  PodSpec,
  PodStatus,
} from "../../model/generated/types.ts";
import type { Action, BackOff, Observed } from "./plan-action.ts";
import { planDaemonSet } from "./plan-daemon-set.ts";
import { podDraft, podMouldOf, revisionLabel } from "./plan-pod-draft.ts";

export const noon: Instant = Date.UTC(2026, 0, 1, 12);

export interface NodeTraits {
  readonly labels?: Record<string, string>;
  readonly spec?: NodeSpec;
  readonly status?: NodeStatus;
  /** Ready since long ago unless given. */
  readonly notReadySince?: Instant;
}

export function makeNode(name: string, traits: NodeTraits = {}): Node {
  const bad = traits.notReadySince;
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: {
      name,
      uid: `node-${name}`,
      resourceVersion: "1",
      creationTimestamp: formatTime(noon - 3_600_000),
      labels: { "kubernetes.io/hostname": name, ...traits.labels },
    },
    spec: traits.spec ?? {},
    status: {
      allocatable: { cpu: "4", memory: "8Gi", pods: "110" },
      conditions: [
        {
          type: "Ready",
          status: bad === undefined ? "True" : "Unknown",
          lastTransitionTime: formatTime(bad ?? noon - 3_600_000),
        },
      ],
      ...traits.status,
    },
  };
}

export interface SetTraits {
  readonly name?: string;
  readonly uid?: string;
  readonly image?: string;
  readonly podSpec?: Partial<PodSpec>;
  readonly spec?: Partial<DaemonSetSpec>;
}

export function makeSet(traits: SetTraits = {}): DaemonSet {
  const name = traits.name ?? "rng";
  return {
    apiVersion: "apps/v1",
    kind: "DaemonSet",
    metadata: {
      name,
      namespace: "default",
      uid: traits.uid ?? `set-${name}`,
      resourceVersion: "1",
      creationTimestamp: formatTime(noon - 60_000),
      generation: 1,
    },
    spec: {
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: { containers: [{ name: "agent", image: traits.image ?? "agent:1" }], ...traits.podSpec },
      },
      ...traits.spec,
    },
  };
}

/** The revision that the planner would have made for the set as it is. */
export function makeRevision(set: DaemonSet, number = 1): ControllerRevision {
  const { actions } = planDaemonSet(observe(set));
  const draft = actions.find((action) => action.do === "create-revision")?.draft;
  if (draft === undefined) throw new Error("the planner makes no revision for this set");
  return {
    ...draft,
    revision: number,
    metadata: {
      ...draft.metadata,
      name: draft.metadata.name ?? "",
      uid: `revision-${draft.metadata.name}`,
      resourceVersion: "1",
      creationTimestamp: formatTime(noon - 60_000),
    },
  };
}

export const hashOfRevision = (revision: ControllerRevision): string =>
  revision.metadata.labels?.[revisionLabel] ?? "";

export interface PodTraits {
  readonly name?: string;
  readonly phase?: "Pending" | "Running" | "Failed" | "Succeeded";
  /** Ready since then; not Ready where absent. */
  readonly readySince?: Instant;
  readonly createdAt?: Instant;
  readonly leaving?: boolean;
  readonly unbound?: boolean;
}

/** A pod of the set on a node, of the revision given. */
export function makePod(
  set: DaemonSet,
  node: string,
  revision: ControllerRevision,
  traits: PodTraits = {},
): Pod {
  const hash = hashOfRevision(revision);
  const mould = podMouldOf(set, { hash, revision: revision.revision, hashes: new Set([hash]) });
  const name = traits.name ?? `${set.metadata.name}-${hash.slice(0, 3)}-${node}`;
  const draft = podDraft(mould, node, name);
  const { phase = "Running", readySince } = traits;
  const status: PodStatus = {
    phase,
    conditions: [
      readySince === undefined
        ? { type: "Ready", status: "False" }
        : { type: "Ready", status: "True", lastTransitionTime: formatTime(readySince) },
    ],
  };
  return {
    ...draft,
    metadata: {
      ...draft.metadata,
      name,
      uid: `pod-${name}`,
      resourceVersion: "1",
      creationTimestamp: formatTime(traits.createdAt ?? noon - 30_000),
      ...(traits.leaving === true ? { deletionTimestamp: formatTime(noon - 1000) } : {}),
    },
    spec: { containers: [], ...draft.spec, ...(traits.unbound === true ? {} : { nodeName: node }) },
    status,
  };
}

export interface Seen {
  readonly nodes?: readonly Node[];
  readonly pods?: readonly Pod[];
  readonly revisions?: readonly ControllerRevision[];
  readonly now?: Instant;
  readonly backOffs?: ReadonlyMap<string, BackOff>;
}

export function observe(set: DaemonSet, seen: Seen = {}): Observed {
  const names = new Set(seen.pods?.map((pod) => pod.metadata.name));
  return {
    set,
    nodes: seen.nodes ?? [],
    pods: seen.pods ?? [],
    revisions: seen.revisions ?? [],
    now: seen.now ?? noon,
    backOffs: seen.backOffs ?? new Map(),
    nameTaken: (name) => names.has(name),
  };
}

/** One line an action: `create b missing`, `delete rng-x@a outdated`. */
export function tell(action: Action): string {
  switch (action.do) {
    case "create-pod":
      return `create ${action.node} ${action.because}`;
    case "delete-pod":
      return `delete ${action.pod.metadata.name} ${action.because}`;
    case "adopt-pod":
    case "release-pod":
      return `${action.do} ${action.pod.metadata.name}`;
    case "adopt-revision":
    case "release-revision":
    case "delete-revision":
      return `${action.do} ${action.revision.metadata.name}`;
    case "raise-revision":
      return `${action.do} ${action.revision.metadata.name} ${action.to}`;
    case "create-revision":
      return `create-revision ${action.draft.revision}`;
    case "event":
      return `event ${action.type} ${action.reason}`;
    case "replan":
      return `replan +${action.at - noon}ms`;
    case "write-status":
      break;
  }
  const { status } = action;
  return (
    `status desired=${status.desiredNumberScheduled} current=${status.currentNumberScheduled} ready=${status.numberReady}` +
    ` updated=${status.updatedNumberScheduled ?? 0} available=${status.numberAvailable ?? 0}` +
    ` unavailable=${status.numberUnavailable ?? 0} misscheduled=${status.numberMisscheduled} generation=${status.observedGeneration ?? 0}`
  );
}
