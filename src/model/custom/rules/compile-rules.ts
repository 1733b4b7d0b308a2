// Owns the compilation of a schema's rules: parsed, checked against the types that the schema declares, and metered.
import { Optional, ParseError, TypeError as CelTypeError } from "@marcbachmann/cel-js";
import type { Schema } from "../schema.ts";
import { checkHas, Environment, EvaluationError, nodesOf, type AstNode } from "./cel.ts";
import { TypeDeclarations, type Declared } from "./declare-types.ts";
import { addMacros } from "./library-macros.ts";
import { addListFunctions, addSetFunctions, addTextFunctions } from "./library-text.ts";
import {
  addBlockFunctions,
  addIpFunctions,
  addQuantityFunctions,
  addUrlFunctions,
} from "./library-values.ts";
import { Meter } from "./meter.ts";
import { meterNodes } from "./metered.ts";

let base: Environment | undefined;

/** Made when the first rule is compiled: few clusters have any, and it takes a while. */
function baseEnvironment(): Environment {
  if (base !== undefined) return base;
  const made = new Environment({
    enableOptionalTypes: true,
    homogeneousAggregateLiterals: false,
    limits: { maxAstNodes: 20_000, maxDepth: 100, maxListElements: 2000, maxMapEntries: 2000 },
  });
  for (const add of [
    addListFunctions,
    addSetFunctions,
    addTextFunctions,
    addQuantityFunctions,
    addUrlFunctions,
    addIpFunctions,
    addBlockFunctions,
    addMacros,
  ])
    add(made);
  base = made;
  return made;
}

export interface Variables {
  readonly self: unknown;
  /** Absent where there is nothing to compare with. */
  readonly oldSelf?: unknown;
}

export type Outcome =
  | { readonly is: "value"; readonly value: unknown; readonly cost: number }
  | { readonly is: "failed"; readonly code: string; readonly because: string; readonly cost: number }
  | { readonly is: "too-costly"; readonly cost: number };

export interface Expression {
  readonly usesOldSelf: boolean;
  readonly evaluate: (variables: Variables, budget: number) => Outcome;
}

export type CompiledExpression =
  | { readonly is: "compiled"; readonly expression: Expression }
  | { readonly is: "bad"; readonly because: string };

/** Compiles the rules of one schema; types are declared as they are needed. */
export class RuleCompiler {
  private readonly environment: Environment = baseEnvironment().clone();
  private readonly types: TypeDeclarations = new TypeDeclarations(this.environment);

  /** `isObject`: the schema is that of a whole object. */
  typeOf(schema: Schema, isObject: boolean): Declared {
    return this.types.of(schema, isObject);
  }

  /** `wanted`: the type its value is to have. */
  compile(
    text: string,
    self: Declared,
    { wanted, isOldOptional }: { readonly wanted: "bool" | "string"; readonly isOldOptional: boolean },
  ): CompiledExpression {
    const old = isOldOptional ? `optional<${self.type}>` : self.type;
    const environment = this.environment
      .clone()
      .registerVariable("self", self.type)
      .registerVariable("oldSelf", old);
    try {
      const parsed = environment.parse(text);
      // The library's nodes are of one class, with more to them than its types tell.
      const root = parsed.ast as unknown as AstNode;
      checkHas(root);
      const checked = parsed.check();
      if (!checked.valid) return { is: "bad", because: wordsOf(checked.error, text) };
      if (checked.type !== wanted && checked.type !== "dyn")
        return { is: "bad", because: `must evaluate to a ${wanted}` };
      const meter = new Meter();
      meterNodes(root, meter);
      return { is: "compiled", expression: expressionOf(parsed, root, { meter, isOldOptional }) };
    } catch (thrown) {
      return { is: "bad", because: wordsOf(thrown, text) };
    }
  }
}

function wordsOf(thrown: unknown, text: string): string {
  if (!(thrown instanceof ParseError || thrown instanceof CelTypeError || thrown instanceof EvaluationError))
    throw thrown;
  const at = thrown.range?.start ?? 0;
  const before = text.slice(0, at).split("\n");
  const column = before.at(-1)?.length ?? 0;
  const line = text.split("\n")[before.length - 1] ?? "";
  return `compilation failed: ERROR: <input>:${before.length}:${column + 1}: ${thrown.summary}\n | ${line}\n | ${".".repeat(column)}^`;
}

function expressionOf(
  run: (variables: Record<string, unknown>) => unknown,
  root: AstNode,
  { meter, isOldOptional }: { readonly meter: Meter; readonly isOldOptional: boolean },
): Expression {
  const usesOldSelf = [...nodesOf(root)].some(({ op, args }) => op === "id" && args === "oldSelf");
  return {
    usesOldSelf,
    evaluate({ self, oldSelf }, budget) {
      meter.start(budget);
      const spent = (): number => budget - meter.remaining;
      try {
        const old = isOldOptional
          ? oldSelf === undefined
            ? Optional.none()
            : Optional.of(oldSelf)
          : oldSelf;
        const value = run({ self, ...(old === undefined ? {} : { oldSelf: old }) });
        return meter.isExceeded ? { is: "too-costly", cost: spent() } : { is: "value", value, cost: spent() };
      } catch (thrown) {
        if (meter.isExceeded) return { is: "too-costly", cost: spent() };
        return { is: "failed", cost: spent(), ...faultOf(thrown) };
      }
    },
  };
}

/** Whatever goes wrong in a rule is the object's fault, or the rule's: never the server's. */
function faultOf(thrown: unknown): { readonly code: string; readonly because: string } {
  if (!(thrown instanceof EvaluationError))
    return { code: "internal", because: thrown instanceof Error ? thrown.message : String(thrown) };
  const { summary, code } = thrown;
  return { code, because: summary.slice(0, 1).toLowerCase() + summary.slice(1) };
}
