// Owns the deletions by which a rollout goes on: they are on their way while the next ones are planned.
import { keyOf } from "../../client/resource-path.ts";
import { Recent } from "../../lib/recent.ts";
import type { Millis } from "../../lib/units.ts";
import type { Pod } from "../../model/generated/types.ts";
import { formatTime } from "../../model/time.ts";
import type { Clock } from "../../world/clock.ts";
import type { OwnWrites } from "./own-writes.ts";
import type { Performer } from "./perform-action.ts";
import type { Action } from "./plan-action.ts";
import { serves } from "./plan-node-pods.ts";
import { SlowStart, type Done } from "./slow-start.ts";

export type Replacement = Extract<Action, { do: "delete-pod" }>;

/** One that is merely replaced. What else is deleted, or made, is waited for: who plans next is to see what came of it. */
export const isReplacement = (action: Action): action is Replacement =>
  action.do === "delete-pod" && action.because === "outdated";

interface Deletion {
  readonly action: Replacement;
  readonly performer: Performer;
  readonly minReady: Millis;
  /** Whether the plan took a pod that served, and with it one of the budget. */
  readonly wasCounted: boolean;
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
  /** By UID, pods whose deletion was answered: one that is to be deleted again stands all the same. */
  private readonly answered = new Recent<true>();

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

  /** `minReady`: of the set that was planned for. */
  begin(actions: readonly Replacement[], performer: Performer, minReady: Millis): Promise<Done> {
    const { pods, clock } = this.ports;
    const now = clock.now();
    for (const { pod } of actions) pods.presumeLeaving(pod, formatTime(now));
    return this.deletions.add(
      actions.map((action) => {
        const wasCounted = serves(action.pod, minReady, now);
        return { action, performer, minReady, wasCounted };
      }),
    );
  }

  /** What has not begun never does: it was planned for a set that is another by now. */
  drop(): void {
    this.deletions.drop();
  }

  /** A pod that served nobody goes without asking the budget. One that serves by now is to be planned for again. */
  private servesAgain({ action, minReady, wasCounted }: Deletion): boolean {
    if (wasCounted) return false;
    const standing = this.ports.pods.get(keyOf(action.pod));
    return (
      standing?.metadata.uid === action.pod.metadata.uid && serves(standing, minReady, this.ports.clock.now())
    );
  }

  /** What is answered and comes to nothing is tried again at leisure, or it would be at once and for ever. */
  private heeded({ pod: { metadata } }: Replacement, done: Done): Done {
    if (done !== "done") return done;
    if (this.answered.get(metadata.uid) === true) return "again";
    this.answered.set(metadata.uid, true);
    return done;
  }

  private async perform(deletion: Deletion): Promise<Done> {
    const { pods, signal } = this.ports;
    const { action, performer } = deletion;
    let done: Done = "stop";
    try {
      if (this.servesAgain(deletion)) done = "again";
      else if (!signal.aborted) done = this.heeded(action, await performer.perform(action));
    } finally {
      if (done !== "done") pods.withdraw(action.pod);
    }
    return done;
  }
}
