// Owns what of a pod may change once it exists: next to nothing.
import { cloneJson, deepEqual, differences } from "../../lib/json.ts";
import { forbidden, invalid, required, type FieldError } from "../field-error.ts";
import { checkImmutable, listOf } from "../field-checks.ts";
import type { Container, ContainerStatus, Pod, PodSpec, Toleration } from "../generated/types.ts";

const updatable = [
  "`spec.containers[*].image`",
  "`spec.initContainers[*].image`",
  "`spec.activeDeadlineSeconds`",
  "`spec.tolerations` (only additions to existing tolerations)",
  "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)",
];
const int32Max = 2_147_483_647;

type PodLike = Pick<Pod, "spec" | "status">;

export function validatePodUpdate(next: PodLike, old: PodLike): FieldError[] {
  const found = statusFaults(next, old);
  const { spec } = next;
  // The same object means an update of the status: nothing to compare.
  if (spec === undefined || old.spec === undefined || spec === old.spec || deepEqual(spec, old.spec))
    return found;
  const grown = (["containers", "initContainers"] as const).filter(
    (name) => listOf(spec[name]).length !== listOf(old.spec?.[name]).length,
  );
  if (grown.length > 0)
    return [
      ...found,
      ...grown.map((name) => forbidden(`spec.${name}`, "pod updates may not add or remove containers")),
    ];
  return [
    ...found,
    ...imageFaults("spec.containers", spec.containers),
    ...imageFaults("spec.initContainers", spec.initContainers),
    ...deadlineFaults(spec.activeDeadlineSeconds, old.spec.activeDeadlineSeconds),
    ...tolerationFaults(listOf(spec.tolerations), listOf(old.spec.tolerations)),
    ...gateFaults(spec, old.spec),
    ...remainderFaults(spec, old.spec),
  ];
}

function imageFaults(field: string, containers: readonly Container[] | undefined): FieldError[] {
  return listOf(containers).flatMap(({ image = "" }, index) => {
    if (image === "") return [required(`${field}[${index}].image`)];
    return image === image.trim()
      ? []
      : [invalid(`${field}[${index}].image`, image, "must not have leading or trailing whitespace")];
  });
}

function deadlineFaults(next: number | undefined, old: number | undefined): FieldError[] {
  const field = "spec.activeDeadlineSeconds";
  if (next === undefined)
    return old === undefined
      ? []
      : [invalid(field, null, "must not update from a positive integer to nil value")];
  if (next < 0 || next > int32Max)
    return [invalid(field, next, `must be between 0 and ${int32Max}, inclusive`)];
  return old !== undefined && old < next
    ? [invalid(field, next, "must be less than or equal to previous value")]
    : [];
}

const withoutSeconds = (toleration: Toleration): Toleration => ({
  ...toleration,
  tolerationSeconds: undefined,
});

function tolerationFaults(next: readonly Toleration[], old: readonly Toleration[]): FieldError[] {
  const kept = old.every((before) =>
    next.some((after) => deepEqual(withoutSeconds(before), withoutSeconds(after))),
  );
  return kept
    ? []
    : [forbidden("spec.tolerations", "existing toleration can not be modified except its tolerationSeconds")];
}

function gateFaults(next: PodSpec, old: PodSpec): FieldError[] {
  const had = new Set(listOf(old.schedulingGates).map((gate) => gate.name));
  return listOf(next.schedulingGates).flatMap((gate, index) =>
    had.has(gate.name)
      ? []
      : [
          forbidden(
            `spec.schedulingGates[${index}].name`,
            `only deletion is allowed, but found new scheduling gate '${gate.name}'`,
          ),
        ],
  );
}

function keepImages(next: Container[] | undefined, old: readonly Container[] | undefined): void {
  for (const [index, container] of (next ?? []).entries()) container.image = old?.[index]?.image;
}

/** Puts back all that may change; whatever still differs may not. */
function remainderFaults(next: PodSpec, old: PodSpec): FieldError[] {
  const rest = cloneJson(next);
  keepImages(rest.containers, old.containers);
  keepImages(rest.initContainers, old.initContainers);
  rest.activeDeadlineSeconds = old.activeDeadlineSeconds;
  rest.tolerations = old.tolerations;
  rest.schedulingGates = old.schedulingGates;
  if ((old.terminationGracePeriodSeconds ?? 0) < 0 && rest.terminationGracePeriodSeconds === 1)
    rest.terminationGracePeriodSeconds = old.terminationGracePeriodSeconds;
  // A pod that waits behind gates may still be steered to fewer nodes, never to others.
  if (listOf(old.schedulingGates).length > 0 && narrows(rest.nodeSelector, old.nodeSelector))
    rest.nodeSelector = old.nodeSelector;
  const changed = differences(rest, old, "spec");
  if (changed.length === 0) return [];
  const lines = changed.map(({ path, left, right }) => `  ${path}: ${text(right)} -> ${text(left)}`);
  return [
    forbidden(
      "spec",
      `pod updates may not change fields other than ${updatable.join(",")}\n${lines.join("\n")}`,
    ),
  ];
}

const text = (value: unknown): string => (value === undefined ? "unset" : JSON.stringify(value));

function narrows(
  next: Readonly<Record<string, string>> | undefined,
  old: Readonly<Record<string, string>> | undefined,
): boolean {
  return Object.entries(old ?? {}).every(([key, value]) => next?.[key] === value);
}

function statusFaults(next: PodLike, old: PodLike): FieldError[] {
  if (next.status === old.status) return [];
  const policy = old.spec?.restartPolicy;
  return [
    ...(old.status?.qosClass === undefined
      ? []
      : checkImmutable("status.qosClass", next.status?.qosClass, old.status.qosClass)),
    ...(policy === "Always"
      ? []
      : revivalFaults("status.containerStatuses", policy, [
          next.status?.containerStatuses,
          old.status?.containerStatuses,
        ])),
  ];
}

/** A container that ended for good may not be reported as anything else again. */
function revivalFaults(
  field: string,
  policy: string | undefined,
  [next, old]: readonly [readonly ContainerStatus[] | undefined, readonly ContainerStatus[] | undefined],
): FieldError[] {
  return listOf(old).flatMap((before, index) => {
    const terminated = before.state?.terminated;
    if (terminated === undefined || (terminated.exitCode !== 0 && policy === "OnFailure")) return [];
    const after = listOf(next).find((status) => status.name === before.name);
    return after === undefined || after.state?.terminated !== undefined
      ? []
      : [forbidden(`${field}[${index}].state`, "may not be transitioned to non-terminated state")];
  });
}
