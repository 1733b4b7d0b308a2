// Owns the tokens that pods' volumes hold: asked for once, kept, and asked for anew in good time.
import type { Instant, Millis } from "../../lib/units.ts";
import type { Pod, ServiceAccountTokenProjection } from "../../model/generated/types.ts";
import type { Clock } from "../../world/clock.ts";
import type { References } from "./references.ts";

interface Held {
  readonly token: string;
  readonly from: Instant;
  readonly until: Instant;
}

// As upstream: at four fifths of its life, and no token is older than a day.
const lifePart = 0.8;
const ageMax: Millis = 86_400_000;
const lifeUsual = 3600;

/** When a token is to be replaced, long before it is void. */
export const renewAt = ({ from, until }: Pick<Held, "from" | "until">): Instant =>
  from + Math.min(ageMax, (until - from) * lifePart);

export class Tokens {
  private readonly references: References;
  private readonly clock: Clock;
  private readonly held = new Map<string, Held>();

  constructor(references: References, clock: Clock) {
    this.references = references;
    this.clock = clock;
  }

  async of(pod: Pod, source: ServiceAccountTokenProjection): Promise<string> {
    const { audience = "", expirationSeconds = lifeUsual } = source;
    const key = `${pod.metadata.uid}/${audience}/${expirationSeconds}`;
    const held = this.held.get(key);
    const now = this.clock.now();
    if (held !== undefined && now < renewAt(held)) return held.token;
    try {
      const { token, until } = await this.references.token(pod, { audience, expirationSeconds });
      this.held.set(key, { token, from: now, until });
      return token;
    } catch (thrown) {
      // One that is still good serves while the API can't be asked.
      if (held !== undefined && now < held.until) return held.token;
      throw thrown;
    }
  }

  forget(uid: string): void {
    for (const key of this.held.keys()) if (key.startsWith(`${uid}/`)) this.held.delete(key);
  }
}
