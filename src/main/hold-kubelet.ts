// Owns staying with the kubelet in the foreground: it is started again when it ends, and ended when we are.
import { startKubelet } from "../bootstrap/kubelet-process.ts";
import type { StartedKubelet } from "../bootstrap/kubelet-process.ts";
import type { Layout } from "../bootstrap/layout.ts";
import { pause } from "../world/clock.ts";
import { aborted, endingSignal } from "./ending.ts";
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

/** Until SIGINT or SIGTERM. The kubelet then ends and its containers go on, as with any kubelet. */
export async function holdKubelet(world: World, service: KubeletService): Promise<void> {
  const signal = endingSignal();
  const ending = aborted(signal);
  while (!signal.aborted) {
    const kubelet = service.running ?? (await beginKubelet(world, service));
    await Promise.race([ending, kubelet.ended]);
    if (signal.aborted) {
      world.processes.signal(kubelet.pid, "SIGTERM");
      await kubelet.ended;
      return;
    }
    console.error("everynode: the kubelet ended; starting it again");
    service.running = undefined;
    await pause(world.clock, restartAfter, signal).catch(() => undefined);
  }
}
