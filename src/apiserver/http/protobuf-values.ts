// Owns reading single values of protobuf messages as the JSON they stand for: text, numbers, times, quantities.
import { isTooDeep } from "./duplicate-fields.ts";
import { Malformed, wireFields } from "./protobuf-reader.ts";

export type WireValue = number | Uint8Array;

const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export const bytesOf = (value: WireValue): Uint8Array => {
  if (typeof value === "number") throw new Malformed("a number stands where text or an object should");
  return value;
};
export const numberOf = (value: WireValue): number => {
  if (typeof value !== "number") throw new Malformed("text stands where a number should");
  return value;
};
export const stringOf = (value: WireValue): string => {
  const bytes = bytesOf(value);
  try {
    return text.decode(bytes);
  } catch {
    throw new Malformed("text is not UTF-8");
  }
};
export const base64Of = (value: WireValue): string => Buffer.from(bytesOf(value)).toString("base64");

/** Years beyond these have more than four digits, which no time on the wire has. */
const [secondsMin, secondsMax] = [Date.UTC(0, 0, 1) / 1000 - 1900 * 366 * 86_400, 253_402_300_799];

/** Seconds and nanoseconds since 1970; an empty message is the zero time, which JSON leaves out. */
export function timeOf(value: WireValue, format: string | undefined): string | undefined {
  let seconds: number | undefined;
  let nanos = 0;
  for (const [number, part] of wireFields(bytesOf(value))) {
    if (number === 1) seconds = numberOf(part);
    if (number === 2) nanos = numberOf(part);
  }
  if (seconds === undefined) return undefined;
  if (seconds > secondsMax || seconds < secondsMin || nanos < 0 || nanos >= 1e9)
    throw new Malformed("a time is out of range");
  const iso = new Date(seconds * 1000).toISOString();
  if (iso.length !== 24) throw new Malformed("a time is out of range");
  const whole = iso.slice(0, 19);
  return format === "date-time-micro"
    ? `${whole}.${String(Math.floor(nanos / 1000)).padStart(6, "0")}Z`
    : `${whole}Z`;
}

/** Messages that wrap one JSON text (FieldsV1, RawExtension) or one string (Quantity). */
const wrapped = (value: WireValue): Uint8Array => {
  let found: Uint8Array = new Uint8Array();
  for (const [number, part] of wireFields(bytesOf(value))) if (number === 1) found = bytesOf(part);
  return found;
};

export const quantityOf = (value: WireValue): string => stringOf(wrapped(value)) || "0";

export function anyOf(value: WireValue): unknown {
  const json = stringOf(wrapped(value));
  if (json === "") return undefined;
  let read: unknown;
  try {
    read = JSON.parse(json);
  } catch {
    throw new Malformed("a nested object is not JSON");
  }
  if (isTooDeep(json)) throw new Malformed("a nested object exceeded max depth");
  return read;
}

export function intOrStringOf(value: WireValue): number | string {
  const parts = new Map(wireFields(bytesOf(value)));
  return parts.get(1) === 1 ? stringOf(parts.get(3) ?? new Uint8Array()) : numberOf(parts.get(2) ?? 0);
}

/** A list that stands where only one value may: the values of a map. */
export function stringsOf(value: WireValue): string[] {
  return [...wireFields(bytesOf(value))].filter(([number]) => number === 1).map(([, one]) => stringOf(one));
}
