// Owns the frame of a controller: once its copies are in, keys are worked off until the signal aborts.
import type { Answer, Client, EventRecorder, Informer, Informers, WorkQueue } from "../client/client.ts";
import type { Clock } from "../world/clock.ts";
import type { Log } from "../world/log.ts";
import type { Random } from "../world/random.ts";

/** What every controller is handed. */
export interface ControllerPorts {
  readonly client: Client;
  readonly informers: Informers;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly recorder: EventRecorder;
  readonly signal: AbortSignal;
}

export interface Controller {
  readonly name: string;
  readonly queue: WorkQueue;
  /** Nothing is worked on before all of these are in. */
  readonly informers: readonly Pick<Informer<never>, "synced" | "stop">[];
  readonly workers?: number;
  /** Brings what the key names to where it should be. A throw is tried again with back-off. */
  sync(key: string): Promise<void>;
}

export interface Running {
  /** Resolves when the last key in hand is done after the signal aborted. */
  readonly ended: Promise<void>;
}

export function runController(
  controller: Controller,
  ports: Pick<ControllerPorts, "log" | "signal">,
): Running {
  return { ended: work(controller, ports) };
}

async function work(
  controller: Controller,
  { log, signal }: Pick<ControllerPorts, "log" | "signal">,
): Promise<void> {
  const { name, queue, informers, workers = 4 } = controller;
  try {
    if (!(await syncedBefore(signal, informers))) return;
    log.debug("controller started", { controller: name });
    await queue.run(
      workers,
      async (key) => {
        await controller.sync(key);
        queue.forget(key);
      },
      signal,
    );
  } finally {
    for (const informer of informers) informer.stop();
  }
}

/** Whether the copies came in before the signal aborted. */
function syncedBefore(signal: AbortSignal, informers: Controller["informers"]): Promise<boolean> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve(false);
    const stop = () => resolve(false);
    signal.addEventListener("abort", stop, { once: true });
    void Promise.all(informers.map((informer) => informer.synced)).then(() => {
      signal.removeEventListener("abort", stop);
      resolve(!signal.aborted);
    });
  });
}

/**
 * Passes on what a controller can live with. Conflicts are among it: a newer version is on its way to the informer and brings the
 * key back.
 * @throws where the server refuses; the key is then tried again with back-off.
 */
export function unlessRefused<T>(
  answer: Answer<T>,
  doing: string,
): Exclude<Answer<T>, { readonly is: "refused" }> {
  if (answer.is === "refused")
    throw new Error(`cannot ${doing}: ${answer.status.message ?? answer.status.reason ?? "refused"}`);
  return answer;
}
