// Owns staying with the kubelet in the foreground: it is started again when it ends, and ended when we are.
import { startKubelet } from "../bootstrap/kubelet-process.ts";
import type { StartedKubelet } from "../bootstrap/kubelet-process.ts";
import type { Layout } from "../bootstrap/layout.ts";
import { pause } from "../world/clock.ts";
import { endingSignal } from "./ending.ts";
import { serviceEnvironment } from "./machine-flags.ts";
import type { World } from "./world.ts";

export interface KubeletService {
  readonly layout: Layout;
  readonly command: readonly [string, ...string[]];
  /** Absent until it has been started. */
  running: StartedKubelet | undefined;
}

const restartAfter = 1000;

/** Starts it detached and remembers it. */
export async function beginKubelet(world: World, service: KubeletService): Promise<StartedKubelet> {
  const started = await startKubelet(world, service.layout, service.command, serviceEnvironment());
  service.running = started;
  return started;
}

const lookAgain = 300;

/** Until SIGINT or SIGTERM. The kubelet then ends and its containers go on, as with any kubelet. */
export async function holdKubelet(world: World, service: KubeletService): Promise<void> {
  const signal = endingSignal();
  for (;;) {
    const { pid } = service.running ?? (await beginKubelet(world, service));
    // Looked for, and not only waited for: a process that merely waits for another's end is taken for done.
    while (!signal.aborted && (await isThere(world, pid)))
      await pause(world.clock, lookAgain, signal).catch(() => undefined);
    if (signal.aborted) {
      world.processes.signal(pid, "SIGTERM");
      while (await isThere(world, pid)) await pause(world.clock, lookAgain);
      return;
    }
    console.error("everynode: the kubelet ended; starting it again");
    service.running = undefined;
    await pause(world.clock, restartAfter, signal).catch(() => undefined);
  }
}

/** Our own child: its number is nobody else's before we have seen its end. */
const isThere = async ({ processes }: World, pid: number): Promise<boolean> =>
  (await processes.identify(pid)) !== "absent";
