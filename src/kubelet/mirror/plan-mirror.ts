// Owns what has to be done in the API so that a static pod is shown there, and nothing else is.
import { deepEqual } from "../../lib/json.ts";
import type { Container, Pod } from "../../model/generated/types.ts";
import { mirrorAnnotation } from "../../model/pod/mirror.ts";
import { isPodFinished } from "../../model/pod/readiness.ts";
import type { Draft } from "../../model/meta.ts";

const annotationHash = "kubernetes.io/config.hash";

export type MirrorAction =
  | { readonly do: "create"; readonly draft: Draft<Pod> }
  /** At once, and only this very object. */
  | {
      readonly do: "delete";
      readonly uid: string;
      readonly because:
        "not wanted" | "being deleted" | "of another version" | "edited" | "of an earlier life";
    }
  | { readonly do: "show" }
  | { readonly do: "nothing" };

/** The mirror pod of a static pod (kubernetes.io/docs/tasks/configure-pod-container/static-pod). */
export function mirrorOf(pod: Pod, node: { readonly name: string; readonly uid: string }): Draft<Pod> {
  const { name, namespace, labels, annotations = {} } = pod.metadata;
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      ...(labels === undefined ? {} : { labels }),
      annotations: { ...annotations, [mirrorAnnotation]: annotations[annotationHash] ?? "" },
      ownerReferences: [{ apiVersion: "v1", kind: "Node", name: node.name, uid: node.uid, controller: true }],
    },
    ...(pod.spec === undefined ? {} : { spec: pod.spec }),
  };
}

const images = (containers: readonly Container[] | undefined) =>
  (containers ?? []).map(({ name, image }) => [name, image]);

/** What the API lets people change of a pod. */
const visible = ({ metadata, spec }: Pick<Draft<Pod>, "metadata" | "spec">) => ({
  labels: metadata.labels ?? {},
  annotations: metadata.annotations ?? {},
  owners: (metadata.ownerReferences ?? []).map(({ kind, uid }) => [kind, uid]),
  containers: images(spec?.containers),
  initContainers: images(spec?.initContainers),
  deadline: spec?.activeDeadlineSeconds,
});

interface MirrorNode {
  readonly name: string;
  readonly uid: string;
}

/** `pod` is undefined where no source wants one of this name; `isOver` tells whether it has ended for good here. */
export function planMirror(
  pod: Pod | undefined,
  mirror: Pod | undefined,
  node: MirrorNode,
  isOver: boolean,
): MirrorAction {
  if (mirror === undefined)
    return pod === undefined ? { do: "nothing" } : { do: "create", draft: mirrorOf(pod, node) };
  const remove = (because: (MirrorAction & { do: "delete" })["because"]): MirrorAction => ({
    do: "delete",
    uid: mirror.metadata.uid,
    because,
  });
  if (pod === undefined) return remove("not wanted");
  if (mirror.metadata.deletionTimestamp !== undefined) return remove("being deleted");
  const hash = pod.metadata.annotations?.[annotationHash];
  if (mirror.metadata.annotations?.[mirrorAnnotation] !== hash) return remove("of another version");
  // A phase that is final can't be taken back: of a pod that runs again after a shutdown another mirror tells.
  if (!isOver && isPodFinished(mirror)) return remove("of an earlier life");
  return deepEqual(visible(mirror), visible(mirrorOf(pod, node))) ? { do: "show" } : remove("edited");
}
