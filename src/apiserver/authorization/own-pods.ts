// Owns what of Secrets and ConfigMaps a node may read: those that its own pods refer to, by name, as upstream's node authorizer has it.
import type { Pod } from "../../model/generated/types.ts";
import { apiReferences } from "../../model/pod/api-references.ts";
import type { Authorize } from "../answer.ts";
import { nodeOf } from "./node-caller.ts";

type PodsOn = (node: string) => Iterable<Pod>;

const guarded: Readonly<Record<string, "Secret" | "ConfigMap">> = {
  secrets: "Secret",
  configmaps: "ConfigMap",
};

/** Allows a node less than the role of nodes does. `podsOn` tells what is bound to a node now. */
export const withinOwnPods =
  (authorize: Authorize, podsOn: PodsOn): Authorize =>
  (caller, attributes) => {
    const verdict = authorize(caller, attributes);
    const { resource } = attributes;
    const kind = resource?.group === "" ? guarded[resource.resource] : undefined;
    if (verdict !== "allow" || resource === undefined || kind === undefined) return verdict;
    const node = nodeOf(caller);
    if (node === undefined || caller.groups.includes("system:masters")) return verdict;
    const { namespace, name } = resource;
    if (namespace === undefined || name === undefined)
      return { deny: `node ${node} can read only single objects of this type, by name` };
    for (const pod of podsOn(node))
      if (pod.metadata.namespace === namespace && refersTo(pod, kind, name)) return "allow";
    return { deny: `no relationship found between node ${node} and this object` };
  };

const refersTo = ({ spec }: Pod, kind: "Secret" | "ConfigMap", name: string): boolean =>
  spec !== undefined &&
  apiReferences(spec).some((reference) => reference.kind === kind && reference.name === name);
