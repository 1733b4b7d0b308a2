// Owns how many pods start at a time: a few, so that some run soon, and not all late. A node that dies again and again gets on.
import type { Instant, Millis } from "../../lib/units.ts";
import type { Pod } from "../../model/generated/types.ts";
import type { Clock } from "../../world/clock.ts";
import { isStatic } from "../sources/source.ts";

const startingMax = 10;
/** One that takes this long waits for something else than the node's own strength: a pull, a slow disk. Others go on. */
const patience: Millis = 1000;

/** A pod's place among those that start. */
export interface Turn {
  /** Resolves when the pod may start. */
  readonly come: Promise<void>;
  /** The pod has started, or need not any more: one that still waits is let through. */
  leave(): void;
}

interface Waiting {
  readonly pod: Pod;
  readonly begin: () => void;
}

export class Starts {
  private readonly clock: Clock;
  /** By when they began, the first first. */
  private readonly starting = new Map<Waiting, Instant>();
  private readonly waiting = new Set<Waiting>();
  private cancelLook: (() => void) | undefined;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  take(pod: Pod): Turn {
    let begin: () => void = () => undefined;
    const come = new Promise<void>((resolve) => (begin = resolve));
    const one: Waiting = { pod, begin };
    this.waiting.add(one);
    this.next();
    return {
      come,
      leave: () => {
        if (this.waiting.delete(one)) one.begin();
        else if (this.starting.delete(one)) this.next();
      },
    };
  }

  stop(): void {
    this.waiting.clear();
    this.cancelLook?.();
  }

  private next(): void {
    while (this.starting.size < startingMax) {
      const first = this.first();
      if (first === undefined) return;
      this.waiting.delete(first);
      this.starting.set(first, this.clock.now());
      first.begin();
    }
    if (this.waiting.size > 0) this.lookLater();
  }

  private first(): Waiting | undefined {
    let first: Waiting | undefined;
    for (const one of this.waiting) if (first === undefined || comesBefore(one.pod, first.pod)) first = one;
    return first;
  }

  /** Lets go of those that take long. */
  private lookLater(): void {
    const [oldest] = this.starting.values();
    if (this.cancelLook !== undefined || oldest === undefined) return;
    this.cancelLook = this.clock.after(Math.max(0, oldest + patience - this.clock.now()), () => {
      this.cancelLook = undefined;
      const now = this.clock.now();
      for (const [one, since] of this.starting) if (now - since >= patience) this.starting.delete(one);
      this.next();
    });
  }
}

/** What the node needs itself goes first, then what is more important; among equals who came first. */
function comesBefore(one: Pod, other: Pod): boolean {
  if (isStatic(one) !== isStatic(other)) return isStatic(one);
  return (one.spec?.priority ?? 0) > (other.spec?.priority ?? 0);
}
