// Owns the rules of a pod's spec as a whole; its parts have files of their own beside this one.
import { Lately } from "../../../lib/lately.ts";
import { isIp } from "../../../lib/ip.ts";
import { forbidden, invalid, required, type FieldError } from "../../field-error.ts";
import {
  checkChoice,
  checkLabels,
  checkName,
  checkRange,
  checkRequired,
  listOf,
} from "../../field-checks.ts";
import type { PodDNSConfig, PodSpec } from "../../generated/types.ts";
import { labelNameFaults, qualifiedNameFaults, subdomainNameFaults } from "../../names.ts";
import { validateAffinity } from "./validate-affinity.ts";
import { validateContainers } from "./validate-containers.ts";
import { checkResourceMap } from "./validate-resources.ts";
import { validatePodSecurity } from "./validate-security.ts";
import { validateTolerations, validateTopologySpread } from "./validate-tolerations.ts";
import { validateVolumes } from "./validate-volumes.ts";

const int32Max = 2_147_483_647;

// Specs of stored pods, which are frozen, found to have no faults. A pod's status changes many times, its spec hardly ever.
const sound = new Lately<PodSpec, true>();

/** Every fault of the spec at once. A pod is held to a little more than a template, whose pods get more defaults. */
export function validatePodSpec(
  field: string,
  given: PodSpec | undefined,
  place: "pod" | "template",
): FieldError[] {
  if (place === "template" || given === undefined || !Object.isFrozen(given))
    return faultsOf(field, given, place);
  if (sound.get(given) === true) return [];
  const faults = faultsOf(field, given, place);
  if (faults.length === 0) sound.set(given, true);
  return faults;
}

function faultsOf(field: string, given: PodSpec | undefined, place: "pod" | "template"): FieldError[] {
  // An absent spec is an empty one: what it lacks is then named field by field.
  const spec = given ?? { containers: [] };
  return [
    ...(spec.terminationGracePeriodSeconds === undefined
      ? [required(`${field}.terminationGracePeriodSeconds`)]
      : []),
    ...validateVolumes(`${field}.volumes`, spec.volumes),
    ...validateContainers(field, spec, place),
    ...hostPortFaults(field, spec, place),
    ...checkChoice(
      `${field}.restartPolicy`,
      spec.restartPolicy,
      ["Always", "OnFailure", "Never"],
      "required",
    ),
    ...checkChoice(
      `${field}.dnsPolicy`,
      spec.dnsPolicy,
      ["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"],
      "required",
    ),
    ...checkLabels(`${field}.nodeSelector`, spec.nodeSelector),
    ...validatePodSecurity(field, spec),
    ...validateAffinity(`${field}.affinity`, spec.affinity),
    ...dnsFaults(`${field}.dnsConfig`, spec.dnsConfig, spec.dnsPolicy),
    ...gateFaults(field, spec),
    ...validateTopologySpread(`${field}.topologySpreadConstraints`, spec.topologySpreadConstraints),
    ...nameFaults(field, spec),
    ...checkRange(`${field}.activeDeadlineSeconds`, spec.activeDeadlineSeconds, [1, int32Max]),
    ...validateTolerations(`${field}.tolerations`, spec.tolerations),
    ...hostAliasFaults(`${field}.hostAliases`, spec),
    ...checkChoice(
      `${field}.preemptionPolicy`,
      spec.preemptionPolicy,
      ["PreemptLowerPriority", "Never"],
      "allowed",
    ),
    ...checkResourceMap(`${field}.overhead`, spec.overhead),
    ...checkChoice(`${field}.os.name`, spec.os?.name, ["linux", "windows"], "allowed"),
  ];
}

function hostPortFaults(field: string, spec: PodSpec, place: "pod" | "template"): FieldError[] {
  if (spec.hostNetwork !== true) return [];
  return listOf(spec.containers).flatMap((container, index) =>
    listOf(container.ports).flatMap((port, portIndex) => {
      const given = port.hostPort !== undefined && port.hostPort !== 0;
      const matches = port.hostPort === port.containerPort || (place === "template" && !given);
      return matches
        ? []
        : [
            invalid(
              `${field}.containers[${index}].ports[${portIndex}].hostPort`,
              port.hostPort ?? 0,
              "must match `containerPort` when `hostNetwork` is true",
            ),
          ];
    }),
  );
}

function nameFaults(field: string, spec: PodSpec): FieldError[] {
  const checks = [
    ["serviceAccountName", spec.serviceAccountName, subdomainNameFaults],
    ["nodeName", spec.nodeName, subdomainNameFaults],
    ["hostname", spec.hostname, labelNameFaults],
    ["subdomain", spec.subdomain, labelNameFaults],
    ["priorityClassName", spec.priorityClassName, subdomainNameFaults],
    ["runtimeClassName", spec.runtimeClassName, subdomainNameFaults],
  ] as const;
  return checks.flatMap(([name, value, faults]) =>
    value === undefined || value === "" ? [] : checkName(`${field}.${name}`, value, faults),
  );
}

function gateFaults(field: string, spec: PodSpec): FieldError[] {
  const gates = listOf(spec.schedulingGates);
  return [
    ...listOf(spec.readinessGates).flatMap((gate, index) =>
      checkName(`${field}.readinessGates[${index}].conditionType`, gate.conditionType, qualifiedNameFaults),
    ),
    ...gates.flatMap((gate, index) =>
      checkName(`${field}.schedulingGates[${index}]`, gate.name, qualifiedNameFaults),
    ),
    ...(gates.length > 0 && spec.nodeName !== undefined && spec.nodeName !== ""
      ? [forbidden(`${field}.nodeName`, "cannot be set until all schedulingGates have been cleared")]
      : []),
  ];
}

const notAnIp = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";

function dnsFaults(
  field: string,
  config: PodDNSConfig | undefined,
  policy: string | undefined,
): FieldError[] {
  if (policy === "None" && config === undefined)
    return [required(field, "must provide `dnsConfig` when `dnsPolicy` is None")];
  const servers = listOf(config?.nameservers);
  if (policy === "None" && servers.length === 0)
    return [
      required(`${field}.nameservers`, "must provide at least one DNS nameserver when `dnsPolicy` is None"),
    ];
  const searches = listOf(config?.searches);
  return [
    ...(servers.length > 3
      ? [invalid(`${field}.nameservers`, servers, "must not have more than 3 nameservers")]
      : []),
    ...servers.flatMap((server, index) =>
      isIp(server) ? [] : [invalid(`${field}.nameservers[${index}]`, server, notAnIp)],
    ),
    ...(searches.length > 32
      ? [invalid(`${field}.searches`, searches, "must not have more than 32 search paths")]
      : []),
    ...searches.flatMap((search, index) =>
      search === "."
        ? []
        : checkName(
            `${field}.searches[${index}]`,
            search.replace(/\.$/, "").replaceAll("_", "a"),
            subdomainNameFaults,
          ),
    ),
    ...listOf(config?.options).flatMap((option, index) =>
      checkRequired(`${field}.options[${index}]`, option.name, "must not be empty"),
    ),
  ];
}

function hostAliasFaults(field: string, spec: PodSpec): FieldError[] {
  return listOf(spec.hostAliases).flatMap((alias, index) => [
    ...(isIp(alias.ip ?? "") ? [] : [invalid(`${field}[${index}].ip`, alias.ip ?? "", notAnIp)]),
    ...listOf(alias.hostnames).flatMap((name, nameIndex) =>
      checkName(`${field}[${index}].hostnames[${nameIndex}]`, name, subdomainNameFaults),
    ),
  ]);
}
