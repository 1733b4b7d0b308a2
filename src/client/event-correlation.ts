// Owns which of the events told are written: repeats become one with a count, similar ones are combined, a flood is cut.
import type { Instant, Millis } from "../lib/units.ts";
import { minutes } from "../lib/units.ts";
import { Recent } from "../lib/recent.ts";

export interface Occurrence {
  /** The object's UID, or what else tells it apart. */
  readonly about: string;
  readonly type: string;
  readonly reason: string;
  readonly message: string;
}

export type Verdict =
  | { readonly is: "dropped" }
  /** Occurrences with one key are one event object. */
  | { readonly is: "kept"; readonly key: string; readonly message: string };

// Upstream's numbers (client-go's EventCorrelator).
const burst = 25;
const refill: Millis = minutes(5);
const similarMax = 10;
const similarWithin: Millis = minutes(10);

interface Bucket {
  readonly tokens: number;
  readonly at: Instant;
}
interface Similar {
  readonly messages: Set<string>;
  readonly since: Instant;
}

/** Keeps its memory within bounds by forgetting what was used least lately. */
export class EventCorrelation {
  private readonly buckets = new Recent<Bucket>();
  private readonly similar = new Recent<Similar>();

  judge({ about, type, reason, message }: Occurrence, now: Instant): Verdict {
    if (!this.admit(about, now)) return { is: "dropped" };
    const group = JSON.stringify([about, type, reason]);
    const known = this.similar.get(group);
    const current: Similar =
      known !== undefined && now - known.since < similarWithin ? known : { messages: new Set(), since: now };
    if (current.messages.size <= similarMax) current.messages.add(message);
    this.similar.set(group, current);
    if (current.messages.size > similarMax)
      return { is: "kept", key: group, message: `(combined from similar events): ${message}` };
    return { is: "kept", key: JSON.stringify([group, message]), message };
  }

  private admit(about: string, now: Instant): boolean {
    const bucket = this.buckets.get(about) ?? { tokens: burst, at: now };
    const tokens = Math.min(burst, bucket.tokens + (now - bucket.at) / refill);
    this.buckets.set(about, { tokens: tokens >= 1 ? tokens - 1 : tokens, at: now });
    return tokens >= 1;
  }
}
