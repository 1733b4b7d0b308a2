// Owns when NoExecute taints drive a pod off its node.
import type { Instant } from "../../lib/units.ts";
import type { Node, Pod, Taint } from "../../model/generated/types.ts";
import { tolerates } from "../../model/placement/toleration.ts";
import { isMirror } from "../../model/pod/mirror.ts";

export type Stay = { readonly is: "stays" } | { readonly is: "leaves"; readonly at: Instant };

export const evictingTaints = (node: Node): readonly Taint[] =>
  (node.spec?.taints ?? []).filter((taint) => taint.effect === "NoExecute");

/**
 * `since`: from when a taint counts. Untolerated, the pod leaves at once; tolerated for a time, when the shortest time is over.
 * Pods that leave already, and the mirrors of static pods (S.9), are left alone.
 */
export function planEviction(pod: Pod, taints: readonly Taint[], since: (taint: Taint) => Instant): Stay {
  if (pod.metadata.deletionTimestamp !== undefined) return { is: "stays" };
  if (isMirror(pod)) return { is: "stays" };
  const tolerations = pod.spec?.tolerations ?? [];
  let at = Infinity;
  for (const taint of taints) {
    const toleration = tolerations.find((candidate) => tolerates(candidate, taint));
    if (toleration === undefined) at = Math.min(at, since(taint));
    else if (toleration.tolerationSeconds !== undefined)
      at = Math.min(at, since(taint) + Math.max(0, toleration.tolerationSeconds) * 1000);
  }
  return at === Infinity ? { is: "stays" } : { is: "leaves", at };
}
