// Owns quantities (`100m`, `1Gi`, `1e3`): exact to the nano, canonical as upstream's resource.Quantity.

export type QuantityFormat = "decimal" | "binary" | "exponent";
export interface Quantity {
  /** Thousand-millionths of the unit. */
  readonly nanos: bigint;
  readonly format: QuantityFormat;
}
export type ParsedQuantity =
  { readonly is: "ok"; readonly quantity: Quantity } | { readonly is: "bad"; readonly message: string };

const unit = 1_000_000_000n;
// Upstream holds an int64: anything larger is capped, not refused.
const unitsMax = 9_223_372_036_854_775_807n;

const lengthMax = 128;

const wrongFormat =
  "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
const wrongSuffix = "unable to parse quantity's suffix";
const shape = /^([+-]?)(\d*)(?:\.(\d*))?(.*)$/s;

const decimalExponents: Readonly<Record<string, number>> = {
  n: -9,
  u: -6,
  m: -3,
  "": 0,
  k: 3,
  M: 6,
  G: 9,
  T: 12,
  P: 15,
  E: 18,
};
const binarySuffixes = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
const decimalSuffixes = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"];

interface Scale {
  readonly format: QuantityFormat;
  readonly base2: number;
  readonly base10: number;
}

function scaleOf(suffix: string): Scale | undefined {
  if (Object.hasOwn(decimalExponents, suffix))
    return { format: "decimal", base2: 0, base10: decimalExponents[suffix] ?? 0 };
  const power = binarySuffixes.indexOf(suffix);
  if (power > 0) return { format: "binary", base2: power * 10, base10: 0 };
  const exponent = /^[eE]([+-]?\d{1,4})$/.exec(suffix)?.[1];
  return exponent === undefined ? undefined : { format: "exponent", base2: 0, base10: Number(exponent) };
}

const ceilDiv = (value: bigint, divisor: bigint): bigint => (value + divisor - 1n) / divisor;

/** Reads what stands in an object: text, or a bare number as YAML gives it. */
export function parseQuantity(text: string | number): ParsedQuantity {
  const trimmed = String(text).trim();
  // Longer than any amount there is: a number of a million digits would hold everything up.
  if (trimmed.length > lengthMax) return { is: "bad", message: wrongFormat };
  const [, sign, whole = "", fraction = "", suffix = ""] = shape.exec(trimmed) ?? [];
  if (whole === "" && fraction === "") return { is: "bad", message: wrongFormat };
  if (!/^[eEinumkKMGTP]*[-+]?\d*$/.test(suffix)) return { is: "bad", message: wrongFormat };
  const scale = scaleOf(suffix);
  if (scale === undefined) return { is: "bad", message: wrongSuffix };
  const digits = BigInt(whole + fraction);
  // Below a nano everything rounds up; the bound keeps hostile exponents from making huge numbers.
  const exponent = Math.max(-200, Math.min(200, scale.base10 + 9 - fraction.length));
  const scaled = digits << BigInt(scale.base2);
  const nanos = exponent >= 0 ? scaled * 10n ** BigInt(exponent) : ceilDiv(scaled, 10n ** BigInt(-exponent));
  const capped = nanos > unitsMax * unit ? unitsMax * unit : nanos;
  return { is: "ok", quantity: { nanos: sign === "-" ? -capped : capped, format: scale.format } };
}

// The same few texts come with every pod; the bound keeps a stream of odd ones from growing it for ever.
const read = new Map<string | number, Quantity>();
const readMax = 4096;

/** A quantity of an object that passed validation. A bad one is a bug and throws. */
export function quantityOf(text: string | number): Quantity {
  const known = read.get(text);
  if (known !== undefined) return known;
  const parsed = parseQuantity(text);
  if (parsed.is === "bad") throw new TypeError(`cannot read quantity ${text}: ${parsed.message}`);
  if (read.size >= readMax) read.clear();
  read.set(text, parsed.quantity);
  return parsed.quantity;
}

/** Strips factors of `base`: the reduced number and how many were taken. */
function strip(value: bigint, base: bigint): [bigint, number] {
  let rest = value;
  let taken = 0;
  while (rest !== 0n && rest % base === 0n) {
    rest /= base;
    taken += 1;
  }
  return [rest, taken];
}

/** The canonical text: the largest suffix with no fraction; binary below 1024 prints as decimal. */
export function formatQuantity({ nanos, format }: Quantity): string {
  if (nanos === 0n) return "0";
  const magnitude = nanos < 0n ? -nanos : nanos;
  const sign = nanos < 0n ? "-" : "";
  if (format === "binary" && magnitude >= 1024n * unit) {
    const [rest, taken] = strip(ceilDiv(magnitude, unit), 1024n);
    // Beyond Ei there is no suffix: the rest carries the factors left over.
    const power = Math.min(taken, binarySuffixes.length - 1);
    return `${sign}${rest * 1024n ** BigInt(taken - power)}${binarySuffixes[power]}`;
  }
  const [rest, taken] = strip(magnitude, 1000n);
  const power = Math.min(taken, decimalSuffixes.length - 1);
  const number = rest * 1000n ** BigInt(taken - power);
  if (format !== "exponent") return `${sign}${number}${decimalSuffixes[power]}`;
  const exponent = power * 3 - 9;
  return exponent === 0 ? `${sign}${number}` : `${sign}${number}e${exponent}`;
}

const canonicalSmall = /^(?:0|[1-9]\d{0,2})(?:m|Mi|Gi|Ki)?$/;

/** Canonical text of a text or number: `0.1` is `100m`, `1024Mi` is `1Gi`. */
export function canonicalQuantity(
  text: string | number,
): { is: "ok"; text: string } | { is: "bad"; message: string } {
  // Most quantities are small and canonical already: nothing to compute. `0Mi` is `0`.
  if (typeof text === "string" && canonicalSmall.test(text) && !/^0./.test(text)) return { is: "ok", text };
  const parsed = parseQuantity(text);
  return parsed.is === "bad" ? parsed : { is: "ok", text: formatQuantity(parsed.quantity) };
}

/** Negative, zero or positive as the left is less than, equal to or more than the right. */
export function compareQuantities(left: string, right: string): number {
  const difference = quantityOf(left).nanos - quantityOf(right).nanos;
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

/** The sum keeps the left's format unless the left is zero, as upstream's Add. */
export function addQuantities(left: Quantity, right: Quantity): Quantity {
  return {
    nanos: left.nanos + right.nanos,
    format: left.nanos === 0n ? right.format : left.format,
  };
}

export function subtractQuantities(left: Quantity, right: Quantity): Quantity {
  return {
    nanos: left.nanos - right.nanos,
    format: left.nanos === 0n ? right.format : left.format,
  };
}

const roundUp = (nanos: bigint, divisor: bigint): number =>
  Number(nanos >= 0n ? ceilDiv(nanos, divisor) : nanos / divisor);

/** Whole units, rounded up: bytes of a memory quantity, pods of a count. */
export const unitsOf = (text: string | number): number => roundUp(quantityOf(text).nanos, unit);
/** Thousandths, rounded up: CPU shares are counted in them. */
export const millisOf = (text: string | number): number => roundUp(quantityOf(text).nanos, 1_000_000n);
