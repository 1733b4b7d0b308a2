// Owns what is next for a namespace that is being deleted, and what its conditions then say.
import type { Instant } from "../../lib/units.ts";
import type { Namespace, NamespaceCondition } from "../../model/generated/types.ts";
import { formatTime } from "../../model/time.ts";

const contentFinalizer = "kubernetes";

/** What is left of one kind after its content was asked to go. */
export interface Remaining {
  /** `pods`, `daemonsets.apps` */
  readonly resource: string;
  readonly count: number;
  /** Finalizers of those objects, one entry an object and finalizer. */
  readonly finalizers: readonly string[];
}

export type NamespaceAction =
  | { readonly do: "finalize"; readonly finalizers: readonly string[] }
  | { readonly do: "wait"; readonly conditions: readonly NamespaceCondition[] };

/** Whether its content is still ours to remove. */
export const isOurs = (namespace: Namespace): boolean =>
  namespace.metadata.deletionTimestamp !== undefined &&
  namespace.spec?.finalizers?.includes(contentFinalizer) === true;

export function planNamespace(
  namespace: Namespace,
  remaining: readonly Remaining[],
  now: Instant,
): NamespaceAction {
  const left = remaining.filter(({ count }) => count > 0);
  if (left.length > 0) return { do: "wait", conditions: conditionsOf(namespace, left, now) };
  const finalizers = (namespace.spec?.finalizers ?? []).filter((name) => name !== contentFinalizer);
  return { do: "finalize", finalizers };
}

type Finding = Omit<NamespaceCondition, "lastTransitionTime">;

/** Worded as upstream's namespace controller. */
function findingsOf(left: readonly Remaining[]): readonly Finding[] {
  const contents = left
    .map(({ resource, count }) => `${resource} has ${count} resource instances`)
    .join(", ");
  const counts = new Map<string, number>();
  for (const name of left.flatMap(({ finalizers }) => finalizers))
    counts.set(name, (counts.get(name) ?? 0) + 1);
  const holders = [...counts].map(([name, count]) => `${name} in ${count} resource instances`).join(", ");
  const [held, reason, message] =
    holders === ""
      ? ["False", "ContentHasNoFinalizers", "All content-preserving finalizers finished"]
      : [
          "True",
          "SomeFinalizersRemain",
          `Some content in the namespace has finalizers remaining: ${holders}`,
        ];
  return [
    {
      type: "NamespaceDeletionContentFailure",
      status: "False",
      reason: "ContentDeleted",
      message: "All content successfully deleted, may be waiting on finalization",
    },
    {
      type: "NamespaceContentRemaining",
      status: "True",
      reason: "SomeResourcesRemain",
      message: `Some resources are remaining: ${contents}`,
    },
    { type: "NamespaceFinalizersRemaining", status: held ?? "", reason, message },
  ];
}

function conditionsOf(
  namespace: Namespace,
  left: readonly Remaining[],
  now: Instant,
): readonly NamespaceCondition[] {
  const findings = findingsOf(left);
  const before = namespace.status?.conditions ?? [];
  const kept = before.filter((condition) => !findings.some(({ type }) => type === condition.type));
  const stamped = findings.map((finding) => {
    const earlier = before.find(({ type, status }) => type === finding.type && status === finding.status);
    return { ...finding, lastTransitionTime: earlier?.lastTransitionTime ?? formatTime(now) };
  });
  return [...kept, ...stamped];
}
