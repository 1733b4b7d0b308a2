// Owns the reasons why a pod can't be on a node, as values a program can weigh and as words a person can read.
import type { NodeSelectorRequirement, Taint } from "../generated/types.ts";

/** One thing that keeps a pod off a node. */
export type Obstacle =
  /** The pod names another node in `spec.nodeName`. */
  | { readonly is: "other-node"; readonly wanted: string }
  /** The pod's nodeSelector wants a label the node has not, or has with another value. */
  | {
      readonly is: "label";
      readonly key: string;
      readonly wanted: string;
      readonly found: string | undefined;
    }
  /** No term of the required node affinity matches; of each term the first requirement that doesn't. */
  | { readonly is: "affinity"; readonly unmet: readonly UnmetRequirement[] }
  | { readonly is: "taint"; readonly taint: Taint }
  /** Cordoned: `spec.unschedulable` is set and not tolerated. */
  | { readonly is: "cordoned" }
  | { readonly is: "port-taken"; readonly port: number; readonly protocol: string; readonly hostIP: string }
  /** The node has no place for one more pod. */
  | { readonly is: "too-many-pods"; readonly allowed: number }
  /** Too little of a resource is left. Thousandths for cpu, whole units for the rest. */
  | {
      readonly is: "short-of";
      readonly resource: string;
      readonly wanted: number;
      readonly free: number;
    };

export interface UnmetRequirement {
  readonly requirement: NodeSelectorRequirement;
  readonly of: "label" | "field";
  readonly found: string | undefined;
}

/** Whether a pod may be on a node, and if not, everything that speaks against it. */
export type Fit =
  { readonly is: "fits" } | { readonly is: "unfit"; readonly because: readonly [Obstacle, ...Obstacle[]] };

const fits: Fit = { is: "fits" };

export function fitOf(obstacles: readonly Obstacle[]): Fit {
  const [first, ...others] = obstacles;
  return first === undefined ? fits : { is: "unfit", because: [first, ...others] };
}

export const taintText = ({ key, value, effect }: Taint): string =>
  value === undefined || value === "" ? `${key}:${effect}` : `${key}=${value}:${effect}`;

const amountText = (resource: string, amount: number): string =>
  resource === "cpu" && amount % 1000 !== 0
    ? `${amount}m`
    : String(resource === "cpu" ? amount / 1000 : amount);

function requirementText({ requirement: { key, operator, values }, of }: UnmetRequirement): string {
  const name = of === "field" ? `field ${key}` : key;
  return values === undefined || values.length === 0
    ? `${name} ${operator}`
    : `${name} ${operator} [${values.join(", ")}]`;
}

const foundText = (found: string | undefined): string => (found === undefined ? "none" : `"${found}"`);

/** One clause: `the taint gpu=yes:NoSchedule is not tolerated`. */
export function obstacleText(obstacle: Obstacle): string {
  switch (obstacle.is) {
    case "other-node":
      return `the pod asks for node ${obstacle.wanted}`;
    case "label":
      return `nodeSelector wants ${obstacle.key}=${obstacle.wanted}, the node has ${foundText(obstacle.found)}`;
    case "affinity":
      return obstacle.unmet.length === 0
        ? "the required node affinity has no term that could match"
        : `node affinity wants ${obstacle.unmet
            .map((unmet) => `${requirementText(unmet)} (the node has ${foundText(unmet.found)})`)
            .join(" or ")}`;
    case "taint":
      return `the taint ${taintText(obstacle.taint)} is not tolerated`;
    case "cordoned":
      return "the node is cordoned";
    case "port-taken":
      return `host port ${obstacle.port}/${obstacle.protocol} on ${obstacle.hostIP} is taken`;
    case "too-many-pods":
      return `the node holds its ${obstacle.allowed} pods already`;
    case "short-of":
      break;
  }
  return `${obstacle.resource}: ${amountText(obstacle.resource, obstacle.wanted)} wanted, ${amountText(obstacle.resource, Math.max(0, obstacle.free))} free`;
}
