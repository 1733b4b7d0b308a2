// Owns the JSON paths of columns, scales and selectable fields: read once, followed in each object.
import { isRecord } from "./schema.ts";

type Step =
  | { readonly is: "field"; readonly name: string }
  | { readonly is: "index"; readonly at: number }
  | { readonly is: "all" }
  | { readonly is: "where"; readonly path: JsonPath; readonly equals: unknown };

export type JsonPath = readonly Step[];

// Reading takes the square of the length of one that is nearly right.
const lengthMax = 2048;

const stepPattern =
  /^(?:\.([\w-]+(?:\\.[\w-]+)*(?:\\[./][\w.-]+)*)|\[\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|(-?\d+)|(\*)|\?\(\s*@((?:\.[\w-]+)+)\s*==\s*("[^"]*"|'[^']*'|-?\d+(?:\.\d+)?|true|false)\s*\))\s*\]|(\.\*))/;

/** Undefined where it is none, or uses more than fields, indexes, `*` and `?(@.field=="value")`. */
export function readPath(text: string): JsonPath | undefined {
  if (text.length > lengthMax) return undefined;
  const trimmed = /^\{(.*)\}$/.exec(text)?.[1] ?? text;
  if (!/^[.[]/.test(trimmed)) return undefined;
  const steps: Step[] = [];
  let rest = trimmed;
  while (rest !== "" && rest !== ".") {
    const match = stepPattern.exec(rest);
    if (match === null) return undefined;
    const step = stepOf(match);
    if (step === undefined) return undefined;
    steps.push(step);
    rest = rest.slice(match[0].length);
  }
  return steps;
}

function stepOf(match: RegExpExecArray): Step | undefined {
  const [, field, single, double, index, star, where, literal, dotStar] = match;
  const name = field ?? single ?? double;
  if (name !== undefined) return { is: "field", name: name.replaceAll(/\\(.)/g, "$1") };
  if (index !== undefined) return { is: "index", at: Number(index) };
  if (star !== undefined || dotStar !== undefined) return { is: "all" };
  const path = where === undefined ? undefined : readPath(where);
  if (path === undefined || literal === undefined) return undefined;
  return { is: "where", path, equals: literalOf(literal) };
}

const literalOf = (text: string): unknown => {
  const quoted = /^["'](.*)["']$/.exec(text)?.[1];
  // What is not quoted is a number or a boolean, by the pattern.
  return quoted ?? (JSON.parse(text) as unknown);
};

/** A path of fields alone, as scales and selectable fields have it. */
export const isPlainPath = (path: JsonPath): boolean =>
  path.length > 0 && path.every((step) => step.is === "field");

export function* follow(path: JsonPath, value: unknown): Generator {
  const [step, ...rest] = path;
  if (step === undefined) {
    yield value;
    return;
  }
  for (const part of partsOf(step, value)) if (part !== undefined) yield* follow(rest, part);
}

function partsOf(step: Step, value: unknown): readonly unknown[] {
  if (step.is === "field")
    return isRecord(value) && Object.hasOwn(value, step.name) ? [value[step.name]] : [];
  if (step.is === "all") return Array.isArray(value) ? value : isRecord(value) ? Object.values(value) : [];
  if (!Array.isArray(value)) return [];
  if (step.is === "index") return [value.at(step.at)];
  return value.filter((item) => first(step.path, item) === step.equals);
}

export function first(path: JsonPath, value: unknown): unknown {
  for (const found of follow(path, value)) return found;
  return undefined;
}
