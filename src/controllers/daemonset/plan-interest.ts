// Owns which changes of nodes and pods a DaemonSet's plan can depend on: heartbeats and restart counts are none.
import { deepEqual } from "../../lib/json.ts";
import type { Node, Pod } from "../../model/generated/types.ts";

const conditionOf = (
  conditions:
    readonly { type: string; status: string; lastTransitionTime?: string | undefined }[] | undefined,
) => {
  const ready = conditions?.find(({ type }) => type === "Ready");
  return ready === undefined ? undefined : [ready.status, ready.lastTransitionTime];
};

const ofNode = ({ metadata, spec, status }: Node) => [
  metadata.uid,
  metadata.labels,
  spec?.taints,
  conditionOf(status?.conditions),
];

const ofPod = ({ metadata, spec, status }: Pod) => [
  metadata.uid,
  metadata.labels,
  metadata.ownerReferences,
  metadata.deletionTimestamp,
  spec?.nodeName,
  status?.phase,
  conditionOf(status?.conditions),
];

export const nodeMatters = (node: Node, previous: Node): boolean =>
  !deepEqual(ofNode(node), ofNode(previous));
export const podMatters = (pod: Pod, previous: Pod): boolean => !deepEqual(ofPod(pod), ofPod(previous));
