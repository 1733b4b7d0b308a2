// Owns which level of priority a request has, and which flow of that level it belongs to.
import type { Caller } from "../../model/wire.ts";

/** After upstream's suggested configuration of API Priority and Fairness. */
export type Level =
  | "exempt"
  | "node-high"
  | "leader-election"
  | "system"
  | "workload-high"
  | "workload-low"
  | "global-default"
  | "catch-all";

export interface Flow {
  readonly level: Level;
  /** Requests of one flow wait for each other and not for those of others. */
  readonly name: string;
}

export interface Asked {
  readonly resource?: { readonly group: string; readonly resource: string; readonly namespace?: string };
}

/** How the seats are shared: upstream's nominal concurrency shares. */
export const shares: Readonly<Record<Exclude<Level, "exempt">, number>> = {
  "node-high": 40,
  "leader-election": 10,
  system: 30,
  "workload-high": 40,
  "workload-low": 100,
  "global-default": 20,
  "catch-all": 5,
};

const components: ReadonlySet<string> = new Set(["system:kube-controller-manager", "system:kube-scheduler"]);

export function flowOf(caller: Caller, asked: Asked): Flow {
  return { level: levelOf(caller, asked), name: caller.name };
}

function levelOf({ name, groups }: Caller, { resource }: Asked): Level {
  if (groups.includes("system:masters")) return "exempt";
  if (groups.includes("system:nodes")) return isHeartbeat(resource) ? "node-high" : "system";
  if (components.has(name)) return isElection(resource) ? "leader-election" : "workload-high";
  if (groups.includes("system:serviceaccounts:kube-system"))
    return isElection(resource) ? "leader-election" : "workload-high";
  if (groups.includes("system:serviceaccounts")) return "workload-low";
  return groups.includes("system:authenticated") ? "global-default" : "catch-all";
}

const isHeartbeat = (resource: Asked["resource"]): boolean =>
  isLease(resource) || (resource?.group === "" && resource.resource === "nodes");
const isElection = (resource: Asked["resource"]): boolean =>
  isLease(resource) && resource?.namespace === "kube-system";
const isLease = (resource: Asked["resource"]): boolean =>
  resource?.group === "coordination.k8s.io" && resource.resource === "leases";
