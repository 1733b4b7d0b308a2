// Owns what the API knows about PriorityClass.
import { ageOf } from "../duration.ts";
import { forbidden, type FieldError } from "../field-error.ts";
import { checkChoice, checkImmutable } from "../field-checks.ts";
import type { PriorityClass } from "../generated/types.ts";
import type { Draft } from "../meta.ts";
import { systemPriority } from "../pod/admission.ts";
import { ageColumn, column, nameColumn } from "./columns.ts";
import type { Descriptor } from "./descriptor.ts";

/** What lies above belongs to the system's own classes. */
const valueMax = 1_000_000_000;

function validate(draft: Draft<PriorityClass>): FieldError[] {
  const name = draft.metadata.name ?? "";
  const value = draft.value ?? 0;
  const found: FieldError[] = [];
  if (name.startsWith("system-")) {
    if (systemPriority(name)?.value !== value)
      found.push(
        forbidden(
          "metadata.name",
          "priority class names with 'system-' prefix are reserved for system use only. error: " +
            `${name} is not a known system priority class`,
        ),
      );
  } else if (value > valueMax)
    found.push(forbidden("value", `maximum allowed value of a user defined priority is ${valueMax}`));
  return [
    ...found,
    ...checkChoice("preemptionPolicy", draft.preemptionPolicy, ["PreemptLowerPriority", "Never"], "required"),
  ];
}

export const priorityClass: Descriptor<PriorityClass> = {
  group: "scheduling.k8s.io",
  version: "v1",
  kind: "PriorityClass",
  resource: "priorityclasses",
  singular: "priorityclass",
  shortNames: ["pc"],
  categories: [],
  namespaced: false,
  storeFolder: "priorityclasses",
  schema: "PriorityClass",
  hasStatus: false,
  hasGeneration: true,
  nameRule: "subdomain",
  fields: {},
  applyDefaults: (draft) => {
    draft.value ??= 0;
    draft.preemptionPolicy ||= "PreemptLowerPriority";
  },
  validate,
  validateUpdate: (draft, old) => [
    ...(draft.value === old.value ? [] : [forbidden("value", "may not be changed in an update.")]),
    ...checkImmutable("preemptionPolicy", draft.preemptionPolicy, old.preemptionPolicy),
  ],
  columns: [
    nameColumn,
    column("Value", "integer", "The priority of pods that name the class."),
    column("Global-Default", "boolean", "Whether pods that name no class get this one."),
    ageColumn,
    column("PreemptionPolicy", "string", "Whether such pods may end others to get their room."),
  ],
  row: (found, now) => [
    found.metadata.name,
    found.value ?? 0,
    found.globalDefault ?? false,
    ageOf(found.metadata.creationTimestamp, now),
    found.preemptionPolicy ?? "",
  ],
};
