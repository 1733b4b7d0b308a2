// Owns a DaemonSet's revisions: which one its template is, what `rollout undo` goes back to, and how many are kept (D.15).
import { deepEqual, withSortedKeys } from "../../lib/json.ts";
import type { Container, ControllerRevision, DaemonSet, Pod } from "../../model/generated/types.ts";
import { hashOf } from "../../model/hash.ts";
import type { Action, CurrentRevision } from "./plan-action.ts";
import { ownerReferenceOf, revisionLabel } from "./plan-pod-draft.ts";

/**
 * The patch that `kubectl rollout undo` applies: it puts the whole template in the place of whatever is there. kubectl compares its
 * text with its own, so it has what clients in Go write of every template, and its keys in order.
 */
function templatePatchOf({ spec }: DaemonSet) {
  const { metadata, spec: podSpec, ...rest } = spec?.template ?? {};
  const plain = (containers: readonly Container[] | undefined) =>
    containers?.map((container) => ({ resources: {}, ...container }));
  const initContainers = plain(podSpec?.initContainers);
  return withSortedKeys({
    spec: {
      template: {
        ...rest,
        metadata: { creationTimestamp: null, ...metadata },
        spec: {
          ...podSpec,
          containers: plain(podSpec?.containers),
          ...(initContainers === undefined ? {} : { initContainers }),
        },
        $patch: "replace",
      },
    },
  });
}

/** What says nothing, and is in the template of one writer and not of another. */
const isIdle = (key: string, value: unknown): boolean =>
  (key === "creationTimestamp" && value === null) ||
  (key === "resources" && typeof value === "object" && value !== null && Object.keys(value).length === 0);

function withoutIdle(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(withoutIdle);
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key, part]) => !isIdle(key, part))
      .map(([key, part]) => [key, withoutIdle(part)]),
  );
}

const patches = new WeakMap<DaemonSet, unknown>();
const meanings = new WeakMap<ControllerRevision, unknown>();

function remembered<K extends object>(known: WeakMap<K, unknown>, key: K, make: () => unknown): unknown {
  if (!known.has(key)) known.set(key, make());
  return known.get(key);
}

/** Whether the revision, whoever wrote it, means the set's very template. */
export const holdsTemplateOf = (revision: ControllerRevision, set: DaemonSet): boolean =>
  deepEqual(
    remembered(meanings, revision, () => withoutIdle(revision.data)),
    remembered(patches, set, () => withoutIdle(templatePatchOf(set))),
  );

const hashIn = (revision: ControllerRevision): string =>
  revision.metadata.labels?.[revisionLabel] ?? revision.metadata.name.split("-").at(-1) ?? "";

function draftOf(set: DaemonSet, number: number): Action {
  const { template } = set.spec ?? {};
  // The count of clashes is part of what is hashed, so that raising it gives another name.
  const hash = hashOf({ template, clashes: set.status?.collisionCount ?? 0 });
  return {
    do: "create-revision",
    draft: {
      apiVersion: "apps/v1",
      kind: "ControllerRevision",
      metadata: {
        name: `${set.metadata.name}-${hash}`,
        namespace: set.metadata.namespace,
        labels: { ...template?.metadata?.labels, [revisionLabel]: hash },
        ...(set.metadata.annotations === undefined ? {} : { annotations: set.metadata.annotations }),
        ownerReferences: [ownerReferenceOf(set)],
      },
      data: templatePatchOf(set),
      revision: number,
    },
  };
}

export interface History {
  /** Absent where the template has no revision yet: it is made first, pods come after. */
  readonly current?: CurrentRevision;
  readonly actions: readonly Action[];
}

/** Finds the template's revision among the set's own, or has it made; going back to an old one raises its number. */
export function planHistory(set: DaemonSet, revisions: readonly ControllerRevision[]): History {
  const byNumber = [...revisions].sort(
    (left, right) => left.revision - right.revision || (left.metadata.name < right.metadata.name ? -1 : 1),
  );
  const same = byNumber.filter((revision) => holdsTemplateOf(revision, set));
  const chosen = same.at(-1);
  const newest = byNumber.at(-1)?.revision ?? 0;
  if (chosen === undefined) return { actions: [draftOf(set, newest + 1)] };
  const newestOther = byNumber.filter((revision) => !same.includes(revision)).at(-1)?.revision ?? 0;
  const raise = chosen.revision <= newestOther;
  return {
    current: {
      hash: hashIn(chosen),
      revision: raise ? newestOther + 1 : chosen.revision,
      hashes: new Set(same.map(hashIn)),
    },
    actions: raise ? [{ do: "raise-revision", revision: chosen, to: newestOther + 1 }] : [],
  };
}

/** The oldest revisions beyond the limit, those that a pod still uses excepted. */
export function planHistoryCleanup(
  set: DaemonSet,
  revisions: readonly ControllerRevision[],
  pods: readonly Pod[],
  current: CurrentRevision,
): Action[] {
  const limit = set.spec?.revisionHistoryLimit ?? 10;
  const old = revisions.filter((revision) => !current.hashes.has(hashIn(revision)));
  let excess = old.length - limit;
  if (excess <= 0) return [];
  const used = new Set(pods.map((pod) => pod.metadata.labels?.[revisionLabel]));
  const actions: Action[] = [];
  for (const revision of [...old].sort((left, right) => left.revision - right.revision)) {
    if (excess <= 0) break;
    if (used.has(hashIn(revision))) continue;
    actions.push({ do: "delete-revision", revision });
    excess -= 1;
  }
  return actions;
}
