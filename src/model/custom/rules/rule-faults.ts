// Owns the check of an object against its schema's rules, worded as upstream words it, and its bound on what that costs.
import { duplicate, forbidden, invalid, required, type FieldError } from "../../field-error.ts";
import { isRecord, joinPath } from "../schema.ts";
import { oldField, oldItems, oldWhole, type Old } from "./correlate.ts";
import type { Converted } from "./declare-types.ts";
import type { Expression, Outcome } from "./compile-rules.ts";
import { readFieldPath } from "./field-path.ts";
import type { CompiledRule, RuleTree } from "./rule-tree.ts";

// As upstream for one rule at one place. For all rules of an object a quarter of upstream's: nothing else is answered meanwhile.
const ruleBudget = 1_000_000;
const objectBudget = 2_500_000;
const messageBytesMax = 5 * 1024;

interface Walk {
  budget: number;
  /** No further rule is run. */
  isOver: boolean;
  readonly known: Converted;
  readonly found: FieldError[];
}

interface Place {
  readonly tree: RuleTree;
  readonly value: unknown;
  readonly path: string;
  readonly old: Old;
}

/** `old` is the object as it stands, where it is changed. */
export function ruleFaults(tree: RuleTree, object: unknown, old: unknown): FieldError[] {
  const walk: Walk = { budget: objectBudget, isOver: false, known: new Map(), found: [] };
  check(walk, { tree, value: object, path: "", old: oldWhole(object, old) });
  return walk.found;
}

function check(walk: Walk, place: Place): void {
  const { tree, value, path, old } = place;
  if (value === null || value === undefined || walk.isOver) return;
  // What is as it was is not held against the object; only what compares the two still counts.
  if (old.isSame && !tree.usesOldSelf) return;
  for (const rule of tree.rules) if (!walk.isOver) checkRule(walk, place, rule);
  if (Array.isArray(value) && tree.items !== undefined) {
    const oldOf = oldItems(tree.schema, old);
    for (const [index, item] of value.entries())
      check(walk, { tree: tree.items, value: item, path: `${path}[${index}]`, old: oldOf(item) });
  }
  if (!isRecord(value)) return;
  for (const [name, part] of Object.entries(value)) {
    const property = tree.properties.get(name);
    const next = property ?? tree.additional;
    if (next === undefined) continue;
    check(walk, {
      tree: next,
      value: part,
      path: property === undefined ? `${path}[${name}]` : joinPath(path, name),
      old: oldField(tree.schema, part, name, old),
    });
  }
}

const fieldOf = (path: string): string => (path === "" ? "<nil>" : path);
const wordsOf = ({ rule }: CompiledRule): string =>
  (rule.message ?? "") === "" ? rule.rule.trim() : (rule.message ?? "").trim();

function checkRule(walk: Walk, place: Place, compiled: CompiledRule): void {
  const { tree, path, old } = place;
  const type = tree.schema.type ?? "";
  const fault = (detail: string): void => void walk.found.push(invalid(fieldOf(path), type, detail));
  const { condition, rule } = compiled;
  if (condition.is === "bad") return fault(`rule compile error: ${condition.because}`);
  const { expression } = condition;
  const hasOld = old.value !== undefined && old.value !== null;
  if (expression.usesOldSelf && !hasOld && rule.optionalOldSelf !== true) return;
  if (old.isSame && !expression.usesOldSelf) return;
  const outcome = run(walk, place, expression);
  if (outcome.is === "too-costly") return stop(walk, fault, outcome, compiled);
  if (outcome.is === "failed")
    return fault(
      outcome.code === "no_such_overload" || outcome.code === "no_matching_overload"
        ? `'no such overload: ${outcome.because}': call arguments did not match a supported operator, function or macro signature for rule: ${wordsOf(compiled)}`
        : `${outcome.because} evaluating rule: ${wordsOf(compiled)}`,
    );
  if (outcome.value === true) return;
  const told = messageOf(walk, place, compiled);
  if (told === "too-costly")
    return fault(
      "messageExpression evaluation failed due to running out of cost budget, no further validation rules will be run",
    );
  walk.found.push(faultFor(place, compiled, told));
}

function run(walk: Walk, { tree, value, old }: Place, expression: Expression): Outcome {
  const { convert } = tree.declared;
  const self = convert(value, walk.known);
  const isOld = expression.usesOldSelf && old.value !== undefined && old.value !== null;
  const variables = isOld ? { self, oldSelf: convert(old.value, walk.known) } : { self };
  const outcome = expression.evaluate(variables, Math.min(ruleBudget, walk.budget));
  walk.budget -= outcome.cost;
  return outcome;
}

function stop(walk: Walk, fault: (detail: string) => void, { cost }: Outcome, compiled: CompiledRule): void {
  walk.isOver = true;
  fault(
    cost < ruleBudget
      ? "validation failed due to running out of cost budget, no further validation rules will be run"
      : `'operation cancelled: actual cost limit exceeded': no further validation rules will be run due to call cost exceeds limit for rule: ${wordsOf(compiled)}`,
  );
}

/** The rule's own words for it where they can be had, else those that stand beside it. */
function messageOf(walk: Walk, place: Place, compiled: CompiledRule): string {
  const { message, rule } = compiled;
  const usual =
    (rule.message ?? "") === "" ? `failed rule: ${rule.rule.trim()}` : (rule.message ?? "").trim();
  if (message?.is !== "compiled") return usual;
  const outcome = run(walk, place, message.expression);
  if (outcome.is === "too-costly") {
    walk.isOver = true;
    return "too-costly";
  }
  if (outcome.is === "failed" || typeof outcome.value !== "string") return usual;
  const text = outcome.value.trim();
  return text === "" || text.includes("\n") || Buffer.byteLength(text) > messageBytesMax ? usual : text;
}

function faultFor({ tree, path }: Place, { rule }: CompiledRule, detail: string): FieldError {
  const { fieldPath = "", reason } = rule;
  const read = fieldPath === "" ? undefined : readFieldPath(tree.schema, fieldPath);
  const field = fieldOf(read?.is === "path" ? joinPath(path, read.path) : path);
  const type = tree.schema.type ?? "";
  if (reason === "FieldValueForbidden") return forbidden(field, detail);
  if (reason === "FieldValueRequired") return required(field, detail);
  return reason === "FieldValueDuplicate" ? duplicate(field, type) : invalid(field, type, detail);
}
