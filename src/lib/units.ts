// Owns the units of measure: numbers that say what they count, so that one is never taken for another.
declare const unit: unique symbol;

/** A length of time in milliseconds. */
export type Millis = number & { readonly [unit]?: "milliseconds" };
/** A point in time, in milliseconds since 1970-01-01T00:00:00Z. */
export type Instant = number & { readonly [unit]?: "instant" };
/** A size in bytes. */
export type Bytes = number & { readonly [unit]?: "bytes" };

export const seconds = (count: number): Millis => count * 1000;
export const minutes = (count: number): Millis => count * 60_000;
