// Owns what the machine tells of itself in /proc and /etc: identity once, pressure whenever asked.
import type { Bytes } from "../../lib/units.ts";
import type { Files } from "../../world/files.ts";

export interface MachineIdentity {
  readonly machineId: string;
  readonly bootId: string;
  readonly systemUuid: string;
  readonly kernelVersion: string;
  readonly osImage: string;
}

export interface MachineLoad {
  readonly memoryAvailable: Bytes;
  readonly memoryTotal: Bytes;
  readonly processes: number;
  readonly processesMax: number;
}

export interface Machine {
  identity(): Promise<MachineIdentity>;
  /** Undefined where the machine doesn't tell. */
  load(): Promise<MachineLoad | undefined>;
}

const trimmed = async (files: Files, path: string): Promise<string> =>
  ((await files.readText(path).catch(() => undefined)) ?? "").trim();

/** A Linux machine. */
export function createMachine(files: Files): Machine {
  return {
    async identity() {
      const release = await trimmed(files, "/etc/os-release");
      return {
        machineId: await trimmed(files, "/etc/machine-id"),
        bootId: await trimmed(files, "/proc/sys/kernel/random/boot_id"),
        systemUuid: await trimmed(files, "/sys/class/dmi/id/product_uuid"),
        kernelVersion: await trimmed(files, "/proc/sys/kernel/osrelease"),
        osImage: /^PRETTY_NAME="?([^"\n]*)"?$/m.exec(release)?.[1] ?? "Linux",
      };
    },
    async load() {
      const [memory, average, max] = await Promise.all([
        trimmed(files, "/proc/meminfo"),
        trimmed(files, "/proc/loadavg"),
        trimmed(files, "/proc/sys/kernel/pid_max"),
      ]);
      const available = /^MemAvailable:\s+(\d+) kB$/m.exec(memory)?.[1];
      const processes = /\/(\d+) /.exec(average)?.[1];
      const total = /^MemTotal:\s+(\d+) kB$/m.exec(memory)?.[1];
      if (available === undefined || total === undefined || processes === undefined || max === "")
        return undefined;
      return {
        memoryAvailable: Number(available) * 1024,
        memoryTotal: Number(total) * 1024,
        processes: Number(processes),
        processesMax: Number(max),
      };
    },
  };
}
