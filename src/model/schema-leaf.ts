// Owns how the scalars of a schema are read: which JSON they come as, and their canonical form.
import { canonicalQuantity } from "./quantity.ts";
import { canonicalMicroTime, formatTime, parseTime } from "./time.ts";

export type LeafType = "string" | "number" | "boolean" | "time" | "quantity" | "int-or-string";
export type ParsedLeaf =
  | { readonly is: "ok"; readonly value: string | number | boolean }
  | { readonly is: "bad"; readonly message: string }
  /** Of another JSON type than asked for; the caller knows the place and words it. */
  | { readonly is: "mismatch" };

const mismatch: ParsedLeaf = { is: "mismatch" };
const int32Max = 2_147_483_647;
const int64Max = 2 ** 63;

/** What Go's decoder calls a JSON value. */
export function goKind(value: unknown): string {
  if (Array.isArray(value)) return "array";
  if (typeof value === "boolean") return "bool";
  if (typeof value !== "number") return typeof value;
  return Number.isInteger(value) && Math.abs(value) <= int32Max ? "number" : `number ${value}`;
}

const canonicalTime = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\dZ$/;

function canonicalTimeOf(text: string): string | undefined {
  const at = parseTime(text);
  return at === undefined ? undefined : formatTime(at);
}

function parseTimeLeaf(text: string, micro: boolean): ParsedLeaf {
  if (!micro && canonicalTime.test(text)) return { is: "ok", value: text };
  const value = micro ? canonicalMicroTime(text) : canonicalTimeOf(text);
  if (value !== undefined) return { is: "ok", value };
  const layout = micro ? "2006-01-02T15:04:05.000000Z07:00" : "2006-01-02T15:04:05Z07:00";
  return {
    is: "bad",
    message: `parsing time ${JSON.stringify(text)} as ${JSON.stringify(layout)}: cannot parse ${JSON.stringify(text)} as "2006"`,
  };
}

const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

function parseBase64(raw: string): ParsedLeaf {
  const text = raw.replaceAll(/[\r\n]/g, "");
  if (base64.test(text)) return { is: "ok", value: text };
  const wrong = text.search(/[^A-Za-z0-9+/]/);
  const at = wrong === -1 ? text.length - (text.length % 4) : wrong;
  return { is: "bad", message: `illegal base64 data at input byte ${at}` };
}

function parseNumber(value: number, format: string | undefined): ParsedLeaf {
  if (format === "double") return { is: "ok", value };
  const limit = format === "int32" ? int32Max : int64Max;
  return Number.isInteger(value) && value <= limit && value >= -limit - 1 ? { is: "ok", value } : mismatch;
}

function parseQuantityLeaf(value: unknown): ParsedLeaf {
  if (typeof value !== "string" && typeof value !== "number") return mismatch;
  const canonical = canonicalQuantity(value);
  return canonical.is === "ok" ? { is: "ok", value: canonical.text } : canonical;
}

/** Reads a scalar that is not null. */
export function parseLeaf(type: LeafType, format: string | undefined, value: unknown): ParsedLeaf {
  switch (type) {
    case "string":
      if (typeof value !== "string") return mismatch;
      return format === "byte" ? parseBase64(value) : { is: "ok", value };
    case "number":
      return typeof value === "number" ? parseNumber(value, format) : mismatch;
    case "boolean":
      return typeof value === "boolean" ? { is: "ok", value } : mismatch;
    case "time":
      return typeof value === "string" ? parseTimeLeaf(value, format === "date-time-micro") : mismatch;
    case "quantity":
      return parseQuantityLeaf(value);
    default:
      if (typeof value === "string") return { is: "ok", value };
      return typeof value === "number" ? parseNumber(value, "int32") : mismatch;
  }
}
