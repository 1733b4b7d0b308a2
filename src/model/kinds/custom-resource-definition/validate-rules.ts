// Owns the faults of a schema's validation rules: each must be complete, compile against the types around it, and compare only what can be compared.
import { readFieldPath } from "../../custom/rules/field-path.ts";
import { ruleTreeOf, usesOld, type CompiledRule, type RuleTree } from "../../custom/rules/rule-tree.ts";
import type { Schema } from "../../custom/schema.ts";
import { invalid, notSupported, required, type FieldError } from "../../field-error.ts";

const reasons = ["FieldValueRequired", "FieldValueForbidden", "FieldValueInvalid", "FieldValueDuplicate"];
const messageLengthMax = 2048;

/** Of a schema found structural. */
export function ruleFaults(schema: Schema, path: string): FieldError[] {
  const tree = ruleTreeOf(schema);
  return tree === undefined ? [] : treeFaults(tree, path, undefined);
}

/** `incomparable`: the place from which on downwards nobody knows which old value a new one comes from. */
function treeFaults(tree: RuleTree, path: string, incomparable: string | undefined): FieldError[] {
  const { schema } = tree;
  const isAtomic = schema["x-kubernetes-map-type"] === "atomic";
  const below = (at: string): string | undefined => incomparable ?? (isAtomic ? at : undefined);
  const found = tree.rules.flatMap((rule, index) => [
    ...wordFaults(rule, `${path}.x-kubernetes-validations[${index}]`),
    ...compileFaults(rule, `${path}.x-kubernetes-validations[${index}]`, { schema, incomparable }),
  ]);
  for (const [name, part] of tree.properties) {
    const at = `${path}.properties[${name}]`;
    found.push(...treeFaults(part, at, below(at)));
  }
  if (tree.additional !== undefined)
    found.push(
      ...treeFaults(tree.additional, `${path}.additionalProperties`, below(`${path}.additionalProperties`)),
    );
  if (tree.items !== undefined) {
    const at = `${path}.items`;
    const isMap = schema["x-kubernetes-list-type"] === "map";
    found.push(...treeFaults(tree.items, at, incomparable ?? (isMap ? undefined : at)));
  }
  return found;
}

const hasBreak = (text: string): boolean => /[\r\n]/.test(text.trim());

function wordFaults({ rule }: CompiledRule, path: string): FieldError[] {
  const { message, messageExpression, reason } = rule;
  const found: FieldError[] = [];
  if (message !== undefined && message !== "" && message.trim() === "")
    found.push(invalid(`${path}.message`, message, "message must be non-empty if specified"));
  else if (message !== undefined && hasBreak(message))
    found.push(invalid(`${path}.message`, message, "message must not contain line breaks"));
  else if (hasBreak(rule.rule) && (message ?? "") === "")
    found.push(required(`${path}.message`, "message must be specified if rule contains line breaks"));
  if (message !== undefined && message.length > messageLengthMax)
    found.push(
      invalid(
        `${path}.message`,
        `${message.slice(0, 10)}...`,
        `must have a maximum length of ${messageLengthMax} characters`,
      ),
    );
  if (messageExpression !== undefined && messageExpression !== "" && messageExpression.trim() === "")
    found.push(required(`${path}.messageExpression`, "messageExpression must be non-empty if specified"));
  if (reason !== undefined && !reasons.includes(reason))
    found.push(notSupported(`${path}.reason`, reason, reasons));
  return found;
}

interface Around {
  readonly schema: Schema;
  readonly incomparable: string | undefined;
}

function compileFaults(compiled: CompiledRule, path: string, { schema, incomparable }: Around): FieldError[] {
  const { rule, condition, message } = compiled;
  const { fieldPath = "" } = rule;
  const found: FieldError[] = [];
  const read = fieldPath === "" ? undefined : readFieldPath(schema, fieldPath);
  if (read?.is === "bad")
    found.push(invalid(`${path}.fieldPath`, fieldPath, `fieldPath must be a valid path: ${read.because}`));
  if (rule.rule.trim() === "") return [...found, required(`${path}.rule`, "rule is not specified")];
  if (condition.is === "bad") found.push(invalid(`${path}.rule`, rule.rule, condition.because));
  if (message?.is === "bad")
    found.push(
      invalid(`${path}.messageExpression`, rule.messageExpression, `messageExpression ${message.because}`),
    );
  if (condition.is === "bad") return found;
  if (!usesOld(compiled) && rule.optionalOldSelf !== undefined)
    found.push(
      invalid(
        `${path}.optionalOldSelf`,
        rule.optionalOldSelf,
        "may not be set if oldSelf is not used in rule",
      ),
    );
  if (usesOld(compiled) && incomparable !== undefined)
    found.push(
      invalid(
        `${path}.rule`,
        rule.rule,
        `oldSelf cannot be used on the uncorrelatable portion of the schema within ${incomparable}`,
      ),
    );
  return found;
}
