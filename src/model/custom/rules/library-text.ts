// Owns the functions on strings and lists that Kubernetes adds to CEL: its lists and regex libraries, and CEL's own extended strings.
import { failed, type Environment } from "./cel.ts";
import { formatText } from "./format-text.ts";
import { celEqual, isList, itemsOfList } from "./values.ts";
import { readPattern, type Pattern } from "../pattern.ts";

type Listed = readonly unknown[] | ReadonlySet<unknown>;
type Ordered = string | number | bigint | boolean | Date;

const sync = { async: false };

/** The type checker lets through nothing else. */
const items = (list: unknown): readonly Ordered[] => itemsOfList(list as Listed) as readonly Ordered[];

const extreme =
  (name: string, isBetter: (one: Ordered, best: Ordered) => boolean) =>
  (list: unknown): Ordered => {
    const [first, ...rest] = items(list);
    if (first === undefined) throw failed("no_elements", `${name} called on empty list`);
    return rest.reduce((best, one) => (isBetter(one, best) ? one : best), first);
  };

const isSorted = (list: unknown): boolean => {
  const all = items(list);
  return all.every((one, index) => index === 0 || (all[index - 1] ?? one) <= one);
};

function sumOf(list: unknown): number | bigint {
  let total: number | bigint | undefined;
  for (const one of items(list))
    if (typeof one === "bigint") total = (typeof total === "bigint" ? total : 0n) + one;
    else if (typeof one === "number") total = (typeof total === "number" ? total : 0) + one;
  return total ?? 0n;
}

export function addListFunctions(environment: Environment): Environment {
  return environment
    .registerFunction("list<T>.isSorted(): bool", isSorted, sync)
    .registerFunction("list<int>.sum(): int", sumOf, sync)
    .registerFunction("list<double>.sum(): double", (list) => Number(sumOf(list)), sync)
    .registerFunction(
      "list<T>.min(): T",
      extreme("min", (one, best) => one < best),
      sync,
    )
    .registerFunction(
      "list<T>.max(): T",
      extreme("max", (one, best) => one > best),
      sync,
    )
    .registerFunction(
      "list<T>.indexOf(T): int",
      (list: Listed, item) => BigInt(itemsOfList(list).findIndex((one) => celEqual(one, item))),
      sync,
    )
    .registerFunction(
      "list<T>.lastIndexOf(T): int",
      (list: Listed, item) => BigInt(itemsOfList(list).findLastIndex((one) => celEqual(one, item))),
      sync,
    )
    .registerFunction("list<T>.reverse(): list<T>", (list: Listed) => [...itemsOfList(list)].reverse(), sync);
}

class Sets {
  readonly is = "namespace";
}

export function addSetFunctions(environment: Environment): Environment {
  const contains = (list: Listed, part: Listed): boolean =>
    itemsOfList(part).every((item) => itemsOfList(list).some((one) => celEqual(one, item)));
  return environment
    .registerType("SetsNamespace", Sets)
    .registerConstant("sets", "SetsNamespace", new Sets())
    .registerFunction(
      "SetsNamespace.contains(list<T>, list<T>): bool",
      (_sets, list: Listed, part: Listed) => contains(list, part),
      sync,
    )
    .registerFunction(
      "SetsNamespace.equivalent(list<T>, list<T>): bool",
      (_sets, left: Listed, right: Listed) => contains(left, right) && contains(right, left),
      sync,
    )
    .registerFunction(
      "SetsNamespace.intersects(list<T>, list<T>): bool",
      (_sets, left: Listed, right: Listed) =>
        itemsOfList(left).some((one) => itemsOfList(right).some((item) => celEqual(one, item))),
      sync,
    );
}

function patternIn(text: string): Pattern {
  const read = readPattern(text);
  if (read.is === "bad") throw failed("invalid_regular_expression", read.because);
  return read;
}

function findAll(text: string, pattern: string, most: bigint): string[] {
  const matcher = patternIn(pattern).compiled.matcher(text);
  const found: string[] = [];
  while ((most < 0n || BigInt(found.length) < most) && matcher.find()) found.push(matcher.group() ?? "");
  return found;
}

/** Of Go's, counted in characters and with a limit. */
function replaced(text: string, from: string, to: string, most: bigint): string {
  if (most === 0n) return text;
  if (most < 0n) return text.replaceAll(from, () => to);
  let rest = text;
  let made = "";
  for (let count = 0n; count < most; count += 1n) {
    const at = rest.indexOf(from);
    if (at < 0) break;
    made += rest.slice(0, at) + to;
    rest = rest.slice(at + from.length);
  }
  return made + rest;
}

class Strings {
  readonly is = "namespace";
}

export function addTextFunctions(environment: Environment): Environment {
  return environment
    .registerType("StringsNamespace", Strings)
    .registerConstant("strings", "StringsNamespace", new Strings())
    .registerFunction(
      "StringsNamespace.quote(string): string",
      (_strings, text: string) => JSON.stringify(text),
      sync,
    )
    .registerFunction(
      "matches(string, string): bool",
      (text: string, pattern: string) => patternIn(pattern).test(text),
      sync,
    )
    .registerFunction(
      "string.find(string): string",
      (text: string, pattern: string) => findAll(text, pattern, 1n)[0] ?? "",
      sync,
    )
    .registerFunction(
      "string.findAll(string): list<string>",
      (text: string, pattern: string) => findAll(text, pattern, -1n),
      sync,
    )
    .registerFunction("string.findAll(string, int): list<string>", findAll, sync)
    .registerFunction(
      "string.charAt(int): string",
      (text: string, at: bigint) => {
        const characters = Array.from(text);
        if (at < 0n || at > BigInt(characters.length))
          throw failed("index_out_of_range", `index out of range: ${at}`);
        return characters[Number(at)] ?? "";
      },
      sync,
    )
    .registerFunction(
      "string.replace(string, string): string",
      (text: string, from: string, to: string) => replaced(text, from, to, -1n),
      sync,
    )
    .registerFunction("string.replace(string, string, int): string", replaced, sync)
    .registerFunction("string.reverse(): string", (text: string) => Array.from(text).reverse().join(""), sync)
    .registerFunction(
      "string.format(list<dyn>): string",
      (text: string, values: unknown) => formatText(text, isList(values) ? itemsOfList(values) : []),
      sync,
    );
}
