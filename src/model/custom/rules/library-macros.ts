// Owns the macros that the library lacks: optMap and optFlatMap of optional values, and comprehensions with two variables; and the equality of optional values.
import { Optional } from "@marcbachmann/cel-js";
import {
  failed,
  type AstNode,
  type BoundContext,
  type CelType,
  type CheckContext,
  type Checker,
  type Environment,
  type Evaluator,
  type Macro,
} from "./cel.ts";
import { celEqual, isList, itemsOfList } from "./values.ts";

/** What the library hands a macro when it is parsed. */
interface Called {
  readonly args: readonly AstNode[];
  readonly receiver: AstNode;
}

/** What the macro keeps of it, and the scope that its check makes and its evaluation uses. */
interface Bound {
  readonly receiver: AstNode;
  readonly body: AstNode;
  scope?: BoundContext;
}

const nameIn = (node: AstNode | undefined): string => {
  if (node?.op === "id" && typeof node.args === "string") return node.args;
  throw failed("invalid_macro_argument", "argument is not an identifier");
};

const asMacro = (
  bound: Bound,
  typeCheck: (checker: Checker, context: CheckContext) => CelType,
  evaluate: (evaluator: Evaluator, context: unknown) => unknown,
): Macro => ({
  receiver: bound.receiver,
  body: bound.body,
  async: false,
  typeCheck: (checker, _macro, context) => typeCheck(checker, context),
  // The library's own evaluator.
  evaluate: (evaluator, _macro, context) => evaluate(evaluator as Evaluator, context),
});

/** Of a macro's argument list, which the library has counted. */
function argument(args: readonly AstNode[], at: number): AstNode {
  const found = args[at];
  if (found === undefined) throw failed("invalid_macro_argument", "too few arguments");
  return found;
}

function optMap(isFlat: boolean): (called: Called) => Macro {
  return ({ args, receiver }) => {
    const name = nameIn(args[0]);
    const bound: Bound = { receiver, body: argument(args, 1) };
    return asMacro(
      bound,
      (checker, context) => {
        const type = checker.check(receiver, context);
        if (type.kind !== "optional" && type.kind !== "dyn")
          throw checker.createError(
            "no_matching_overload",
            `found no matching overload for '${type.name}.opt${isFlat ? "Flat" : ""}Map'`,
            receiver,
          );
        bound.scope = context.forkWithVariable(name, type.kind === "optional" ? type.valueType : type);
        const made = checker.check(bound.body, bound.scope);
        return isFlat ? made : checker.registry.getOptionalType(made);
      },
      (evaluator, context) => {
        const value = evaluator.run(receiver, context);
        if (!(value instanceof Optional))
          throw failed("optional_expected", "the receiver is no optional value");
        if (!value.hasValue() || bound.scope === undefined) return Optional.none();
        const made = evaluator.run(
          bound.body,
          bound.scope.reuse(context).setIterValue(value.value(), evaluator),
        );
        return isFlat ? made : Optional.of(made);
      },
    );
  };
}

interface Two extends Bound {
  outer?: BoundContext;
}

/** Of a list its indexes and items, of a map its keys and values. */
function entriesOf(value: unknown): Iterable<readonly [unknown, unknown]> {
  if (isList(value)) return itemsOfList(value).map((item, index) => [BigInt(index), item] as const);
  if (value instanceof Map) return value;
  if (typeof value === "object" && value !== null) return Object.entries(value);
  throw failed("invalid_comprehension_range", "the range of a comprehension must be a list or a map");
}

/** `all(i, v, …)`: `decide` says whether the outcomes so far settle it. */
function overTwo(conclude: (outcomes: Iterable<unknown>) => boolean): (called: Called) => Macro {
  return ({ args, receiver }) => {
    const [key, item] = [nameIn(args[0]), nameIn(args[1])];
    const bound: Two = { receiver, body: argument(args, 2) };
    return asMacro(
      bound,
      (checker, context) => {
        const type = checker.check(receiver, context);
        const dyn = checker.getType("dyn");
        const [keyType, itemType] =
          type.kind === "list"
            ? [checker.getType("int"), type.valueType]
            : type.kind === "map"
              ? [checker.getType("string"), type.valueType]
              : [dyn, dyn];
        bound.outer = context.forkWithVariable(key, keyType);
        bound.scope = bound.outer.forkWithVariable(item, itemType);
        const made = checker.check(bound.body, bound.scope);
        if (made.name !== "bool" && made.kind !== "dyn")
          throw checker.createError(
            "invalid_predicate",
            `predicate must return bool, got '${made.name}'`,
            bound.body,
          );
        return checker.getType("bool");
      },
      (evaluator, context) => {
        const { outer, scope, body } = bound;
        if (outer === undefined || scope === undefined) return false;
        const range = entriesOf(evaluator.run(receiver, context));
        return conclude(
          (function* () {
            for (const [one, value] of range) {
              const within = outer.reuse(context).setIterValue(one, evaluator);
              yield evaluator.run(body, scope.reuse(within).setIterValue(value, evaluator));
            }
          })(),
        );
      },
    );
  };
}

const all = (outcomes: Iterable<unknown>): boolean => {
  for (const one of outcomes) if (one !== true) return false;
  return true;
};
const some = (outcomes: Iterable<unknown>): boolean => {
  for (const one of outcomes) if (one === true) return true;
  return false;
};
const one = (outcomes: Iterable<unknown>): boolean => {
  let count = 0;
  for (const outcome of outcomes) if (outcome === true) count += 1;
  return count === 1;
};

export function addMacros(environment: Environment): Environment {
  return environment
    .registerFunction("optional.optMap(ast, ast): optional<dyn>", optMap(false))
    .registerFunction("optional.optFlatMap(ast, ast): optional<dyn>", optMap(true))
    .registerFunction("list.all(ast, ast, ast): bool", overTwo(all))
    .registerFunction("list.exists(ast, ast, ast): bool", overTwo(some))
    .registerFunction("list.existsOne(ast, ast, ast): bool", overTwo(one))
    .registerOperator("optional<A> == optional<A>", celEqual);
}
