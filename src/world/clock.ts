// Owns the port to time. Nothing outside this room reads a clock or sets a timer.
import type { Instant, Millis } from "../lib/units.ts";

export interface Clock {
  now(): Instant;
  /** Calls `act` once after the delay unless the returned function is called first. */
  after(delay: Millis, act: () => void): () => void;
}

/** Resolves after the delay; rejects with the signal's reason when it is aborted first. */
export function pause(clock: Clock, delay: Millis, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) return reject(signal.reason);
    const cancel = clock.after(delay, () => {
      signal?.removeEventListener("abort", stop);
      resolve();
    });
    const stop = () => {
      cancel();
      reject(signal?.reason);
    };
    signal?.addEventListener("abort", stop, { once: true });
  });
}
