// Owns which node's kubelet a caller is.
import { nodesGroup, nodeUserPrefix } from "../../model/signer.ts";
import type { Caller } from "../../model/wire.ts";

/** The node that the caller speaks for; undefined for everybody but kubelets. */
export const nodeOf = ({ name, groups }: Caller): string | undefined =>
  groups.includes(nodesGroup) && name.startsWith(nodeUserPrefix) && name.length > nodeUserPrefix.length
    ? name.slice(nodeUserPrefix.length)
    : undefined;
