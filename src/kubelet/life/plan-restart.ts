// Owns how long a failing container waits: 10 s doubling to 5 min, forgotten after 10 min of health (upstream's CrashLoopBackOff).
import type { Instant, Millis } from "../../lib/units.ts";

export interface Backoff {
  readonly delay: Millis;
  /** When the restart it belongs to was made. */
  readonly at: Instant;
}

const delayMin: Millis = 10_000;
const delayMax: Millis = 300_000;
const healthAfter: Millis = 2 * delayMax;

const isOver = (backoff: Backoff | undefined, finishedAt: Instant): backoff is undefined =>
  backoff === undefined || finishedAt - backoff.at > healthAfter;

/** The first restart is at once; later ones wait. */
export function planRestart(
  backoff: Backoff | undefined,
  finishedAt: Instant,
  now: Instant,
): "now" | { readonly until: Instant; readonly delay: Millis } {
  if (isOver(backoff, finishedAt)) return "now";
  const until = finishedAt + backoff.delay;
  return until <= now ? "now" : { until, delay: backoff.delay };
}

/** The back-off once a restart is made now. */
export function holdOff(backoff: Backoff | undefined, finishedAt: Instant, now: Instant): Backoff {
  return isOver(backoff, finishedAt)
    ? { delay: delayMin, at: now }
    : { delay: Math.min(delayMax, backoff.delay * 2), at: now };
}

/** Wait before pulling or creating is tried again. Creation fails for want of a ConfigMap, say, which may appear any moment. */
export function retryDelay(what: "pull" | "create", failures: number): Millis {
  const [first, last] = what === "pull" ? [delayMin, delayMax] : [1000, delayMin];
  return Math.min(last, first * 2 ** Math.min(failures, 16));
}

/** The back-off a container that is found after its nth restart must have had: it isn't stored anywhere. */
export const restartBackoff = (restarts: number, startedAt: Instant): Backoff | undefined =>
  restarts === 0
    ? undefined
    : { delay: Math.min(delayMax, delayMin * 2 ** Math.min(restarts - 1, 16)), at: startedAt };
