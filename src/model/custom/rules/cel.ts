// Owns what of the library's parsed expressions is looked into, to bound what they cost and to put right what it does otherwise than upstream.
import { evaluate, EvaluationError } from "@marcbachmann/cel-js";

export { Environment, EvaluationError } from "@marcbachmann/cel-js";

export interface Duration {
  readonly seconds: bigint;
  /** Of the sign of the seconds. */
  readonly nanos: number;
  toString(): string;
}
export interface UnsignedInt {
  valueOf(): bigint;
  toString(): string;
}

/** The library tells values apart by their classes, and exports not all of them: an example has the rest. */
const classOf = (example: string): unknown => (evaluate(example) as object).constructor;

export const Duration = classOf('duration("1s")') as new (seconds: bigint, nanos: number) => Duration;
export const UnsignedInt = classOf("1u") as new (value: bigint) => UnsignedInt;

export const failed = (code: string, message: string): EvaluationError =>
  new EvaluationError({ code, message });

export type Evaluate = (evaluator: unknown, node: unknown, context: unknown) => unknown;
type Handle = (first: unknown, second: unknown, ...rest: unknown[]) => unknown;

export interface Checker {
  check(node: AstNode, context: CheckContext): CelType;
  createError(code: string, message: string, node: AstNode): Error;
  readonly registry: { getOptionalType(type: CelType): CelType; getType(name: string): CelType };
  getType(name: string): CelType;
}
export interface CelType {
  readonly kind: string;
  readonly name: string;
  readonly valueType: CelType;
}
export interface CheckContext {
  forkWithVariable(name: string, type: CelType): BoundContext;
}
export interface BoundContext extends CheckContext {
  reuse(parent: unknown): BoundContext;
  setIterValue(value: unknown, evaluator: unknown): BoundContext;
}
export interface Evaluator {
  run(node: AstNode, context: unknown): unknown;
}

export interface Macro {
  readonly typeCheck: (checker: Checker, macro: Macro, context: CheckContext) => CelType;
  readonly evaluate: Evaluate;
  readonly args?: readonly AstNode[];
  readonly [part: string]: unknown;
}

/** A node of a parsed expression, as the library keeps it. */
export interface AstNode {
  readonly op: string;
  readonly args: unknown;
  readonly meta: { readonly evaluate: Evaluate; readonly alternate?: AstNode; readonly macro?: Macro };
  setMeta(key: string, value: unknown): AstNode;
  evaluate: Evaluate;
  handle?: Handle;
}

const isNode = (value: object): value is AstNode => "meta" in value && "op" in value && "setMeta" in value;

/** Every node once, those that macros made among them. */
export function* nodesOf(root: unknown, seen = new Set<object>()): Generator<AstNode> {
  if (typeof root !== "object" || root === null || seen.has(root)) return;
  seen.add(root);
  if (isNode(root)) {
    yield root;
    yield* nodesOf(root.args, seen);
    yield* nodesOf(root.meta.alternate, seen);
    const { macro } = root.meta;
    if (macro !== undefined) for (const part of Object.values(macro)) yield* nodesOf(part, seen);
  } else if (Array.isArray(root)) for (const part of root) yield* nodesOf(part, seen);
  // What a comprehension consists of.
  else if ("iterable" in root && "step" in root && "init" in root)
    for (const part of [root.iterable, root.init, root.step]) yield* nodesOf(part, seen);
}

/** The name of the function or method a node calls. */
export function calledBy(node: AstNode): string | undefined {
  if (node.op !== "call" && node.op !== "rcall") return undefined;
  const [name] = Array.isArray(node.args) ? (node.args as unknown[]) : [];
  return typeof name === "string" ? name : undefined;
}

/** `has(self.field)` is to name a field that there is; the library looks at no more than the variable. */
export function checkHas(root: AstNode): void {
  for (const node of nodesOf(root)) {
    const { macro } = node.meta;
    const [asked] = macro?.args ?? [];
    if (macro === undefined || asked === undefined || calledBy(node) !== "has") continue;
    const strict: Macro = {
      ...macro,
      typeCheck: (checker, own, context) => {
        if (asked.op === ".") checker.check(asked, context);
        return macro.typeCheck(checker, own, context);
      },
    };
    node.setMeta("macro", strict);
  }
}
