// Owns the machine's clock.
import type { Instant, Millis } from "../lib/units.ts";
import type { Clock } from "./clock.ts";

// setTimeout fires at once for longer delays than this.
const delayMax: Millis = 2 ** 31 - 1;

export const realClock: Clock = {
  now: (): Instant => Date.now(),
  after(delay, act) {
    const due = Date.now() + delay;
    let timer: NodeJS.Timeout;
    const arm = () => {
      const left = due - Date.now();
      timer = setTimeout(left > delayMax ? arm : act, Math.max(0, Math.min(left, delayMax)));
    };
    arm();
    return () => clearTimeout(timer);
  },
};
