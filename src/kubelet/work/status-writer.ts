// Owns the writing of one pod's status to the API: only what changed, one write at a time, again against the latest on conflict.
import type { Client } from "../../client/client.ts";
import type { Millis } from "../../lib/units.ts";
import type { Pod, PodStatus, Status } from "../../model/generated/types.ts";
import { pod as podKind } from "../../model/kinds/pod.ts";
import { pause, type Clock } from "../../world/clock.ts";
import { wordsOf, type Log } from "../../world/log.ts";
import { tellTheSame } from "./same-status.ts";

export interface StatusWriterOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly log: Log;
  /** Changes within this time become one write; asked before each. */
  readonly delay: () => Millis;
  readonly signal: AbortSignal;
}

const isTerminal = (status: PodStatus | undefined): boolean =>
  status?.phase === "Succeeded" || status?.phase === "Failed";

/** What the server cannot do now it may do later; what is wrong with the request stays wrong. */
function failIfPassing({ status: { code = 0, message } }: { readonly status: Status }): void {
  if (code >= 500 || code === 429) throw new Error(message);
}

export class StatusWriter {
  private readonly options: StatusWriterOptions;
  private readonly plan: (before: PodStatus | undefined) => PodStatus;
  /** A server's answer is read only if the next write comes before the watch has told of this one. */
  private latest: { readonly object: Pod };
  private writing: Promise<void> | undefined;
  private dirty = false;
  /** A source has told the object since a write was last asked for: mostly it says what was written. */
  private told = false;
  private urgent: (() => void) | undefined;
  private over = false;

  constructor(pod: Pod, plan: (before: PodStatus | undefined) => PodStatus, options: StatusWriterOptions) {
    this.latest = { object: pod };
    this.plan = plan;
    this.options = options;
  }

  /** The object as a source tells it now. */
  take(pod: Pod): void {
    this.latest = { object: pod };
    // One that is being deleted is told of for another reason, and soon has another status.
    this.told = pod.metadata.deletionTimestamp === undefined;
  }

  /** The status may have changed. */
  request(): void {
    const { told } = this;
    this.told = false;
    if (this.over) return;
    if (this.writing === undefined && told && this.isRight()) return;
    this.dirty = true;
    if (this.writing !== undefined) return;
    this.writing = this.writeWhileDirty().finally(() => {
      this.writing = undefined;
      if (this.dirty && !this.over) this.request();
    });
  }

  private isRight(): boolean {
    const { status } = this.latest.object;
    return tellTheSame(status, this.plan(status));
  }

  /** What was requested is written now: nothing more is to be expected soon. */
  hurry(): void {
    this.urgent?.();
  }

  /** Resolves when what was requested so far is written or given up. */
  async flush(): Promise<void> {
    this.urgent?.();
    await this.writing;
  }

  /** No more writes. */
  stop(): void {
    this.over = true;
    this.urgent?.();
  }

  private async writeWhileDirty(): Promise<void> {
    await this.gather();
    for (let failures = 0; this.dirty && !this.over && !this.options.signal.aborted;) {
      this.dirty = false;
      try {
        await this.writeOnce();
        failures = 0;
      } catch (thrown) {
        this.dirty = true;
        failures += 1;
        const { log, clock, signal } = this.options;
        log.debug("pod status not written, will try again", {
          pod: this.latest.object.metadata.name,
          error: wordsOf(thrown),
        });
        await pause(clock, Math.min(10_000, 250 * 2 ** failures), signal).catch(() => undefined);
      }
    }
  }

  private gather(): Promise<void> {
    return new Promise((resolve) => {
      const go = () => {
        cancel();
        this.urgent = undefined;
        resolve();
      };
      const cancel = this.options.clock.after(this.options.delay(), go);
      this.urgent = go;
    });
  }

  private async writeOnce(): Promise<void> {
    const { client, log } = this.options;
    const pods = client.of(podKind);
    for (let attempt = 0; attempt < 5; attempt++) {
      const before = this.latest.object;
      const { apiVersion, kind, metadata } = before;
      const status = this.plan(before.status);
      // A terminal phase is final, whatever this kubelet still remembers of the pod.
      if (isTerminal(before.status) && before.status?.phase !== status.phase) return;
      if (tellTheSame(before.status, status)) return;
      const answer = await pods.updateStatus({ apiVersion, kind, metadata, status });
      if (answer.is === "ok") {
        this.latest = answer;
        return;
      }
      if (answer.is === "absent") return;
      if (answer.is === "refused") {
        failIfPassing(answer);
        log.warn("pod status refused", { pod: before.metadata.name, error: answer.status.message });
        return;
      }
      const { name, namespace } = before.metadata;
      const now = await pods.get({ name, namespace });
      if (now.is === "refused") failIfPassing(now);
      if (now.is !== "ok" || now.object.metadata.uid !== before.metadata.uid) return;
      this.latest = now;
    }
    throw new Error("cannot write pod status: it is changed by others without pause");
  }
}
