// Owns the rules a workload's pod template must meet, whichever kind holds it.
import { forbidden, type FieldError } from "../../field-error.ts";
import { checkAnnotations, checkLabels } from "../../field-checks.ts";
import type { PodTemplateSpec } from "../../generated/types.ts";
import { validatePodSpec } from "./validate-pod-spec.ts";

export function validatePodTemplate(field: string, template: PodTemplateSpec | undefined): FieldError[] {
  return [
    ...checkLabels(`${field}.metadata.labels`, template?.metadata?.labels),
    ...checkAnnotations(`${field}.metadata.annotations`, template?.metadata?.annotations),
    ...validatePodSpec(`${field}.spec`, template?.spec, "template"),
    ...((template?.spec?.ephemeralContainers ?? []).length > 0
      ? [forbidden(`${field}.spec.ephemeralContainers`, "ephemeral containers not allowed in pod template")]
      : []),
  ];
}
