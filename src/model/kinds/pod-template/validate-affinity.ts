// Owns the rules of node and pod affinity.
import { forbidden, invalid, required, type FieldError } from "../../field-error.ts";
import { checkLabelSelector, checkName, listOf } from "../../field-checks.ts";
import type {
  Affinity,
  NodeAffinity,
  NodeSelector,
  NodeSelectorRequirement,
  NodeSelectorTerm,
  PodAffinity,
  PodAffinityTerm,
} from "../../generated/types.ts";
import { labelNameFaults, labelValueFaults, qualifiedNameFaults, subdomainNameFaults } from "../../names.ts";
import { checkTopologyKey } from "./validate-tolerations.ts";

const requiredRule = "requiredDuringSchedulingIgnoredDuringExecution";
const preferredRule = "preferredDuringSchedulingIgnoredDuringExecution";

export function validateAffinity(field: string, affinity: Affinity | undefined): FieldError[] {
  return [
    ...nodeAffinityFaults(`${field}.nodeAffinity`, affinity?.nodeAffinity),
    ...podAffinityFaults(`${field}.podAffinity`, affinity?.podAffinity),
    ...podAffinityFaults(`${field}.podAntiAffinity`, affinity?.podAntiAffinity),
  ];
}

const weightFaults = (field: string, weight: number | undefined): FieldError[] =>
  weight === undefined || weight < 1 || weight > 100
    ? [invalid(field, weight ?? 0, "must be in the range 1-100")]
    : [];

function nodeAffinityFaults(field: string, affinity: NodeAffinity | undefined): FieldError[] {
  const required = affinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return [
    ...(required === undefined ? [] : checkNodeSelector(`${field}.${requiredRule}`, required)),
    ...listOf(affinity?.preferredDuringSchedulingIgnoredDuringExecution).flatMap((term, index) => {
      const at = `${field}.${preferredRule}[${index}]`;
      return [
        ...weightFaults(`${at}.weight`, term.weight),
        ...nodeTermFaults(`${at}.preference`, term.preference),
      ];
    }),
  ];
}

export function checkNodeSelector(field: string, selector: NodeSelector): FieldError[] {
  const terms = listOf(selector.nodeSelectorTerms);
  if (terms.length === 0)
    return [required(`${field}.nodeSelectorTerms`, "must have at least one node selector term")];
  return terms.flatMap((term, index) => nodeTermFaults(`${field}.nodeSelectorTerms[${index}]`, term));
}

function nodeTermFaults(field: string, term: NodeSelectorTerm | undefined): FieldError[] {
  return [
    ...listOf(term?.matchExpressions).flatMap((requirement, index) =>
      expressionFaults(`${field}.matchExpressions[${index}]`, requirement),
    ),
    ...listOf(term?.matchFields).flatMap((requirement, index) =>
      fieldRequirementFaults(`${field}.matchFields[${index}]`, requirement),
    ),
  ];
}

function expressionFaults(at: string, requirement: NodeSelectorRequirement): FieldError[] {
  const values = listOf(requirement.values);
  const found: FieldError[] = [];
  switch (requirement.operator) {
    case "In":
    case "NotIn":
      if (values.length === 0)
        found.push(required(`${at}.values`, "must be specified when `operator` is 'In' or 'NotIn'"));
      break;
    case "Exists":
    case "DoesNotExist":
      if (values.length > 0)
        found.push(
          forbidden(`${at}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"),
        );
      break;
    case "Gt":
    case "Lt":
      if (values.length !== 1)
        found.push(
          required(`${at}.values`, "must be specified single value when `operator` is 'Lt' or 'Gt'"),
        );
      break;
    default:
      found.push(invalid(`${at}.operator`, requirement.operator ?? "", "not a valid selector operator"));
  }
  found.push(...checkName(`${at}.key`, requirement.key ?? "", qualifiedNameFaults));
  for (const [index, value] of values.entries())
    found.push(...checkName(`${at}.values[${index}]`, value, labelValueFaults));
  return found;
}

/** Nodes can be picked by one field only: their name. */
function fieldRequirementFaults(at: string, requirement: NodeSelectorRequirement): FieldError[] {
  const values = listOf(requirement.values);
  const found: FieldError[] = [];
  if (requirement.operator !== "In" && requirement.operator !== "NotIn")
    found.push(invalid(`${at}.operator`, requirement.operator ?? "", "not a valid selector operator"));
  else if (values.length !== 1)
    found.push(
      required(
        `${at}.values`,
        "must be only one value when `operator` is 'In' or 'NotIn' for node field selector",
      ),
    );
  if (requirement.key !== "metadata.name")
    found.push(invalid(`${at}.key`, requirement.key ?? "", "not a valid field selector key"));
  else
    for (const [index, value] of values.entries())
      found.push(...checkName(`${at}.values[${index}]`, value, subdomainNameFaults));
  return found;
}

function podAffinityFaults(field: string, affinity: PodAffinity | undefined): FieldError[] {
  return [
    ...listOf(affinity?.requiredDuringSchedulingIgnoredDuringExecution).flatMap((term, index) =>
      podTermFaults(`${field}.${requiredRule}[${index}]`, term),
    ),
    ...listOf(affinity?.preferredDuringSchedulingIgnoredDuringExecution).flatMap((weighted, index) => {
      const at = `${field}.${preferredRule}[${index}]`;
      return [
        ...weightFaults(`${at}.weight`, weighted.weight),
        ...podTermFaults(`${at}.podAffinityTerm`, weighted.podAffinityTerm),
      ];
    }),
  ];
}

function podTermFaults(field: string, term: PodAffinityTerm | undefined): FieldError[] {
  return [
    ...checkLabelSelector(`${field}.labelSelector`, term?.labelSelector),
    ...checkLabelSelector(`${field}.namespaceSelector`, term?.namespaceSelector),
    ...listOf(term?.namespaces).flatMap((name) => checkName(`${field}.namespace`, name, labelNameFaults)),
    ...checkTopologyKey(`${field}.topologyKey`, term?.topologyKey),
  ];
}
