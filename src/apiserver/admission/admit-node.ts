// Owns what a node's kubelet may write: its own node and lease, its own pods, and of pods none but mirrors, as upstream's NodeRestriction has it.
import { deepEqual } from "../../lib/json.ts";
import type { Node, Pod } from "../../model/generated/types.ts";
import type { Descriptor } from "../../model/kinds/descriptor.ts";
import type { Draft, KubeObject } from "../../model/meta.ts";
import { apiReferences } from "../../model/pod/api-references.ts";
import { isMirror, mirrorAnnotation } from "../../model/pod/mirror.ts";
import type { Caller } from "../../model/wire.ts";
import { nodeOf } from "../authorization/node-caller.ts";
import { isKind, isPods } from "../registry/registry.ts";
import { forbidden, type Refusal } from "../status.ts";

/** The objects are of the kinds that their descriptors say. */
const asPod = (object: Draft<KubeObject>): Draft<Pod> => object;
const asNode = (object: Draft<KubeObject>): Draft<Node> => object;

const isNodes = (kind: Descriptor): boolean => isKind(kind, "", "nodes");
const isLeases = (kind: Descriptor): boolean => isKind(kind, "coordination.k8s.io", "leases");

/** Labels that say what a machine may be trusted with, which it may not say of itself. */
const restrictedLabel = /^(?:[^/]+\.)?node-restriction\.kubernetes\.io\//;

/** Why a kubelet may not create the object; undefined for everybody else. */
export function admitNodeCreate(
  caller: Caller | undefined,
  kind: Descriptor,
  object: KubeObject,
): string | undefined {
  const node = caller && nodeOf(caller);
  if (node === undefined) return undefined;
  const { name } = object.metadata;
  if (isNodes(kind) && name !== node) return `node ${node} is not allowed to create node ${name}`;
  if (isLeases(kind) && name !== node) return `node ${node} can only create the lease of its own name`;
  if (isNodes(kind)) return labelFault(node, object, undefined);
  return isPods(kind) ? mirrorFault(node, asPod(object)) : undefined;
}

function mirrorFault(node: string, pod: Draft<Pod>): string | undefined {
  const { spec } = pod;
  if (!isMirror(pod))
    return `pod does not have the annotation ${mirrorAnnotation}: node ${node} can only create mirror pods`;
  if (spec?.nodeName !== node) return `node ${node} can only create pods with spec.nodeName set to itself`;
  const [reference] = apiReferences(spec);
  return reference === undefined
    ? undefined
    : `node ${node} can not create pods that refer to other objects, as ${reference.field} does`;
}

export type NodeWrite = "update" | "delete" | "evict";

/** Why a kubelet may not do it to the object as it stands; undefined for everybody else. */
export function admitNodeWrite(
  caller: Caller | undefined,
  kind: Descriptor,
  { write, object }: { readonly write: NodeWrite; readonly object: KubeObject },
): Refusal | undefined {
  const node = caller && nodeOf(caller);
  if (node === undefined || !isPods(kind) || asPod(object).spec?.nodeName === node) return undefined;
  return forbidden(
    kind,
    object.metadata.name,
    `node ${node} can only ${write} pods with spec.nodeName set to itself`,
  );
}

/** As admitNodeWrite, of what a kubelet would make of its own node, or of a pod's labels along with its status. */
export function admitNodeChange(
  caller: Caller | undefined,
  kind: Descriptor,
  { next, old }: { readonly next: KubeObject; readonly old: KubeObject },
): Refusal | undefined {
  const node = caller && nodeOf(caller);
  if (node === undefined) return undefined;
  if (isPods(kind) && !deepEqual(next.metadata.labels ?? {}, old.metadata.labels ?? {}))
    return forbidden(kind, old.metadata.name, `node ${node} can not change labels through a pod's status`);
  if (!isNodes(kind)) return undefined;
  const isTainted = !deepEqual(asNode(next).spec?.taints ?? [], asNode(old).spec?.taints ?? []);
  const why = isTainted ? `node ${node} is not allowed to modify taints` : labelFault(node, next, old);
  return why === undefined ? undefined : forbidden(kind, old.metadata.name, why);
}

function labelFault(node: string, next: KubeObject, old: KubeObject | undefined): string | undefined {
  const [after, before] = [next.metadata.labels ?? {}, old?.metadata.labels ?? {}];
  const changed = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(
    (key) => restrictedLabel.test(key) && after[key] !== before[key],
  );
  return changed.length === 0
    ? undefined
    : `node ${node} is not allowed to modify labels: ${changed.sort().join(", ")}`;
}
