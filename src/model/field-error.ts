// Owns one fault in an object: where, what kind, which value. The API server turns a list of them into a Status.

/** Reasons word for word as upstream's `metav1.CauseType`, which tools match on. */
export type FieldErrorReason =
  | "FieldValueRequired"
  | "FieldValueInvalid"
  | "FieldValueNotSupported"
  | "FieldValueDuplicate"
  | "FieldValueForbidden"
  | "FieldValueTooLong"
  | "FieldValueTooMany"
  | "FieldValueNotFound"
  | "FieldValueTypeInvalid";

export interface FieldError {
  /** `spec.template.spec.containers[0].name` */
  readonly field: string;
  readonly reason: FieldErrorReason;
  /** Worded as upstream's field.Error: `Required value`, `Invalid value: "x": must …`. */
  readonly message: string;
}

const shown = (value: unknown): string => JSON.stringify(value) ?? "null";
const tail = (detail: string): string => (detail === "" ? "" : `: ${detail}`);

export const required = (field: string, detail = ""): FieldError => ({
  field,
  reason: "FieldValueRequired",
  message: `Required value${tail(detail)}`,
});
export const invalid = (field: string, value: unknown, detail: string): FieldError => ({
  field,
  reason: "FieldValueInvalid",
  message: `Invalid value: ${shown(value)}${tail(detail)}`,
});
export const wrongType = (field: string, value: unknown, detail: string): FieldError => ({
  field,
  reason: "FieldValueTypeInvalid",
  message: `Invalid value: ${shown(value)}${tail(detail)}`,
});
export const notSupported = (field: string, value: unknown, supported: readonly string[]): FieldError => ({
  field,
  reason: "FieldValueNotSupported",
  message: `Unsupported value: ${shown(value)}: supported values: ${supported.map(shown).join(", ")}`,
});
export const duplicate = (field: string, value: unknown): FieldError => ({
  field,
  reason: "FieldValueDuplicate",
  message: `Duplicate value: ${shown(value)}`,
});
export const forbidden = (field: string, detail: string): FieldError => ({
  field,
  reason: "FieldValueForbidden",
  message: `Forbidden${tail(detail)}`,
});
export const tooLong = (field: string, lengthMax: number): FieldError => ({
  field,
  reason: "FieldValueTooLong",
  message: `Too long: may not be more than ${lengthMax} bytes`,
});
export const notFound = (field: string, value: unknown): FieldError => ({
  field,
  reason: "FieldValueNotFound",
  message: `Not found: ${shown(value)}`,
});
