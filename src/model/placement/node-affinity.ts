// Owns which nodes a pod asks for: nodeName, nodeSelector and required node affinity, prepared once and asked per node.
import type { Node, NodeSelectorRequirement, NodeSelectorTerm, PodSpec } from "../generated/types.ts";
import type { Obstacle, UnmetRequirement } from "./obstacle.ts";

/** A pod's wishes, ready to be held against many nodes. */
export interface NodeWishes {
  readonly nodeName: string | undefined;
  readonly labels: readonly (readonly [key: string, value: string])[];
  /** Absent where nothing is required. An empty list matches no node, as upstream's. */
  readonly terms: readonly NodeSelectorTerm[] | undefined;
}

export function nodeWishesOf(spec: PodSpec | undefined): NodeWishes {
  const nodeName = spec?.nodeName === "" ? undefined : spec?.nodeName;
  return {
    nodeName,
    labels: Object.entries(spec?.nodeSelector ?? {}),
    terms: spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms,
  };
}

/** The nodes that the required affinity names with `metadata.name In [...]` in every term; absent where it is not so narrow. */
export function namedNodes({ terms }: NodeWishes): ReadonlySet<string> | undefined {
  if (terms === undefined || terms.length === 0) return undefined;
  const names = new Set<string>();
  for (const { matchFields } of terms) {
    const byName = matchFields?.find(({ key, operator }) => key === "metadata.name" && operator === "In");
    if (byName === undefined) return undefined;
    for (const name of byName.values ?? []) names.add(name);
  }
  return names;
}

const integer = /^[+-]?\d+$/;

/** Whether a value meets a node selector requirement; an absent value stands for a label the node has not. */
export function meets(
  value: string | undefined,
  { operator, values = [] }: NodeSelectorRequirement,
): boolean {
  switch (operator) {
    case "In":
      return value !== undefined && values.includes(value);
    case "NotIn":
      return value === undefined || !values.includes(value);
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
    case "Gt":
    case "Lt": {
      const [bound] = values;
      if (value === undefined || bound === undefined) return false;
      if (!integer.test(value) || !integer.test(bound)) return false;
      return operator === "Gt" ? BigInt(value) > BigInt(bound) : BigInt(value) < BigInt(bound);
    }
    default:
      return false;
  }
}

/** The first requirement of a term that a node doesn't meet. A term without requirements matches nothing. */
function unmetOf(term: NodeSelectorTerm, node: Node): UnmetRequirement | "none" | "empty-term" {
  const { matchFields = [], matchExpressions = [] } = term;
  if (matchFields.length === 0 && matchExpressions.length === 0) return "empty-term";
  for (const requirement of matchFields) {
    const found = requirement.key === "metadata.name" ? node.metadata.name : undefined;
    if (!meets(found, requirement)) return { requirement, of: "field", found };
  }
  for (const requirement of matchExpressions) {
    const found = node.metadata.labels?.[requirement.key];
    if (!meets(found, requirement)) return { requirement, of: "label", found };
  }
  return "none";
}

function affinityObstacle(terms: readonly NodeSelectorTerm[], node: Node): Obstacle | undefined {
  const unmet: UnmetRequirement[] = [];
  for (const term of terms) {
    const found = unmetOf(term, node);
    if (found === "none") return undefined;
    if (found !== "empty-term") unmet.push(found);
  }
  return { is: "affinity", unmet };
}

const none: readonly Obstacle[] = [];

/** What of the node's name, labels and fields speaks against the pod. Nothing is allocated where nothing does. */
export function affinityObstacles(wishes: NodeWishes, node: Node): readonly Obstacle[] {
  let obstacles = none;
  const add = (obstacle: Obstacle) => (obstacles = [...obstacles, obstacle]);
  if (wishes.nodeName !== undefined && wishes.nodeName !== node.metadata.name)
    add({ is: "other-node", wanted: wishes.nodeName });
  for (const [key, wanted] of wishes.labels) {
    const found = node.metadata.labels?.[key];
    if (found !== wanted) add({ is: "label", key, wanted, found });
  }
  if (wishes.terms !== undefined) {
    const obstacle = affinityObstacle(wishes.terms, node);
    if (obstacle !== undefined) add(obstacle);
  }
  return obstacles;
}

/** How well a node pleases: the sum of the weights of the preferred terms it matches. */
export function preferenceOf(spec: PodSpec | undefined, node: Node): number {
  const preferred = spec?.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution;
  if (preferred === undefined) return 0;
  let sum = 0;
  for (const { preference, weight } of preferred) if (unmetOf(preference, node) === "none") sum += weight;
  return sum;
}
