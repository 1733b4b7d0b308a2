// Owns values that are a count or a share of a whole: maxUnavailable and its like.

const percentPattern = /^([0-9]+)%$/;

/** The percentage a text stands for, or undefined where it is none. */
export function percentOf(value: number | string): number | undefined {
  const digits = typeof value === "string" ? percentPattern.exec(value)?.[1] : undefined;
  return digits === undefined ? undefined : Number(digits);
}

/** The count meant, of `total`. Percentages round up. Text that is no percentage counts as 0; validation refuses it earlier. */
export function resolveIntOrPercent(value: number | string | undefined, total: number): number {
  if (value === undefined) return 0;
  if (typeof value === "number") return value;
  return Math.ceil(((percentOf(value) ?? 0) * total) / 100);
}
