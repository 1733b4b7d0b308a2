// Owns how lengths of time are printed in tables, as upstream's HumanDuration.
import type { Instant, Millis } from "../lib/units.ts";
import { parseTime } from "./time.ts";

const two = (large: number, largeUnit: string, small: number, smallUnit: string): string =>
  small === 0 ? `${large}${largeUnit}` : `${large}${largeUnit}${small}${smallUnit}`;

/** `5s`, `3m20s`, `47h`, `2d3h`: two units while the larger is small, one beyond. */
export function humanDuration(length: Millis): string {
  const seconds = Math.trunc(length / 1000);
  if (seconds < -1) return "<invalid>";
  if (seconds < 0) return "0s";
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.trunc(seconds / 60);
  if (minutes < 10) return two(minutes, "m", seconds % 60, "s");
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.trunc(minutes / 60);
  if (hours < 8) return two(hours, "h", minutes % 60, "m");
  if (hours < 48) return `${hours}h`;
  const days = Math.trunc(hours / 24);
  if (hours < 192) return two(days, "d", hours % 24, "h");
  if (days < 730) return `${days}d`;
  const years = Math.trunc(days / 365);
  return years < 8 ? two(years, "y", days % 365, "d") : `${years}y`;
}

/** The time since a timestamp of an object, for AGE columns. */
export function ageOf(timestamp: string | undefined, now: Instant): string {
  const at = timestamp === undefined ? undefined : parseTime(timestamp);
  return at === undefined ? "<unknown>" : humanDuration(now - at);
}
