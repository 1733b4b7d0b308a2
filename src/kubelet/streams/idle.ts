// Owns ending a connection over which nothing has gone for too long.
import type { Millis } from "../../lib/units.ts";
import type { Clock } from "../../world/clock.ts";

interface Counted {
  readonly traffic: number;
}

/** Calls `idle` once nothing was read or written for the time given, unless ended before. Gives what ends it. */
export function watchIdle(clock: Clock, wire: Counted, timeout: Millis, idle: () => void): () => void {
  // Looked at a few times in the time given: it may last that much longer.
  const step = timeout / 4;
  let seen = wire.traffic;
  let quiet = 0;
  let cancel: () => void = () => undefined;
  const look = (): void => {
    quiet = wire.traffic === seen ? quiet + step : 0;
    seen = wire.traffic;
    if (quiet >= timeout) idle();
    else cancel = clock.after(step, look);
  };
  cancel = clock.after(step, look);
  return () => cancel();
}
