// Owns when each node last gave a sign of life, by our own clock: nodes' clocks may be wrong.
import type { Instant } from "../../lib/units.ts";

export type Sign = "lease" | "status";

interface Beat {
  readonly at: Instant;
  readonly marks: Readonly<Partial<Record<Sign, string>>>;
}

export class Heartbeats {
  private readonly beats = new Map<string, Beat>();

  /** Notes what the node wrote (a time, of its own clock); anything new is a sign of life, and so is the first we hear. */
  note(node: string, sign: Sign, mark: string, now: Instant): void {
    const before = this.beats.get(node);
    if (before?.marks[sign] === mark) return;
    this.beats.set(node, { at: now, marks: { ...before?.marks, [sign]: mark } });
  }

  /** When the node was last heard of; a node never heard of starts its grace now. */
  last(node: string, now: Instant): Instant {
    const beat = this.beats.get(node);
    if (beat !== undefined) return beat.at;
    this.beats.set(node, { at: now, marks: {} });
    return now;
  }

  forget(node: string): void {
    this.beats.delete(node);
  }
}
