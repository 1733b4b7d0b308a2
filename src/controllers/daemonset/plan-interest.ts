// Owns which changes of sets, nodes and pods a DaemonSet's plan can depend on: heartbeats and restart counts are none.
import { deepEqual } from "../../lib/json.ts";
import type { DaemonSet, Node, Pod } from "../../model/generated/types.ts";

type Conditions =
  readonly { type: string; status: string; lastTransitionTime?: string | undefined }[] | undefined;

function sameReady(left: Conditions, right: Conditions): boolean {
  if (left === right) return true;
  const [one, other] = [left, right].map((conditions) => conditions?.find(({ type }) => type === "Ready"));
  return one?.status === other?.status && one?.lastTransitionTime === other?.lastTransitionTime;
}

export const nodeMatters = (node: Node, previous: Node): boolean =>
  node.metadata.uid !== previous.metadata.uid ||
  !deepEqual(node.metadata.labels, previous.metadata.labels) ||
  !deepEqual(node.spec?.taints, previous.spec?.taints) ||
  !sameReady(node.status?.conditions, previous.status?.conditions);

export const podMatters = ({ metadata, spec, status }: Pod, previous: Pod): boolean =>
  metadata.uid !== previous.metadata.uid ||
  metadata.deletionTimestamp !== previous.metadata.deletionTimestamp ||
  spec?.nodeName !== previous.spec?.nodeName ||
  status?.phase !== previous.status?.phase ||
  !sameReady(status?.conditions, previous.status?.conditions) ||
  !deepEqual(metadata.labels, previous.metadata.labels) ||
  !deepEqual(metadata.ownerReferences, previous.metadata.ownerReferences);

export const onlyStatusChanged = (set: DaemonSet, previous: DaemonSet): boolean =>
  set.metadata.uid === previous.metadata.uid &&
  set.metadata.generation === previous.metadata.generation &&
  set.metadata.generation !== undefined &&
  set.metadata.deletionTimestamp === previous.metadata.deletionTimestamp &&
  set.status?.collisionCount === previous.status?.collisionCount &&
  set.status?.observedGeneration === set.metadata.generation;
