// Owns how many requests are worked on at once, so that one noisy client starves neither nodes' heartbeats nor other clients.
import type { Millis } from "../../lib/units.ts";
import type { Caller } from "../../model/wire.ts";
import type { Clock } from "../../world/clock.ts";
import { FairQueue } from "./fair-queue.ts";
import { type Asked, flowOf, type Level, shares } from "./plan-flow.ts";

export interface FairnessOptions {
  readonly clock: Clock;
  /** Requests in work at once, of all levels together. */
  readonly seats: number;
}

export type Admission =
  | { readonly is: "seated"; readonly release: () => void }
  | { readonly is: "rejected"; readonly because: "queue full" | "waited too long" }
  /** The client went away while it waited. */
  | { readonly is: "gone" };

export interface Fairness {
  /** At once where there is a seat. Long-running requests need none. */
  admit(caller: Caller, asked: Asked, signalOf: () => AbortSignal): Admission | Promise<Admission>;
  /** For each level: how many sit, how many wait, how many were turned away. */
  levels(): Iterable<LevelFigures>;
}

export interface LevelFigures {
  readonly level: Level;
  readonly seated: number;
  readonly queued: number;
  readonly rejected: number;
}

// A quarter of what a request may take in all, as upstream has it.
const waitMax: Millis = 15_000;
const waitingOfFlow = 128;
const waitingOfLevel = 2048;

const exempt: Admission = { is: "seated", release: () => undefined };

interface Room {
  readonly queue: FairQueue;
  readonly seated: Admission;
  rejected: number;
}

export function createFairness({ clock, seats }: FairnessOptions): Fairness {
  const sum = Object.values(shares).reduce((one, other) => one + other);
  const rooms = new Map<Level, Room>(
    // The object's keys are the levels.
    (Object.entries(shares) as [Level, number][]).map(([level, share]) => {
      const queue = new FairQueue({
        seats: Math.max(1, Math.ceil((seats * share) / sum)),
        waitingMax: waitingOfFlow,
        waitingAllMax: waitingOfLevel,
      });
      return [level, { queue, seated: { is: "seated", release: () => queue.release() }, rejected: 0 }];
    }),
  );
  return {
    admit(caller, asked, signalOf) {
      const { level, name } = flowOf(caller, asked);
      const room = rooms.get(level);
      if (room === undefined) return exempt;
      return enter(room, name, { clock, signalOf });
    },
    *levels() {
      for (const [level, { queue, rejected }] of rooms)
        yield { level, seated: queue.seated, queued: queue.queued, rejected };
    },
  };
}

interface Patience {
  readonly clock: Clock;
  readonly signalOf: () => AbortSignal;
}

function enter(room: Room, flow: string, patience: Patience): Admission | Promise<Admission> {
  let settle: (admission: Admission) => void = () => undefined;
  const entered = room.queue.enter(flow, () => settle(room.seated));
  if (entered === "seated") return room.seated;
  if (entered === "full") {
    room.rejected += 1;
    return { is: "rejected", because: "queue full" };
  }
  return new Promise((resolve) => {
    const signal = patience.signalOf();
    const cancel = patience.clock.after(waitMax, () => {
      room.rejected += 1;
      entered.leave();
      settle({ is: "rejected", because: "waited too long" });
    });
    const left = (): void => {
      entered.leave();
      settle({ is: "gone" });
    };
    settle = (admission) => {
      cancel();
      signal.removeEventListener("abort", left);
      resolve(admission);
    };
    if (signal.aborted) left();
    else signal.addEventListener("abort", left, { once: true });
  });
}
