// Owns the rules of a pod's containers: ordinary, init, sidecar and ephemeral.
import { duplicate, forbidden, invalid, notFound, required, type FieldError } from "../../field-error.ts";
import { checkChoice, checkRequired, checkRequiredName, listOf } from "../../field-checks.ts";
import type { Container, EphemeralContainer, PodSpec, Volume } from "../../generated/types.ts";
import { labelNameFaults, portFaults, portNameFaults } from "../../names.ts";
import { validateEnv } from "./validate-env.ts";
import { validateLifecycle, validateProbes } from "./validate-probes.ts";
import { validateResources } from "./validate-resources.ts";
import { validateContainerSecurity } from "./validate-security.ts";
import { validateMounts } from "./validate-mounts.ts";

/** What the rules of one container need to know of the pod around it. */
export interface PodAround {
  readonly volumes: ReadonlyMap<string, Volume>;
  readonly graceSeconds: number | undefined;
  readonly place: "pod" | "template";
}

export function validateContainers(field: string, spec: PodSpec, place: "pod" | "template"): FieldError[] {
  const around: PodAround = {
    volumes: new Map(listOf(spec.volumes).map((volume) => [volume.name, volume])),
    graceSeconds: spec.terminationGracePeriodSeconds,
    place,
  };
  const names = new Set<string>();
  return [
    ...ordinaryFaults(`${field}.containers`, spec.containers, around, names),
    ...initFaults(`${field}.initContainers`, spec.initContainers, around, names),
    ...ephemeralFaults(`${field}.ephemeralContainers`, spec, around, names),
  ];
}

function ordinaryFaults(
  field: string,
  containers: readonly Container[] | undefined,
  around: PodAround,
  names: Set<string>,
): FieldError[] {
  if (listOf(containers).length === 0) return [required(field)];
  const hostPorts = new Set<string>();
  return listOf(containers).flatMap((container, index) => {
    const at = `${field}[${index}]`;
    return [
      ...commonFaults(at, container, around),
      ...uniqueName(at, container, names),
      ...validateLifecycle(`${at}.lifecycle`, container.lifecycle, around.graceSeconds),
      ...validateProbes(at, container, around.graceSeconds),
      ...(container.restartPolicy === undefined
        ? []
        : [forbidden(`${at}.restartPolicy`, "may not be set for non-init containers")]),
      ...hostPortClashes(at, container, hostPorts),
    ];
  });
}

const initOnly = "may not be set for init containers without restartPolicy=Always";

function initFaults(
  field: string,
  containers: readonly Container[] | undefined,
  around: PodAround,
  names: Set<string>,
): FieldError[] {
  return listOf(containers).flatMap((container, index) => {
    const at = `${field}[${index}]`;
    const sidecar = container.restartPolicy === "Always";
    return [
      ...commonFaults(at, container, around),
      ...checkChoice(`${at}.restartPolicy`, container.restartPolicy, ["Always"], "allowed"),
      ...uniqueName(at, container, names),
      // Init containers run one by one, so their ports clash only within each.
      ...hostPortClashes(at, container, new Set()),
      ...(sidecar
        ? [
            ...validateLifecycle(`${at}.lifecycle`, container.lifecycle, around.graceSeconds),
            ...validateProbes(at, container, around.graceSeconds),
          ]
        : (["lifecycle", "livenessProbe", "readinessProbe", "startupProbe"] as const).flatMap((name) =>
            container[name] === undefined ? [] : [forbidden(`${at}.${name}`, initOnly)],
          )),
    ];
  });
}

const ephemeralForbidden = [
  "ports",
  "lifecycle",
  "livenessProbe",
  "readinessProbe",
  "startupProbe",
  "resizePolicy",
  "restartPolicy",
] as const;

function ephemeralFaults(field: string, spec: PodSpec, around: PodAround, names: Set<string>): FieldError[] {
  const targets = new Set(names);
  const cannot = "cannot be set for an Ephemeral Container";
  return listOf(spec.ephemeralContainers).flatMap((container: EphemeralContainer, index) => {
    const at = `${field}[${index}]`;
    const target = container.targetContainerName ?? "";
    const resources = container.resources ?? {};
    return [
      ...commonFaults(at, container, around),
      ...uniqueName(at, container, names),
      ...(target === "" || targets.has(target) ? [] : [notFound(`${at}.targetContainerName`, target)]),
      ...ephemeralForbidden.flatMap((name) =>
        container[name] === undefined ? [] : [forbidden(`${at}.${name}`, cannot)],
      ),
      ...(Object.keys(resources).length > 0 ? [forbidden(`${at}.resources`, cannot)] : []),
    ];
  });
}

function uniqueName(at: string, container: Container, names: Set<string>): FieldError[] {
  if (names.has(container.name)) return [duplicate(`${at}.name`, container.name)];
  if (container.name !== undefined && container.name !== "") names.add(container.name);
  return [];
}

function commonFaults(at: string, container: Container, around: PodAround): FieldError[] {
  const image = container.image ?? "";
  return [
    ...checkRequiredName(`${at}.name`, container.name, labelNameFaults),
    ...checkRequired(`${at}.image`, image),
    ...(around.place === "pod" && image !== image.trim()
      ? [invalid(`${at}.image`, image, "must not have leading or trailing whitespace")]
      : []),
    ...checkChoice(
      `${at}.terminationMessagePolicy`,
      container.terminationMessagePolicy,
      ["File", "FallbackToLogsOnError"],
      "required",
    ),
    ...portsFaults(`${at}.ports`, container),
    ...validateEnv(at, container),
    ...validateMounts(at, container, around.volumes),
    ...checkChoice(
      `${at}.imagePullPolicy`,
      container.imagePullPolicy,
      ["Always", "IfNotPresent", "Never"],
      "required",
    ),
    ...validateResources(`${at}.resources`, container.resources),
    ...validateContainerSecurity(`${at}.securityContext`, container.securityContext),
  ];
}

function portsFaults(field: string, container: Container): FieldError[] {
  const names = new Set<string>();
  return listOf(container.ports).flatMap((port, index) => {
    const at = `${field}[${index}]`;
    const found: FieldError[] = [];
    const { name, containerPort, hostPort } = port;
    if (name !== undefined && name !== "") {
      const faults = portNameFaults(name);
      found.push(...faults.map((fault) => invalid(`${at}.name`, name, fault)));
      if (faults.length === 0 && names.has(name)) found.push(duplicate(`${at}.name`, name));
      names.add(name);
    }
    if (containerPort === undefined || containerPort === 0) found.push(required(`${at}.containerPort`));
    else
      found.push(
        ...portFaults(containerPort).map((fault) => invalid(`${at}.containerPort`, containerPort, fault)),
      );
    if (hostPort !== undefined && hostPort !== 0)
      found.push(...portFaults(hostPort).map((fault) => invalid(`${at}.hostPort`, hostPort, fault)));
    found.push(...checkChoice(`${at}.protocol`, port.protocol, ["SCTP", "TCP", "UDP"], "required"));
    return found;
  });
}

function hostPortClashes(at: string, container: Container, taken: Set<string>): FieldError[] {
  return listOf(container.ports).flatMap((port, index) => {
    if (port.hostPort === undefined || port.hostPort === 0) return [];
    const key = `${port.protocol ?? ""}/${port.hostIP ?? ""}/${port.hostPort}`;
    if (taken.has(key)) return [duplicate(`${at}.ports[${index}].hostPort`, key)];
    taken.add(key);
    return [];
  });
}
