// Owns the rules of resource requests and limits.
import { forbidden, invalid, required, type FieldError } from "../../field-error.ts";
import { checkName } from "../../field-checks.ts";
import type { ResourceRequirements } from "../../generated/types.ts";
import { qualifiedNameFaults } from "../../names.ts";
import { compareQuantities, quantityOf } from "../../quantity.ts";

type Amounts = Readonly<Record<string, string>>;

const containerResources = new Set(["cpu", "memory", "ephemeral-storage"]);
const otherResources = new Set([
  "pods",
  "services",
  "replicationcontrollers",
  "resourcequotas",
  "secrets",
  "configmaps",
  "persistentvolumeclaims",
  "storage",
]);

const isHugePages = (name: string): boolean => name.startsWith("hugepages-");
const isNative = (name: string): boolean => !name.includes("/") || name.includes("kubernetes.io/");
/** Only these may be promised more often than they exist. */
const mayOvercommit = (name: string): boolean => isNative(name) && !isHugePages(name);

function resourceNameFaults(field: string, name: string): FieldError[] {
  const found = checkName(field, name, qualifiedNameFaults);
  if (found.length > 0 || name.includes("/") || containerResources.has(name) || isHugePages(name))
    return found;
  if (!otherResources.has(name))
    found.push(invalid(field, name, "must be a standard resource type or fully qualified"));
  found.push(invalid(field, name, "must be a standard resource for containers"));
  return found;
}

/** Names and amounts of one list of resources. */
export function checkResourceMap(field: string, amounts: Amounts | undefined): FieldError[] {
  return Object.entries(amounts ?? {}).flatMap(([name, amount]) => {
    const at = `${field}[${name}]`;
    const { nanos } = quantityOf(amount);
    const found = resourceNameFaults(at, name);
    if (nanos < 0n) found.push(invalid(at, amount, "must be greater than or equal to 0"));
    if (!mayOvercommit(name) && nanos % 1_000_000_000n !== 0n)
      found.push(invalid(at, amount, "must be an integer"));
    return found;
  });
}

function balanceFaults(field: string, requests: Amounts, limits: Amounts): FieldError[] {
  return Object.entries(requests).flatMap(([name, amount]) => {
    const limit = Object.hasOwn(limits, name) ? limits[name] : undefined;
    if (limit === undefined)
      return mayOvercommit(name)
        ? []
        : [required(`${field}.limits`, "Limit must be set for non overcommitable resources")];
    const order = compareQuantities(amount, limit);
    if (order !== 0 && !mayOvercommit(name))
      return [invalid(`${field}.requests`, amount, `must be equal to ${name} limit of ${limit}`)];
    return order > 0
      ? [invalid(`${field}.requests`, amount, `must be less than or equal to ${name} limit of ${limit}`)]
      : [];
  });
}

const pageless = ["cpu", "memory"];

/** Huge pages alone would make a pod without a share of anything else, and of the best quality of service. */
function pageFaults(field: string, { requests = {}, limits = {} }: ResourceRequirements): FieldError[] {
  const names = [...Object.keys(requests), ...Object.keys(limits)];
  return names.some(isHugePages) && !names.some((name) => pageless.includes(name))
    ? [forbidden(field, "HugePages require cpu or memory")]
    : [];
}

export function validateResources(field: string, resources: ResourceRequirements | undefined): FieldError[] {
  return [
    ...pageFaults(field, resources ?? {}),
    ...checkResourceMap(`${field}.limits`, resources?.limits),
    ...checkResourceMap(`${field}.requests`, resources?.requests),
    ...balanceFaults(field, resources?.requests ?? {}, resources?.limits ?? {}),
  ];
}
