// Owns what a simulated process is: its clock, its chance and its log, all of which end the instant it is killed.
import type { Instant, Millis } from "../../src/lib/units.ts";
import type { Clock } from "../../src/world/clock.ts";
import { lineLog, type Log } from "../../src/world/log.ts";
import { seededRandom, type Random } from "../../src/world/random.ts";
import type { VirtualClock } from "../../src/world/virtual-clock.ts";

/** A promise that a dead process waits for. */
export const never = new Promise<never>(() => undefined);

export interface ProcessParts {
  readonly name: string;
  readonly clock: VirtualClock;
  readonly seed: number;
  readonly trace: (line: string) => void;
  /** Its host's clock against the world's. */
  readonly skew?: Millis;
}

/** Mixes a name into a seed, so that each process has its own chance. */
export function seedOf(seed: number, name: string): number {
  let mixed = (seed ^ 0x811c9dc5) >>> 0;
  for (const letter of name) mixed = Math.imul(mixed ^ (letter.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  return mixed;
}

/** Killing is `kill -9`: nothing it had set goes off, nothing it asked for is answered. */
export class SimulatedProcess {
  readonly name: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Of its clock against the world's; a jump changes it. */
  skew: Millis;
  private dead = false;
  private readonly endings = new AbortController();

  constructor({ name, clock, seed, trace, skew = 0 }: ProcessParts) {
    this.name = name;
    this.skew = skew;
    this.random = seededRandom(seedOf(seed, name));
    this.clock = {
      now: (): Instant => clock.now() + this.skew,
      after: (delay, act) =>
        clock.after(delay, () => {
          if (!this.dead) act();
        }),
    };
    this.log = lineLog(clock, (line) => this.dead || trace(`${name} ${line.trimEnd()}`), "info");
  }

  get alive(): boolean {
    return !this.dead;
  }

  /** Aborts when it is killed. For what lies outside the process only: inside, nobody hears of it. */
  get killed(): AbortSignal {
    return this.endings.signal;
  }

  kill(): void {
    this.dead = true;
    this.endings.abort();
  }

  /** What comes from outside reaches only the living. */
  gate<T>(outcome: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      outcome.then(
        (value) => this.dead || resolve(value),
        (thrown: unknown) => this.dead || reject(thrown),
      );
    });
  }

  /** A port as this process sees it: calls by the dead do nothing and are never answered. */
  guard<T extends object>(target: T, streams: Partial<T> = {}): T {
    return new Proxy(target, {
      get: (_target, name) => {
        const own: unknown = Reflect.get(streams, name);
        if (own !== undefined) return own;
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== "function") return value;
        return (...given: unknown[]): unknown => {
          if (this.dead) return never;
          const answer: unknown = value.apply(target, given);
          return answer instanceof Promise ? this.gate(answer) : answer;
        };
      },
    });
  }

  /** A stream as this process sees it: it stops, without ending, when the process is killed. */
  async *stream<T>(
    open: (signal: AbortSignal) => AsyncIterable<T>,
    signal: AbortSignal,
  ): AsyncGenerator<T, void> {
    if (this.dead) await never;
    for await (const item of open(AbortSignal.any([signal, this.killed]))) {
      if (this.dead) await never;
      yield item;
    }
    if (this.dead) await never;
  }
}
