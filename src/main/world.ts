// Owns the real world as the program's parts are handed it.
import type { Clock } from "../world/clock.ts";
import type { Files } from "../world/files.ts";
import type { Network } from "../world/http.ts";
import { lineLog, type Log, type LogLevel } from "../world/log.ts";
import type { Processes } from "../world/processes.ts";
import { realRandom, type Random } from "../world/random.ts";
import { realClock } from "../world/real-clock.ts";
import { realFiles } from "../world/real-files.ts";
import { realNetwork } from "../world/real-network.ts";
import { realProcesses } from "../world/real-processes.ts";

export interface World {
  readonly clock: Clock;
  readonly random: Random;
  readonly files: Files;
  readonly network: Network;
  readonly processes: Processes;
  readonly log: Log;
}

/** Log lines go to standard error: standard output is for what a person or script asked for. */
export const realWorld = (level: LogLevel): World => ({
  clock: realClock,
  random: realRandom,
  files: realFiles,
  network: realNetwork,
  processes: realProcesses,
  log: lineLog(realClock, (line) => process.stderr.write(line), level),
});
