// Owns label and field selectors: reading kubectl's syntax, matching, and printing them as kubectl's columns do.
import type { LabelSelector } from "./generated/types.ts";
import { labelValueFaults, qualifiedNameFaults } from "./names.ts";
import { readRequirements, type Requirement } from "./selector-syntax.ts";

export type Labels = Readonly<Record<string, string>>;

export type LabelMatch = (labels: Labels | undefined) => boolean;
export type ParsedLabelSelector =
  | { readonly is: "ok"; readonly matches: LabelMatch; readonly requirements: readonly Requirement[] }
  | { readonly is: "bad"; readonly message: string };

const wholeNumber = /^[+-]?\d+$/;

function meets({ key, operator, values }: Requirement, labels: Labels | undefined): boolean {
  const value = labels !== undefined && Object.hasOwn(labels, key) ? labels[key] : undefined;
  switch (operator) {
    case "exists":
      return value !== undefined;
    case "!exists":
      return value === undefined;
    case "in":
    case "=":
      return value !== undefined && values.includes(value);
    case "notin":
    case "!=":
      return value === undefined || !values.includes(value);
    default: {
      if (value === undefined || !wholeNumber.test(value)) return false;
      const bound = BigInt(values[0] ?? "0");
      return operator === "gt" ? BigInt(value) > bound : BigInt(value) < bound;
    }
  }
}

const matcher =
  (requirements: readonly Requirement[]): LabelMatch =>
  (labels) =>
    requirements.every((requirement) => meets(requirement, labels));

function requirementFault({ key, operator, values }: Requirement): string | undefined {
  const keyFaults = qualifiedNameFaults(key);
  if (keyFaults.length > 0) return `key: Invalid value: ${JSON.stringify(key)}: ${keyFaults.join("; ")}`;
  if ((operator === "gt" || operator === "lt") && !wholeNumber.test(values[0] ?? ""))
    return `values[0]: Invalid value: ${JSON.stringify(values[0] ?? "")}: for 'Gt', 'Lt' operators, the value must be an integer`;
  for (const [index, value] of values.entries()) {
    const faults = labelValueFaults(value);
    if (faults.length > 0)
      return `values[${index}][${key}]: Invalid value: ${JSON.stringify(value)}: ${faults.join("; ")}`;
  }
  return undefined;
}

/** Reads kubectl's `-l`: `a=b,c!=d,e in (f,g),h notin (i),j,!k`. The empty text matches everything. */
export function parseLabelSelector(text: string): ParsedLabelSelector {
  const read = readRequirements(text);
  if (typeof read === "string") return { is: "bad", message: read };
  for (const requirement of read) {
    const fault = requirementFault(requirement);
    if (fault !== undefined) return { is: "bad", message: `unable to parse requirement: ${fault}` };
  }
  return { is: "ok", matches: matcher(read), requirements: read };
}

const operators = { In: "in", NotIn: "notin", Exists: "exists", DoesNotExist: "!exists" } as const;

function requirementsOf(selector: LabelSelector): Requirement[] | "unknown operator" {
  const found: Requirement[] = Object.entries(selector.matchLabels ?? {}).map(([key, value]) => ({
    key,
    operator: "=",
    values: [value],
  }));
  for (const { key, operator, values } of selector.matchExpressions ?? []) {
    // An own key of the table, or nothing: `constructor` is no operator.
    const known = Object.hasOwn(operators, operator)
      ? operators[operator as keyof typeof operators]
      : undefined;
    if (known === undefined) return "unknown operator";
    found.push({ key, operator: known, values: values ?? [] });
  }
  return found;
}

/** A selector read once, to be asked of many objects. Absent matches nothing, empty everything. */
export function labelMatcher(selector: LabelSelector | undefined): LabelMatch {
  const requirements = selector === undefined ? "unknown operator" : requirementsOf(selector);
  return requirements === "unknown operator" ? () => false : matcher(requirements);
}

export const matchesLabelSelector = (
  selector: LabelSelector | undefined,
  labels: Labels | undefined,
): boolean => labelMatcher(selector)(labels);

function printRequirement({ key, operator, values }: Requirement): string {
  switch (operator) {
    case "exists":
      return key;
    case "!exists":
      return `!${key}`;
    case "=":
    case "!=":
      return `${key}${operator}${values[0] ?? ""}`;
    case "gt":
      return `${key}>${values[0] ?? ""}`;
    case "lt":
      return `${key}<${values[0] ?? ""}`;
    default:
      return `${key} ${operator} (${[...values].sort().join(",")})`;
  }
}

const byText = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0);

/** As the SELECTOR column prints it: sorted by key, `<none>` where there is nothing to ask. */
export function formatLabelSelector(selector: LabelSelector | undefined): string {
  const requirements = selector === undefined ? [] : requirementsOf(selector);
  if (requirements === "unknown operator") return "<error>";
  const sorted = [...requirements].sort((left, right) => byText(left.key, right.key));
  return sorted.length === 0 ? "<none>" : sorted.map(printRequirement).join(",");
}

/** As the NODE SELECTOR column prints it. */
export function formatLabels(labels: Labels | undefined): string {
  const entries = Object.entries(labels ?? {}).sort(([left], [right]) => byText(left, right));
  return entries.length === 0 ? "<none>" : entries.map(([key, value]) => `${key}=${value}`).join(",");
}

export interface FieldTerm {
  readonly field: string;
  readonly op: "=" | "!=";
  readonly value: string;
}
export type ParsedFieldSelector =
  | { readonly is: "ok"; readonly terms: readonly FieldTerm[] }
  | { readonly is: "bad"; readonly message: string };

/** Reads kubectl's `--field-selector`: terms joined by commas; a backslash escapes `,`, `=` and itself in values. */
export function parseFieldSelector(text: string): ParsedFieldSelector {
  const terms: FieldTerm[] = [];
  for (const part of text.match(/(?:\\.|[^,\\]|\\$)+/gs) ?? []) {
    const match = /^((?:(?!!=|=).)*)(!=|==|=)(.*)$/s.exec(part);
    if (match === null)
      return { is: "bad", message: `invalid selector: '${text}'; can't understand '${part}'` };
    const [, field = "", op = "=", raw = ""] = match;
    const value = unescape(raw);
    if (value.is === "bad") return value;
    terms.push({ field, op: op === "!=" ? "!=" : "=", value: value.text });
  }
  return { is: "ok", terms };
}

function unescape(raw: string): { is: "ok"; text: string } | { is: "bad"; message: string } {
  const wrong = /\\(?:[^\\,=]|$)/s.exec(raw.replaceAll(/\\[\\,=]/g, ""));
  if (wrong !== null)
    return { is: "bad", message: `invalid field selector: invalid escape sequence: ${wrong[0]}` };
  if (/(?:^|[^\\])(?:\\\\)*=/.test(raw))
    return { is: "bad", message: `invalid field selector: unescaped character in value: =` };
  return { is: "ok", text: raw.replaceAll(/\\([\\,=])/g, "$1") };
}
