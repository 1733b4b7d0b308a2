// Owns writing single values as protobuf has them: text, numbers, times, quantities, and nested JSON.
import type { BackwardWriter } from "./backward-writer.ts";

export interface Field {
  readonly t: string;
  readonly f?: string;
}
export interface WriteValue {
  /** How the value's end is found: 0 a varint, 1 eight bytes, 2 by a length before it. */
  readonly wire: 0 | 1 | 2;
  /** Writes the value without tag and length; of undefined, Go's zero value. */
  readonly write: (out: BackwardWriter, value: unknown) => void;
}

const delimited = 2;

/** A value after its tag and, where it needs one, its length. */
export function writeTagged(
  out: BackwardWriter,
  number: number,
  { wire, write }: WriteValue,
  value: unknown,
): void {
  const before = out.written;
  write(out, value);
  if (wire === delimited) out.varint(out.written - before);
  out.varint(number * 8 + wire);
}

const textOf = (value: unknown): string =>
  typeof value === "string" ? value : value === undefined || value === null ? "" : JSON.stringify(value);

export const text: WriteValue = { wire: 2, write: (out, value) => out.text(textOf(value)) };
const integer: WriteValue = {
  wire: 0,
  write: (out, value) => out.varint(typeof value === "number" ? Math.trunc(value) : 0),
};
const double: WriteValue = {
  wire: 1,
  write: (out, value) => out.double(typeof value === "number" ? value : 0),
};
export const boolean: WriteValue = { wire: 0, write: (out, value) => out.varint(value === true ? 1 : 0) };
const bytes: WriteValue = {
  wire: 2,
  write: (out, value) => out.raw(Buffer.from(textOf(value), "base64")),
};

/** Text as the first field of a message of its own. */
function firstText(out: BackwardWriter, value: string, number = 1): void {
  const before = out.written;
  out.text(value);
  out.varint(out.written - before);
  out.varint(number * 8 + 2);
}

const number = (out: BackwardWriter, field: number, value: number): void => {
  out.varint(value);
  out.varint(field * 8);
};

/** The number that so many digits make, or NaN: faster than an expression, and times are many. */
function digits(text: string, from: number, count: number): number {
  let number = 0;
  for (let at = from; at < from + count; at += 1) {
    const digit = text.charCodeAt(at) - 0x30;
    if (!(digit >= 0 && digit <= 9)) return Number.NaN;
    number = number * 10 + digit;
  }
  return number;
}

/** Milliseconds since 1970 of a time in whole seconds, `2026-01-02T03:04:05`, with whatever behind. */
const wholeSeconds = (text: string): number =>
  Date.UTC(
    digits(text, 0, 4),
    digits(text, 5, 2) - 1,
    digits(text, 8, 2),
    digits(text, 11, 2),
    digits(text, 14, 2),
    digits(text, 17, 2),
  );

const zeroTime = "0001-01-01T00:00:00Z";
const plainLength = zeroTime.length;

interface Time {
  readonly seconds: number;
  readonly micros: number;
}

/** Seconds since 1970, and microseconds; undefined for what is no time, or Go's zero time. */
function readTime(value: unknown): Time | undefined {
  if (typeof value !== "string" || value === zeroTime) return undefined;
  // The first hundred years mean those of the last century to Date.UTC.
  const isPlain = value.length === plainLength && value.endsWith("Z") && !value.startsWith("00");
  const millis = isPlain ? wholeSeconds(value) : Date.parse(value);
  if (Number.isNaN(millis)) return undefined;
  const seconds = Math.floor(millis / 1000);
  if (isPlain) return { seconds, micros: 0 };
  const fraction = /\.(\d+)/.exec(value)?.[1] ?? "";
  return { seconds, micros: Number(fraction.slice(0, 6).padEnd(6, "0")) };
}

/** Only times that say so in their kind have more than seconds. */
const time = (hasMicros: boolean): WriteValue => ({
  wire: 2,
  write: (out, value) => {
    const read = readTime(value);
    if (read === undefined) return;
    number(out, 2, hasMicros ? read.micros * 1000 : 0);
    number(out, 1, read.seconds);
  },
});

const quantity: WriteValue = { wire: 2, write: (out, value) => firstText(out, textOf(value) || "0") };

const intOrString: WriteValue = {
  wire: 2,
  write: (out, value) => {
    const isText = typeof value === "string";
    firstText(out, isText ? value : "", 3);
    number(out, 2, typeof value === "number" ? value : 0);
    number(out, 1, isText ? 1 : 0);
  },
};

// Trees of owned fields are kept through an object's changes: each is made text once.
const texts = new WeakMap<object, Uint8Array>();

function jsonOf(value: object): Uint8Array {
  const known = texts.get(value);
  if (known !== undefined) return known;
  const encoded = Buffer.from(JSON.stringify(value));
  if (Object.isFrozen(value)) texts.set(value, encoded);
  return encoded;
}

/** JSON within protobuf: what is of no kind known here, or of any. */
const any: WriteValue = {
  wire: 2,
  write: (out, value) => {
    // To Go, JSON's null is JSON that is not there.
    if (value === undefined || value === null) return;
    const before = out.written;
    if (typeof value === "object") out.raw(jsonOf(value));
    else out.text(JSON.stringify(value));
    out.varint(out.written - before);
    out.varint(10);
  },
};

/** A list that stands where only one value may: the values of a map. */
const boxedTexts: WriteValue = {
  wire: 2,
  write: (out, value) => {
    const items: readonly unknown[] = Array.isArray(value) ? value : [];
    for (let at = items.length - 1; at >= 0; at -= 1) firstText(out, textOf(items[at]));
  },
};

const writers: Readonly<Record<string, WriteValue>> = {
  string: text,
  number: integer,
  boolean,
  quantity,
  any,
  "int-or-string": intOrString,
  "[]string": boxedTexts,
};

/** Undefined for a type of which there is no message. */
export function writerOf({ t: type, f: format }: Field): WriteValue | undefined {
  if (format === "byte") return bytes;
  if (type === "number" && format === "double") return double;
  if (type === "time") return time(format === "date-time-micro");
  return writers[type];
}
