// Owns what the downward API can tell a container of its pod: fields and resources, as text.
import type { Container, Pod, ResourceFieldSelector } from "../../model/generated/types.ts";
import { millisOf, unitsOf } from "../../model/quantity.ts";

/** What isn't in the pod's own object while it starts. */
export interface Whereabouts {
  readonly nodeName: string;
  readonly hostIp: string;
  /** None before the sandbox stands. */
  readonly podIps: readonly string[];
  /** The node's, for resource fields without a limit. */
  readonly allocatable: Readonly<Record<string, string>>;
}

const keyed = /^metadata\.(labels|annotations)\['(.+)'\]$/;

const lines = (entries: Readonly<Record<string, string>> | undefined): string =>
  Object.entries(entries ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .join("\n");

/** The field's value; undefined where the path names none that the downward API serves. */
export function fieldText(pod: Pod, path: string, where: Whereabouts): string | undefined {
  const match = keyed.exec(path);
  if (match !== null) {
    const entries = match[1] === "labels" ? pod.metadata.labels : pod.metadata.annotations;
    return entries?.[match[2] ?? ""] ?? "";
  }
  switch (path) {
    case "metadata.name":
      return pod.metadata.name;
    case "metadata.namespace":
      return pod.metadata.namespace ?? "";
    case "metadata.uid":
      return pod.metadata.uid;
    case "metadata.labels":
      return lines(pod.metadata.labels);
    case "metadata.annotations":
      return lines(pod.metadata.annotations);
    case "spec.nodeName":
      return where.nodeName;
    case "spec.serviceAccountName":
      return pod.spec?.serviceAccountName ?? "";
    case "status.hostIP":
    case "status.hostIPs":
      return where.hostIp;
    case "status.podIP":
      return where.podIps[0] ?? where.hostIp;
    case "status.podIPs":
      return where.podIps.length === 0 ? where.hostIp : where.podIps.join(",");
    default:
      return undefined;
  }
}

/** `limits.cpu` and the like in units of the divisor, rounded up; limits that aren't set are the node's allocatable. */
export function resourceText(
  pod: Pod,
  container: Container | undefined,
  selector: ResourceFieldSelector,
  where: Whereabouts,
): string | undefined {
  const named = selector.containerName;
  const of =
    named === undefined || named === "" ? container : everyContainer(pod).find(({ name }) => name === named);
  const match = /^(limits|requests)\.(.+)$/.exec(selector.resource);
  if (of === undefined || match === null) return undefined;
  const [, list, resource = ""] = match;
  const { limits, requests } = of.resources ?? {};
  const set = list === "limits" ? limits?.[resource] : (requests?.[resource] ?? limits?.[resource]);
  const amount = set ?? (list === "limits" ? where.allocatable[resource] : undefined) ?? "0";
  const divisor =
    selector.divisor === undefined || selector.divisor === "" || selector.divisor === "0"
      ? "1"
      : selector.divisor;
  if (resource === "cpu") return String(Math.ceil(millisOf(amount) / millisOf(divisor)));
  return String(Math.ceil(unitsOf(amount) / unitsOf(divisor)));
}

const everyContainer = (pod: Pod): readonly Container[] => [
  ...(pod.spec?.initContainers ?? []),
  ...(pod.spec?.containers ?? []),
];
