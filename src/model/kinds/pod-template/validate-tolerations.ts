// Owns the rules of tolerations, taints and topology spread constraints.
import { duplicate, invalid, notSupported, required, type FieldError } from "../../field-error.ts";
import { checkChoice, checkLabelSelector, checkName, checkRequired, listOf } from "../../field-checks.ts";
import type { Taint, Toleration, TopologySpreadConstraint } from "../../generated/types.ts";
import { labelValueFaults, qualifiedNameFaults } from "../../names.ts";

const effects = ["NoSchedule", "PreferNoSchedule", "NoExecute"];

function operatorFaults(at: string, { operator, value = "" }: Toleration): FieldError[] {
  if (operator === undefined || operator === "" || operator === "Equal") {
    const faults = labelValueFaults(value);
    return faults.length > 0 ? [invalid(`${at}.operator`, value, faults.join(";"))] : [];
  }
  if (operator === "Exists")
    return value === ""
      ? []
      : [invalid(`${at}.operator`, value, "value must be empty when `operator` is 'Exists'")];
  return [notSupported(`${at}.operator`, operator, ["Equal", "Exists"])];
}

export function validateTolerations(
  field: string,
  tolerations: readonly Toleration[] | undefined,
): FieldError[] {
  return listOf(tolerations).flatMap((toleration, index) => {
    const at = `${field}[${index}]`;
    const { key = "", operator, effect, tolerationSeconds } = toleration;
    const found: FieldError[] = [];
    if (key !== "") found.push(...checkName(`${at}.key`, key, qualifiedNameFaults));
    else if (operator !== "Exists")
      found.push(
        invalid(
          `${at}.operator`,
          operator ?? "",
          'operator must be Exists when `key` is empty, which means "match all values and all keys"',
        ),
      );
    if (tolerationSeconds !== undefined && effect !== "NoExecute")
      found.push(
        invalid(`${at}.effect`, effect ?? "", "effect must be 'NoExecute' when `tolerationSeconds` is set"),
      );
    found.push(...operatorFaults(at, toleration));
    found.push(...checkChoice(`${at}.effect`, effect, effects, "allowed"));
    return found;
  });
}

export function validateTaints(field: string, taints: readonly Taint[] | undefined): FieldError[] {
  const seen = new Set<string>();
  return listOf(taints).flatMap((taint, index) => {
    const at = `${field}[${index}]`;
    const identity = `${taint.key} ${taint.effect}`;
    const repeated = seen.has(identity);
    seen.add(identity);
    return [
      ...checkName(`${at}.key`, taint.key ?? "", qualifiedNameFaults),
      ...checkName(`${at}.value`, taint.value ?? "", labelValueFaults),
      ...checkChoice(`${at}.effect`, taint.effect, effects, "required"),
      // Taints are unique by key and effect together.
      ...(repeated ? [duplicate(at, taint)] : []),
    ];
  });
}

export function validateTopologySpread(
  field: string,
  constraints: readonly TopologySpreadConstraint[] | undefined,
): FieldError[] {
  const seen = new Set<string>();
  return listOf(constraints).flatMap((constraint, index) => {
    const at = `${field}[${index}]`;
    const { minDomains } = constraint;
    const maxSkew = constraint.maxSkew ?? 0;
    const topologyKey = constraint.topologyKey ?? "";
    const whenUnsatisfiable = constraint.whenUnsatisfiable ?? "";
    const pair = `{${topologyKey}, ${whenUnsatisfiable}}`;
    const repeated = seen.has(pair);
    seen.add(pair);
    return [
      ...(maxSkew <= 0 ? [invalid(`${at}.maxSkew`, maxSkew, "must be greater than zero")] : []),
      ...(topologyKey === ""
        ? [required(`${at}.topologyKey`, "can not be empty")]
        : checkName(`${at}.topologyKey`, topologyKey, qualifiedNameFaults)),
      ...(["DoNotSchedule", "ScheduleAnyway"].includes(whenUnsatisfiable)
        ? []
        : [notSupported(`${at}.whenUnsatisfiable`, whenUnsatisfiable, ["DoNotSchedule", "ScheduleAnyway"])]),
      ...(repeated ? [duplicate(at, pair)] : []),
      ...(minDomains !== undefined && minDomains <= 0
        ? [invalid(`${at}.minDomains`, minDomains, "must be greater than zero")]
        : []),
      ...(minDomains !== undefined && whenUnsatisfiable !== "DoNotSchedule"
        ? [
            invalid(
              `${at}.minDomains`,
              minDomains,
              "can only use minDomains if whenUnsatisfiable=DoNotSchedule, not " + whenUnsatisfiable,
            ),
          ]
        : []),
      ...checkChoice(
        `${at}.nodeAffinityPolicy`,
        constraint.nodeAffinityPolicy,
        ["Honor", "Ignore"],
        "allowed",
      ),
      ...checkChoice(`${at}.nodeTaintsPolicy`, constraint.nodeTaintsPolicy, ["Honor", "Ignore"], "allowed"),
      ...checkLabelSelector(`${at}.labelSelector`, constraint.labelSelector),
    ];
  });
}

export const checkTopologyKey = (field: string, key: string | undefined): FieldError[] =>
  key === undefined || key === ""
    ? checkRequired(field, key, "can not be empty")
    : checkName(field, key, qualifiedNameFaults);
