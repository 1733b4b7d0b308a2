// Owns the rules of a schema, compiled, where they stand in it.
import type { ValidationRule } from "../../generated/types.ts";
import { additionalOf, isEmbedded, itemsOf, type Schema } from "../schema.ts";
import { RuleCompiler, type CompiledExpression } from "./compile-rules.ts";
import type { Declared } from "./declare-types.ts";

export interface CompiledRule {
  readonly rule: ValidationRule;
  readonly condition: CompiledExpression;
  readonly message: CompiledExpression | undefined;
}

export interface RuleTree {
  readonly schema: Schema;
  readonly declared: Declared;
  readonly rules: readonly CompiledRule[];
  readonly properties: ReadonlyMap<string, RuleTree>;
  readonly items: RuleTree | undefined;
  readonly additional: RuleTree | undefined;
  /** Whether a rule here or below asks for the old value. */
  readonly usesOldSelf: boolean;
}

export const rulesOf = (schema: Schema): readonly ValidationRule[] =>
  schema["x-kubernetes-validations"] ?? [];

/** Undefined where no rule stands in the schema, that of a whole object. */
export function ruleTreeOf(schema: Schema): RuleTree | undefined {
  if (!hasRules(schema)) return undefined;
  const compiler = new RuleCompiler();
  declareTypes(compiler, schema, true);
  return treeOf(compiler, schema, true);
}

/** Before the first rule is compiled: no type can be declared from then on. */
function declareTypes(compiler: RuleCompiler, schema: Schema, isObject: boolean): void {
  if (rulesOf(schema).length > 0) compiler.typeOf(schema, isObject);
  for (const part of partsOf(schema)) declareTypes(compiler, part, isEmbedded(part));
}

function partsOf(schema: Schema): readonly Schema[] {
  const [items, additional] = [itemsOf(schema), additionalOf(schema)];
  return [
    ...Object.values(schema.properties ?? {}),
    ...(items === undefined ? [] : [items]),
    ...(additional === undefined || additional === "anything" ? [] : [additional]),
  ];
}

const hasRules = (schema: Schema): boolean => rulesOf(schema).length > 0 || partsOf(schema).some(hasRules);

function treeOf(compiler: RuleCompiler, schema: Schema, isObject: boolean): RuleTree | undefined {
  const own = rulesOf(schema);
  const declared = own.length > 0 ? compiler.typeOf(schema, isObject) : undefined;
  const below = (part: Schema | "anything" | undefined): RuleTree | undefined =>
    part === undefined || part === "anything" ? undefined : treeOf(compiler, part, isEmbedded(part));
  const properties = new Map(
    Object.entries(schema.properties ?? {}).flatMap(([name, part]) => {
      const tree = below(part);
      return tree === undefined ? [] : [[name, tree] as const];
    }),
  );
  const [items, additional] = [below(itemsOf(schema)), below(additionalOf(schema))];
  if (declared === undefined && properties.size === 0 && items === undefined && additional === undefined)
    return undefined;
  const rules = declared === undefined ? [] : own.map((rule) => compiledRule(compiler, rule, declared));
  const parts = [...properties.values(), items, additional];
  return {
    schema,
    declared: declared ?? { type: "dyn", convert: (value) => value },
    rules,
    properties,
    items,
    additional,
    usesOldSelf: rules.some(usesOld) || parts.some((part) => part?.usesOldSelf === true),
  };
}

export const usesOld = ({ condition }: CompiledRule): boolean =>
  condition.is === "compiled" && condition.expression.usesOldSelf;

function compiledRule(compiler: RuleCompiler, rule: ValidationRule, self: Declared): CompiledRule {
  const isOldOptional = rule.optionalOldSelf === true;
  const { messageExpression = "" } = rule;
  return {
    rule,
    condition: compiler.compile(rule.rule, self, { wanted: "bool", isOldOptional }),
    message:
      messageExpression === ""
        ? undefined
        : compiler.compile(messageExpression, self, { wanted: "string", isOldOptional }),
  };
}
