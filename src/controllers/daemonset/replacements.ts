// Owns the deletions by which a rollout goes on: they are on their way while the next ones are planned.
import type { Pod } from "../../model/generated/types.ts";
import { formatTime } from "../../model/time.ts";
import type { Clock } from "../../world/clock.ts";
import type { OwnWrites } from "./own-writes.ts";
import type { Performer } from "./perform-action.ts";
import type { Action } from "./plan-action.ts";
import { SlowStart, type Done } from "./slow-start.ts";

export type Replacement = Extract<Action, { do: "delete-pod" }>;

/** One that is merely replaced. What else is deleted, or made, is waited for: who plans next is to see what came of it. */
export const isReplacement = (action: Action): action is Replacement =>
  action.do === "delete-pod" && action.because === "outdated";

interface Deletion {
  readonly action: Replacement;
  readonly performer: Performer;
}

export interface ReplacementPorts {
  readonly pods: OwnWrites<Pod>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Requests on their way at a time. */
  readonly most: number;
}

/**
 * A pod whose deletion was begun counts as leaving at once, so that plans made before the answer come to the same as plans made
 * after it: what takes up the budget does so from the moment it was decided. One that comes to nothing gives it back.
 */
export class Replacements {
  private readonly ports: ReplacementPorts;
  private readonly deletions: SlowStart<Deletion>;

  constructor(ports: ReplacementPorts) {
    this.ports = ports;
    this.deletions = new SlowStart(
      ports.most,
      (deletion) => this.perform(deletion),
      ({ action }) => ports.pods.withdraw(action.pod),
    );
  }

  get busy(): boolean {
    return this.deletions.busy;
  }

  begin(actions: readonly Replacement[], performer: Performer): Promise<Done> {
    const { pods, clock } = this.ports;
    const now = formatTime(clock.now());
    for (const { pod } of actions) pods.presumeLeaving(pod, now);
    return this.deletions.add(actions.map((action) => ({ action, performer })));
  }

  /** What has not begun never does: it was planned for a set that is another by now. */
  drop(): void {
    this.deletions.drop();
  }

  private async perform({ action, performer }: Deletion): Promise<Done> {
    const { pods, signal } = this.ports;
    let done: Done = "stop";
    try {
      if (!signal.aborted) done = await performer.perform(action);
    } finally {
      if (done !== "done") pods.withdraw(action.pod);
    }
    return done;
  }
}
