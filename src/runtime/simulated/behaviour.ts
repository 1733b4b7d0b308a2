// Owns how imagined containers and images behave: what their maker is asked.
import type { Millis } from "../../lib/units.ts";
import type { ExecResult } from "../runtime.ts";

/** What a container does. By default it starts at once, runs for ever, says nothing, and ends at once on TERM. */
export interface SimulatedBehaviour {
  /** The start is refused with these words. */
  readonly refuses?: string;
  /** How long the start takes; Infinity hangs. */
  readonly startTakes?: Millis;
  /** Ends by itself after this time, with `exitCode`. */
  readonly runsFor?: Millis;
  readonly exitCode?: number;
  /** How long it takes to end on TERM, unless the grace period is over first; Infinity ignores TERM. */
  readonly stopTakes?: Millis;
  /** How long it takes to end on KILL, as a process does that hangs in the kernel; at once by default. */
  readonly killTakes?: Millis;
  /** What exec answers; success with no output by default. `takes` over the timeout gives a timeout. */
  readonly exec?: (command: readonly string[]) => ExecResult & { readonly takes?: Millis };
}

/** What an image does when it is pulled. By default it is there at once. */
export interface SimulatedImage {
  readonly pullTakes?: Millis;
  /** The pull is refused with these words. */
  readonly refuses?: string;
}
