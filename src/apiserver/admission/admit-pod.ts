// Owns what is added to every new pod before it is validated: tolerations for a lost node, and its priority; and that one class at most is that of pods that name none.
import type { Pod, PriorityClass } from "../../model/generated/types.ts";
import type { Descriptor } from "../../model/kinds/descriptor.ts";
import type { KubeObject } from "../../model/meta.ts";
import { addDefaultTolerations, addPriority } from "../../model/pod/admission.ts";
import { everything } from "../cache/selection.ts";
import { objectKey } from "../registry/place.ts";
import { isPriorityClasses, type Registry } from "../registry/registry.ts";

/** The objects are of the kinds that their descriptors say. */
const asPod = (object: KubeObject): Pod => object;
const asPriorityClass = (object: KubeObject): PriorityClass => object;

/** Changes the pod in place; gives the reason where it may not be. Call with caches that are current. */
export function admitPod(registry: Registry, object: KubeObject): string | undefined {
  const pod = asPod(object);
  addDefaultTolerations(pod);
  const kind = registry.kinds.find(isPriorityClasses);
  const cache = kind === undefined ? undefined : registry.feed.cacheOf(kind);
  if (pod.spec !== undefined && (pod.spec.priorityClassName ?? "") === "" && cache !== undefined) {
    const name = defaultClass(cache.select(everything));
    if (name !== undefined) pod.spec.priorityClassName = name;
  }
  return addPriority(pod, (name) => {
    const held = kind === undefined ? undefined : cache?.get(objectKey(kind, undefined, name));
    if (held === undefined) return undefined;
    const found = asPriorityClass(held.object);
    return { value: valueOf(found), preemptionPolicy: found.preemptionPolicy };
  });
}

/** Why the class may not be the one of pods that name none: another is. Call with caches that are current. */
export function secondDefault({ feed }: Registry, kind: Descriptor, object: KubeObject): string | undefined {
  if (!isPriorityClasses(kind) || asPriorityClass(object).globalDefault !== true) return undefined;
  for (const { object: other } of feed.cacheOf(kind).select(everything))
    if (asPriorityClass(other).globalDefault === true && other.metadata.name !== object.metadata.name)
      return `PriorityClass ${other.metadata.name} is already marked as default. Only one default can exist`;
  return undefined;
}

const valueOf = ({ value = 0 }: PriorityClass): number => value;

/** The class of pods that name none; of several the lowest, as upstream has it. */
function defaultClass(all: Iterable<{ readonly object: KubeObject }>): string | undefined {
  let lowest: PriorityClass | undefined;
  for (const { object } of all) {
    const one = asPriorityClass(object);
    if (one.globalDefault === true && (lowest === undefined || valueOf(one) < valueOf(lowest))) lowest = one;
  }
  return lowest?.metadata.name;
}
