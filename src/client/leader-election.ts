// Owns leader election by a Lease: of several candidates at most one runs at a time.
import { seconds, type Instant, type Millis } from "../lib/units.ts";
import { deepEqual } from "../lib/json.ts";
import type { Lease } from "../model/generated/types.ts";
import { lease as leaseKind } from "../model/kinds/lease.ts";
import { pause, type Clock } from "../world/clock.ts";
import { wordsOf, type Log } from "../world/log.ts";
import type { Client } from "./client.ts";
import { planLease, releasedLease, type SeenLease } from "./plan-lease.ts";

export interface LeaderElectionOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly log: Log;
  /** Tells candidates apart: host name and something random. */
  readonly identity: string;
  readonly lease: { readonly name: string; readonly namespace: string };
  readonly signal: AbortSignal;
  /** Called once leading; its signal aborts when leadership is lost or the whole is to stop. */
  readonly run: (signal: AbortSignal) => Promise<void>;
  /** How long others wait for a silent holder. */
  readonly leaseDuration?: Millis;
  /** How long the holder tries to renew before it gives up; shorter than leaseDuration. */
  readonly renewDeadline?: Millis;
  readonly retryPeriod?: Millis;
}

/** Waits for leadership, runs, and says how it ended. After "lost" the caller should end or start anew. */
export async function runAsLeader(options: LeaderElectionOptions): Promise<"ended" | "lost"> {
  const elector = new Elector(options);
  if (!(await elector.acquire())) return "ended";
  const leading = new AbortController();
  const stop = () => leading.abort(options.signal.reason);
  options.signal.addEventListener("abort", stop, { once: true });
  const running = options.run(leading.signal).finally(() => leading.abort());
  try {
    // `held` ends when leadership is lost, or because the run ended or was stopped.
    const how = await elector.hold(leading.signal);
    leading.abort();
    await running;
    if (how === "stopped") await elector.release();
    return how === "stopped" ? "ended" : "lost";
  } catch (thrown) {
    await elector.release();
    throw thrown;
  } finally {
    options.signal.removeEventListener("abort", stop);
  }
}

class Elector {
  private readonly options: LeaderElectionOptions;
  private readonly retryPeriod: Millis;
  private readonly renewDeadline: Millis;
  private readonly leaseDuration: Millis;
  private seen: SeenLease | undefined;

  constructor(options: LeaderElectionOptions) {
    this.options = options;
    this.retryPeriod = options.retryPeriod ?? seconds(2);
    this.renewDeadline = options.renewDeadline ?? seconds(10);
    this.leaseDuration = options.leaseDuration ?? seconds(15);
  }

  /** False where the signal aborts first. */
  async acquire(): Promise<boolean> {
    const { clock, signal, log, identity } = this.options;
    while (!signal.aborted) {
      if (await this.attempt()) {
        log.info("leading", { identity });
        return true;
      }
      await this.rest(clock, signal);
    }
    return false;
  }

  /** Renews until it can't for the deadline, or the signal aborts. */
  async hold(signal: AbortSignal): Promise<"lost" | "stopped"> {
    const { clock, log, identity } = this.options;
    let renewed: Instant = clock.now();
    for (;;) {
      await this.rest(clock, signal);
      if (signal.aborted) return "stopped";
      const left = renewed + this.renewDeadline - clock.now();
      // A request that hangs must not keep us believing that we lead.
      if (left > 0 && (await this.within(left, signal, this.attempt()))) renewed = clock.now();
      else if (clock.now() - renewed >= this.renewDeadline) {
        if (signal.aborted) return "stopped";
        log.error("leadership lost: the lease could not be renewed in time", { identity });
        return "lost";
      }
    }
  }

  async release(): Promise<void> {
    const { client, lease, clock, identity, log } = this.options;
    try {
      const answer = await client.of(leaseKind).get(lease);
      if (answer.is !== "ok" || answer.object.spec?.holderIdentity !== identity) return;
      await client
        .of(leaseKind)
        .update({ ...answer.object, spec: releasedLease(answer.object.spec, clock.now()) });
    } catch (thrown) {
      log.warn("lease not given back; it will run out", { error: wordsOf(thrown) });
    }
  }

  private async rest(clock: Clock, signal: AbortSignal): Promise<void> {
    try {
      await pause(clock, this.retryPeriod, signal);
    } catch {
      // Aborted: the caller looks at the signal.
    }
  }

  private async within(limit: Millis, signal: AbortSignal, attempt: Promise<boolean>): Promise<boolean> {
    const over = new AbortController();
    const stop = () => over.abort();
    signal.addEventListener("abort", stop, { once: true });
    try {
      return await Promise.race([
        attempt,
        pause(this.options.clock, limit, over.signal).then(
          () => false,
          () => false,
        ),
      ]);
    } finally {
      over.abort();
      signal.removeEventListener("abort", stop);
    }
  }

  /** Whether we hold the lease now. */
  private async attempt(): Promise<boolean> {
    const { client, lease, identity, clock, log } = this.options;
    const leases = client.of(leaseKind);
    try {
      const found = await leases.get(lease);
      if (found.is !== "ok" && found.is !== "absent") throw new Error(found.status.message);
      const held = found.is === "ok" ? found.object : undefined;
      const now = clock.now();
      this.observe(held, now);
      const action = planLease(this.seen, { identity, leaseDuration: this.leaseDuration }, now);
      if (action.do === "wait") return false;
      const draft = {
        apiVersion: "coordination.k8s.io/v1",
        kind: "Lease",
        metadata: lease,
        spec: action.spec,
      };
      const answer =
        held === undefined ? await leases.create(draft) : await leases.update({ ...held, spec: action.spec });
      if (answer.is === "ok") this.observe(answer.object, now);
      return answer.is === "ok";
    } catch (thrown) {
      log.warn("cannot reach the lease; trying again", { lease: lease.name, error: wordsOf(thrown) });
      return false;
    }
  }

  private observe(held: Lease | undefined, now: Instant): void {
    if (held === undefined) this.seen = undefined;
    else if (this.seen === undefined || !deepEqual(this.seen.spec, held.spec ?? {}))
      this.seen = { spec: held.spec ?? {}, at: now };
  }
}
