// Owns by what the pods of sets are looked up: their owner, their node, or that nobody owns them.
import type { Pod } from "../../model/generated/types.ts";
import { controllerOf } from "../../model/owner.ts";
import { targetNodeOf } from "../../model/placement.ts";
import { ownershipIndexes } from "./own-writes.ts";

/** `place`: the owner's UID and the node that the pod is on or meant for, which is "" for none. */
export const podIndexes = {
  ...ownershipIndexes,
  place(pod: Pod): readonly string[] {
    const owner = controllerOf(pod);
    return owner === undefined ? [] : [`${owner.uid}/${targetNodeOf(pod) ?? ""}`];
  },
};

export function* placesAmong(pods: Iterable<Pod>): Iterable<string> {
  for (const pod of pods) yield targetNodeOf(pod) ?? "";
}
