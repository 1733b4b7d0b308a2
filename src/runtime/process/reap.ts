// Owns that no process outlives its container: whoever carries its mark is ended.
import { pause, type Clock } from "../../world/clock.ts";
import type { Log } from "../../world/log.ts";
import type { ProcessIdentity, Processes } from "../../world/processes.ts";

/** Variables in the environment of every process of a container; the folder is unique over all runtimes of a machine. */
export const markId = "EVERYNODE_CONTAINER_ID";
export const markFolder = "EVERYNODE_CONTAINER_FOLDER";

const lookAgain = 5;
const complainAfter = 10_000;

interface ReapWorld {
  readonly processes: Processes;
  readonly clock: Clock;
  readonly log: Log;
}

export async function isAlive(processes: Processes, identity: ProcessIdentity): Promise<boolean> {
  const found = await processes.identify(identity.pid);
  return found !== "absent" && found.started === identity.started;
}

/** Kills every process whose container folder is one of ours to end, until there is none. */
export async function endMarked(world: ReapWorld, isOurs: (folder: string) => boolean): Promise<number> {
  const ended = new Set<number>();
  const from = world.clock.now();
  for (;;) {
    const found = (await world.processes.marked(markFolder)).filter(({ value }) => isOurs(value));
    if (found.length === 0) return ended.size;
    for (const { pid } of found) {
      world.processes.signal(pid, "SIGKILL");
      ended.add(pid);
    }
    if (world.clock.now() - from > complainAfter) {
      const pids = found.map(({ pid }) => pid).join(",");
      world.log.error("cannot end processes of a container: they do not die of SIGKILL", { pids });
      return ended.size;
    }
    await pause(world.clock, lookAgain);
  }
}

/** Resolves when this process is no more; false when it still is after the time given. */
export async function awaitEnd(
  world: Pick<ReapWorld, "processes" | "clock">,
  identity: ProcessIdentity,
  within: number,
): Promise<boolean> {
  const from = world.clock.now();
  for (let wait = 1; await isAlive(world.processes, identity); wait = Math.min(wait * 2, 50)) {
    if (world.clock.now() - from >= within) return false;
    await pause(world.clock, wait);
  }
  return true;
}
