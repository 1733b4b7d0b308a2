// Owns `"%s is %d".format([…])` of CEL's extended strings.
import { Duration, failed, UnsignedInt } from "./cel.ts";
import { isList, itemsOfList, numberOf } from "./values.ts";

/** As `%s` prints values. */
export function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  if (value === null) return "null";
  if (isList(value)) return `[${itemsOfList(value).map(textOf).join(", ")}]`;
  if (value instanceof Date) return value.toISOString().replace(/\.?0*Z$/, "Z");
  if (value instanceof Duration || value instanceof UnsignedInt) return value.toString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString("utf8");
  if (value instanceof Map)
    return `{${[...value]
      .map(([key, part]) => `${textOf(key)}: ${textOf(part)}`)
      .sort()
      .join(", ")}}`;
  return typeof value === "boolean" || typeof value === "number" || typeof value === "bigint"
    ? `${value}`
    : JSON.stringify(value);
}

const digitsMax = 100;

function shown(verb: string, digits: number | undefined, value: unknown): string {
  const number = numberOf(value);
  if (verb === "s") return textOf(value);
  if (verb === "d" && number !== undefined) return String(number);
  if (verb === "f" && number !== undefined) return Number(number).toFixed(digits ?? 6);
  if (verb === "e" && number !== undefined)
    return Number(number)
      .toExponential(digits ?? 6)
      .replace(/e([+-])(\d)$/, "e$10$2");
  if (verb === "b" && typeof value === "boolean") return value ? "1" : "0";
  if ((verb === "b" || verb === "o" || verb === "x" || verb === "X") && typeof number === "bigint") {
    const text = number.toString(verb === "b" ? 2 : verb === "o" ? 8 : 16);
    return verb === "X" ? text.toUpperCase() : text;
  }
  if ((verb === "x" || verb === "X") && (typeof value === "string" || value instanceof Uint8Array)) {
    const text = Buffer.from(value).toString("hex");
    return verb === "X" ? text.toUpperCase() : text;
  }
  throw failed("format", `error during formatting: unrecognized or mismatched formatting clause "${verb}"`);
}

export function formatText(text: string, values: readonly unknown[]): string {
  let at = 0;
  return text.replaceAll(/%(?:%|(?:\.(\d+))?([a-zA-Z]))?/g, (clause, digits?: string, verb?: string) => {
    if (clause === "%%") return "%";
    if (verb === undefined) throw failed("format", "error during formatting: unexpected end of string");
    if (at >= values.length) throw failed("format", `error during formatting: index ${at} out of range`);
    const count = digits === undefined ? undefined : Math.min(digitsMax, Number(digits));
    return shown(verb, count, values[at++]);
  });
}
