// Owns the sums over all nodes of a standing plan: its status' counts, what takes up the rollout's budget, and whose turn is next.
import type { DaemonPod } from "./plan-action.ts";
import type { Candidate, Standing } from "./plan-rollout.ts";
import { noCounts, type Counts } from "./plan-status.ts";

const fields = ["desired", "current", "misscheduled", "ready", "served", "updated"] as const;

export class StandingCounts {
  readonly counts: Counts = noCounts();
  private readonly busy = new Set<string>();
  private readonly waiting = new Map<string, DaemonPod>();
  private readonly idle = new Map<string, DaemonPod>();
  private readonly astray = new Set<string>();
  /** Names that wait, the last first; names that wait no more may be among them. Absent where one may be missing. */
  private order: string[] | undefined;

  clear(): void {
    Object.assign(this.counts, noCounts());
    for (const one of [this.busy, this.waiting, this.idle, this.astray]) one.clear();
    this.order = undefined;
  }

  count(before: Readonly<Counts>, after: Readonly<Counts>): void {
    for (const field of fields) this.counts[field] += after[field] - before[field];
  }

  stand(node: string, standing: Standing, strays: boolean): void {
    if (strays) this.astray.add(node);
    else this.astray.delete(node);
    if (standing.is === "busy" || (standing.is === "free" && standing.busy)) this.busy.add(node);
    else this.busy.delete(node);
    if (standing.is === "free") this.idle.set(node, standing.pod);
    else this.idle.delete(node);
    if (standing.is !== "waiting") {
      this.waiting.delete(node);
      return;
    }
    if (!this.waiting.has(node)) this.order = undefined;
    this.waiting.set(node, standing.pod);
  }

  /** How many nodes take up the budget. */
  get taken(): number {
    return this.busy.size;
  }

  get strays(): number {
    return this.astray.size;
  }

  /** Outdated pods that serve nobody. */
  *free(): Iterable<Candidate> {
    for (const [node, pod] of this.idle) yield { node, pod };
  }

  /** Those whose turn it is, by node name. They wait on until something is seen to happen to them. */
  *first(count: number): Iterable<Candidate> {
    if (count <= 0 || this.waiting.size === 0) return;
    // Through a rollout names only leave, so it is sorted once.
    this.order ??= [...this.waiting.keys()].sort().reverse();
    for (
      let last = this.order.at(-1);
      last !== undefined && !this.waiting.has(last);
      last = this.order.at(-1)
    )
      this.order.pop();
    let left = count;
    for (let at = this.order.length - 1; at >= 0 && left > 0; at -= 1) {
      const node = this.order[at] ?? "";
      const pod = this.waiting.get(node);
      if (pod === undefined) continue;
      left -= 1;
      yield { node, pod };
    }
  }
}
