// Owns what a daemon pod looks like when it is made: its name, labels, owner, and the one node it asks for (D.3 to D.5).
import type {
  Affinity,
  DaemonSet,
  ObjectMeta,
  OwnerReference,
  Pod,
  PodSpec,
} from "../../model/generated/types.ts";
import { nameSuffix } from "../../model/hash.ts";
import type { Draft } from "../../model/meta.ts";
import type { CurrentRevision } from "./plan-action.ts";
import { daemonTolerations } from "./plan-placement.ts";

export const revisionLabel = "controller-revision-hash";
const generationLabel = "pod-template-generation";
const generationAnnotation = "deprecated.daemonset.template.generation";

// A name is at most 63 characters where it becomes a host name; five are the suffix's.
const stemMax = 58;

/**
 * The name of the pod of one node and revision. It is derived and not drawn, so that a second create from the same observation is
 * a conflict and not a second pod. Names that stand already (another node's, a released pod's) are stepped over.
 */
export function daemonPodName(
  set: DaemonSet,
  node: string,
  hash: string,
  taken: (name: string) => boolean,
): string {
  const stem = `${set.metadata.name}-`.slice(0, stemMax);
  for (let attempt = 0; ; attempt++) {
    const name = stem + nameSuffix(set.metadata.uid, node, hash, String(attempt));
    if (!taken(name)) return name;
  }
}

export const ownerReferenceOf = (set: DaemonSet): OwnerReference => ({
  apiVersion: "apps/v1",
  kind: "DaemonSet",
  name: set.metadata.name,
  uid: set.metadata.uid,
  controller: true,
  blockOwnerDeletion: true,
});

/** What all pods of one revision share. */
export interface PodMould {
  readonly metadata: ObjectMeta;
  readonly spec: PodSpec;
}

export function podMouldOf(set: DaemonSet, { hash, revision }: CurrentRevision): PodMould {
  const template = set.spec?.template;
  const { labels, annotations, finalizers } = template?.metadata ?? {};
  const generation = set.metadata.annotations?.[generationAnnotation] ?? String(revision);
  const spec = template?.spec ?? { containers: [] };
  return {
    metadata: {
      generateName: `${set.metadata.name}-`,
      namespace: set.metadata.namespace,
      labels: { ...labels, [revisionLabel]: hash, [generationLabel]: generation },
      ...(annotations === undefined ? {} : { annotations }),
      ...(finalizers === undefined ? {} : { finalizers }),
      ownerReferences: [ownerReferenceOf(set)],
    },
    spec: { ...spec, tolerations: [...daemonTolerations(spec)] },
  };
}

/** The template's affinity with the required node terms replaced by the one node; preferred terms stay. */
function affinityFor(affinity: Affinity | undefined, node: string): Affinity {
  return {
    ...affinity,
    nodeAffinity: {
      ...affinity?.nodeAffinity,
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchFields: [{ key: "metadata.name", operator: "In", values: [node] }] }],
      },
    },
  };
}

export function podDraft(mould: PodMould, node: string, name: string): Draft<Pod> {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { ...mould.metadata, name },
    spec: { ...mould.spec, affinity: affinityFor(mould.spec.affinity, node) },
  };
}
