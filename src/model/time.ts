// Owns timestamps on the wire: RFC 3339 to the second (metav1.Time) and to the microsecond (metav1.MicroTime).
import type { Instant } from "../lib/units.ts";

const rfc3339 = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:[.,](\d+))?(Z|[+-]\d{2}:\d{2})$/;

// What is written together says the same second, many times over.
let last = { second: Number.NaN, text: "" };

/** `2026-01-02T03:04:05Z` */
export function formatTime(at: Instant): string {
  const second = Math.floor(at / 1000);
  if (second !== last.second) last = { second, text: `${new Date(at).toISOString().slice(0, 19)}Z` };
  return last.text;
}

/** `2026-01-02T03:04:05.678000Z` */
export const formatMicroTime = (at: Instant): string => {
  const micros = Math.floor((at - Math.floor(at / 1000) * 1000) * 1000);
  return `${new Date(Math.floor(at)).toISOString().slice(0, 19)}.${String(micros).padStart(6, "0")}Z`;
};

/** The time with its microseconds as they are written, which an Instant could not hold; undefined where it is none. */
export function canonicalMicroTime(text: string): string | undefined {
  if (parseTime(text) === undefined) return undefined;
  const [written = "", digits = ""] = /[.,](\d+)/.exec(text) ?? [];
  const at = parseTime(text.replace(written, ""));
  return at === undefined
    ? undefined
    : `${formatTime(at).slice(0, -1)}.${digits.slice(0, 6).padEnd(6, "0")}Z`;
}

/** Undefined where the text is no RFC 3339 time. Fractions of milliseconds are kept as fractions. */
export function parseTime(text: string): Instant | undefined {
  const match = rfc3339.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second, fraction, zone] = match;
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined;
  const at = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}${zone}`);
  // Date rolls 31 February over into March; such a day is refused instead.
  if (
    Number.isNaN(at) ||
    new Date(Date.UTC(Number(year), Number(month) - 1, Number(day))).getUTCDate() !== Number(day)
  )
    return undefined;
  return fraction === undefined ? at : at + Number(`0.${fraction}`) * 1000;
}
