// Owns which pods and revisions are a DaemonSet's: adopting what matches and nobody owns, releasing what stopped matching (D.10).
import type { ControllerRevision, DaemonSet, Pod } from "../../model/generated/types.ts";
import type { KubeObject } from "../../model/meta.ts";
import { controllerOf } from "../../model/owner.ts";
import { labelMatcher } from "../../model/selector.ts";
import type { Action } from "./plan-action.ts";

type Claim = "own" | "adopt" | "release" | "leave";

export interface Owned {
  readonly pods: readonly Pod[];
  readonly revisions: readonly ControllerRevision[];
  /** Adoptions and releases; empty once everything has the owner it should have. */
  readonly actions: readonly Action[];
}

/** Sorts what was observed into the set's own and the rest. A pod of another controller is never touched. */
export function planOwnership(
  set: DaemonSet,
  pods: Iterable<Pod>,
  revisions: Iterable<ControllerRevision>,
): Owned {
  const matches = labelMatcher(set.spec?.selector);
  const claimOf = (object: KubeObject): Claim => {
    const owner = controllerOf(object);
    const fits = matches(object.metadata.labels);
    if (owner !== undefined) return owner.uid !== set.metadata.uid ? "leave" : fits ? "own" : "release";
    const adoptable =
      fits &&
      object.metadata.deletionTimestamp === undefined &&
      object.metadata.namespace === set.metadata.namespace;
    return adoptable ? "adopt" : "leave";
  };
  const actions: Action[] = [];
  const ownPods: Pod[] = [];
  const ownRevisions: ControllerRevision[] = [];
  for (const pod of pods) {
    const claim = claimOf(pod);
    if (claim === "own") ownPods.push(pod);
    else if (claim === "adopt") actions.push({ do: "adopt-pod", pod });
    else if (claim === "release") actions.push({ do: "release-pod", pod });
  }
  for (const revision of revisions) {
    const claim = claimOf(revision);
    if (claim === "own") ownRevisions.push(revision);
    else if (claim === "adopt") actions.push({ do: "adopt-revision", revision });
    else if (claim === "release") actions.push({ do: "release-revision", revision });
  }
  return { pods: ownPods, revisions: ownRevisions, actions };
}
