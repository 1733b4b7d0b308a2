// Owns the metering of a checked expression: each of its nodes pays before it works.
import { calledBy, Duration, failed, nodesOf, type AstNode } from "./cel.ts";
import { spendOnText, spendOnWhole, type Meter } from "./meter.ts";
import { celEqual, isList, isMember, joinLists } from "./values.ts";
import { readPattern } from "../pattern.ts";

/** Changes the nodes in place; they are the caller's own. */
export function meterNodes(root: AstNode, meter: Meter): void {
  for (const node of nodesOf(root)) {
    meterNode(node, meter);
    meterHandle(node, meter);
  }
}

function meterNode(node: AstNode, meter: Meter): void {
  const { alternate, macro, evaluate } = node.meta;
  if (alternate !== undefined)
    node.evaluate = (evaluator, _node, context) => alternate.evaluate(evaluator, alternate, context);
  else if (macro !== undefined)
    node.evaluate = (evaluator, _node, context) => {
      meter.spend(1);
      return macro.evaluate(evaluator, macro, context);
    };
  else
    node.evaluate = (evaluator, own, context) => {
      meter.spend(1);
      return evaluate(evaluator, own, context);
    };
}

const orders: ReadonlySet<string> = new Set(["<", "<=", ">", ">="]);
/** What tells something of a list or a map without looking into it. */
const constantWork: ReadonlySet<string> = new Set(["size", "type", "dyn"]);
const ofSets: ReadonlySet<string> = new Set(["contains", "equivalent", "intersects"]);
// Reading a clock of another place is this much more work than a step.
const zoneCost = 2000;

function meterHandle(node: AstNode, meter: Meter): void {
  const { handle, op } = node;
  if (handle === undefined) return;
  if (op === "==" || op === "!=") {
    const isWanted = op === "==";
    node.handle = (left, right) => {
      spendOnWhole(meter, left);
      spendOnWhole(meter, right);
      return celEqual(left, right) === isWanted;
    };
  } else if (op === "in")
    node.handle = (left, right) => {
      spendOnWhole(meter, left);
      if (Array.isArray(right)) spendOnWhole(meter, right);
      return isMember(left, right);
    };
  else if (op === "+")
    node.handle = (left, right, ...rest) => {
      if (isList(left) && isList(right)) {
        meter.spend(sizeOf(left) + sizeOf(right));
        return joinLists(left, right);
      }
      spendOnWhole(meter, left);
      spendOnWhole(meter, right);
      return handle(left, right, ...rest);
    };
  else if (orders.has(op))
    node.handle = (left, right, ...rest) => {
      spendOnWhole(meter, left);
      spendOnWhole(meter, right);
      return handle(left, right, ...rest);
    };
  else if (op === "call" || op === "rcall") node.handle = meteredCall(node, handle, meter);
}

const sizeOf = (list: readonly unknown[] | ReadonlySet<unknown>): number =>
  "size" in list ? list.size : list.length;

function meteredCall(node: AstNode, handle: NonNullable<AstNode["handle"]>, meter: Meter): typeof handle {
  const name = calledBy(node) ?? "";
  return (given, second, ...rest) => {
    // The receiver, if there is one, and the arguments.
    const values = given as readonly unknown[];
    const [first, other] = values;
    if (constantWork.has(name) && typeof first === "object") meter.spend(1);
    else for (const value of values) spendOnWhole(meter, value);
    if (name.startsWith("get") && first instanceof Date && other !== undefined) meter.spend(zoneCost);
    if (name === "join" && isList(first) && typeof other === "string")
      spendOnText(meter, other, sizeOf(first));
    // Of two lists taken as sets each item is looked for in the other.
    const [, left, right] = values;
    if (ofSets.has(name) && isList(left) && isList(right)) meter.spend(sizeOf(left) * sizeOf(right));
    if (name === "replace" && typeof values[2] === "string" && typeof first === "string")
      spendOnText(meter, values[2], first.length + 1);
    if (name === "matches" && typeof first === "string" && typeof other === "string")
      return isMatch(meter, first, other);
    if (name === "duration" && typeof first === "string") return durationOf(first);
    return handle(given, second, ...rest);
  };
}

/** The library's own runs it as an expression of JavaScript. */
function isMatch(meter: Meter, text: string, pattern: string): boolean {
  const read = readPattern(pattern);
  if (read.is === "bad") throw failed("invalid_regular_expression", read.because);
  spendOnText(meter, text, read.compiled.programSize());
  return read.test(text);
}

const unitNanos: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};
const durationLengthMax = 64;
const nanosPerSecond = 1_000_000_000n;
const nanosMax = 9_223_372_036_854_775_807n;

/** Go's text of a duration, to the nanosecond. The library's reading takes the cube of the length of a long one. */
export function durationOf(text: string): Duration {
  const bad = failed("invalid_duration", `time: invalid duration ${JSON.stringify(text.slice(0, 64))}`);
  if (text.length > durationLengthMax) throw bad;
  const [, sign = "", body = ""] =
    /^([-+]?)((?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|ms|s|m|h))+|0)$/.exec(text) ?? [];
  if (body === "") throw bad;
  let nanos = 0n;
  for (const [, whole = "", fraction = "", unit = ""] of body.matchAll(
    /(\d*)(?:\.(\d*))?(ns|us|µs|ms|s|m|h)/g,
  )) {
    const one = unitNanos[unit] ?? 0n;
    nanos += BigInt(whole === "" ? "0" : whole) * one;
    if (fraction !== "") nanos += (BigInt(fraction) * one) / 10n ** BigInt(fraction.length);
  }
  if (nanos > nanosMax) throw bad;
  const signed = sign === "-" ? -nanos : nanos;
  return new Duration(signed / nanosPerSecond, Number(signed % nanosPerSecond));
}
