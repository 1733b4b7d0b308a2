// Owns the checks that validation of many kinds repeats: names, labels, ranges, choices, immutability.
import { deepEqual } from "../lib/json.ts";
import { forbidden, invalid, notSupported, required, tooLong, type FieldError } from "./field-error.ts";
import type { LabelSelector, LabelSelectorRequirement } from "./generated/types.ts";
import { labelValueFaults, qualifiedNameFaults } from "./names.ts";
import type { Labels } from "./selector.ts";

type NameFaults = (text: string) => readonly string[];

/** A required field may still be absent when validation meets it; lists are read through this. */
export const listOf = <T>(items: readonly T[] | undefined): readonly T[] => items ?? [];

/** What the types call required may be absent here all the same: then the name is empty, and as faulty as its rule says. */
export function checkName(field: string, value: string | undefined, faults: NameFaults): FieldError[] {
  const name = value ?? "";
  return faults(name).map((fault) => invalid(field, name, fault));
}

export function checkRequiredName(
  field: string,
  value: string | undefined,
  faults: NameFaults,
): FieldError[] {
  return value === undefined || value === "" ? [required(field)] : checkName(field, value, faults);
}

export const checkRequired = (field: string, value: string | undefined, detail = ""): FieldError[] =>
  value === undefined || value === "" ? [required(field, detail)] : [];

export function checkChoice(
  field: string,
  value: string | undefined,
  choices: readonly string[],
  absent: "allowed" | "required",
): FieldError[] {
  if (value === undefined || value === "") return absent === "required" ? [required(field)] : [];
  return choices.includes(value) ? [] : [notSupported(field, value, choices)];
}

export const checkNonNegative = (field: string, value: number | undefined): FieldError[] =>
  value !== undefined && value < 0 ? [invalid(field, value, "must be greater than or equal to 0")] : [];

export const checkRange = (
  field: string,
  value: number | undefined,
  [least, most]: readonly [number, number],
): FieldError[] =>
  value !== undefined && (value < least || value > most)
    ? [invalid(field, value, `must be between ${least} and ${most}, inclusive`)]
    : [];

export const checkImmutable = (field: string, value: unknown, old: unknown): FieldError[] =>
  deepEqual(value, old) ? [] : [invalid(field, value ?? null, "field is immutable")];

/** What secrets and config maps may still change once `immutable` is set: nothing of their data. */
export function checkSealed(
  next: { readonly immutable?: boolean | undefined },
  old: { readonly immutable?: boolean | undefined },
  dataFields: readonly (readonly [field: string, value: unknown, old: unknown])[],
): FieldError[] {
  if (old.immutable !== true) return [];
  const sealed = "field is immutable when `immutable` is set";
  return [
    ...(next.immutable === true ? [] : [forbidden("immutable", sealed)]),
    ...dataFields.flatMap(([field, value, before]) =>
      deepEqual(value, before) ? [] : [forbidden(field, sealed)],
    ),
  ];
}

export function checkLabels(field: string, labels: Labels | undefined): FieldError[] {
  return Object.entries(labels ?? {}).flatMap(([key, value]) => [
    ...checkName(field, key, qualifiedNameFaults),
    ...checkName(field, value, labelValueFaults),
  ]);
}

const annotationBytesMax = 256 * 1024;

export function checkAnnotations(field: string, annotations: Labels | undefined): FieldError[] {
  const found: FieldError[] = [];
  let bytes = 0;
  for (const [key, value] of Object.entries(annotations ?? {})) {
    // Upstream accepts upper case in the prefix of an annotation's key.
    found.push(...qualifiedNameFaults(key.toLowerCase()).map((fault) => invalid(field, key, fault)));
    bytes += Buffer.byteLength(key) + Buffer.byteLength(value);
  }
  if (bytes > annotationBytesMax) found.push(tooLong(field, annotationBytesMax));
  return found;
}

function checkRequirement(field: string, { key, operator, values }: LabelSelectorRequirement): FieldError[] {
  const found: FieldError[] = [];
  const count = listOf(values).length;
  if (operator === "In" || operator === "NotIn") {
    if (count === 0)
      found.push(required(`${field}.values`, "must be specified when `operator` is 'In' or 'NotIn'"));
  } else if (operator === "Exists" || operator === "DoesNotExist") {
    if (count > 0)
      found.push(
        forbidden(`${field}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"),
      );
  } else found.push(invalid(`${field}.operator`, operator, "not a valid selector operator"));
  found.push(...checkName(`${field}.key`, key ?? "", qualifiedNameFaults));
  for (const [index, value] of listOf(values).entries())
    found.push(...checkName(`${field}.values[${index}]`, value, labelValueFaults));
  return found;
}

export function checkLabelSelector(field: string, selector: LabelSelector | undefined): FieldError[] {
  return [
    ...checkLabels(`${field}.matchLabels`, selector?.matchLabels),
    ...listOf(selector?.matchExpressions).flatMap((requirement, index) =>
      checkRequirement(`${field}.matchExpressions[${index}]`, requirement),
    ),
  ];
}
