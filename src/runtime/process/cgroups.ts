// Owns limits by cgroup, version 1 or 2, where this machine lets us make groups.
import type { Files } from "../../world/files.ts";
import { wordsOf } from "../../world/log.ts";
import type { Random } from "../../world/random.ts";
import type { Processes } from "../../world/processes.ts";
import type { ContainerId, Resources } from "../runtime.ts";
import type { Tools } from "./abilities.ts";

interface CgroupWorld {
  readonly random: Random;
  readonly files: Files;
  readonly processes: Processes;
}

/** Which file of which hierarchy gets which text. */
export interface CgroupWrite {
  readonly hierarchy: "unified" | "memory" | "cpu";
  readonly file: string;
  readonly text: string;
}

const probeBytes = 8;
const root = "/sys/fs/cgroup";
const parent = "everynode";
const period = 100_000;
const rmdirTries = 20;

const hasLimits = ({ cpuLimitMillis, memoryLimit }: Resources): boolean =>
  (cpuLimitMillis ?? 0) > 0 || (memoryLimit ?? 0) > 0;

/** A share of 2 is what asks for nothing. */
export const wantsGroup = (resources: Resources): boolean =>
  hasLimits(resources) || (resources.cpuShares ?? 0) > 2;

/** Version 2's weight (1 to 10000) for version 1's shares (2 to 262144), as every CRI runtime maps them. */
const weightOf = (shares: number): number => 1 + Math.floor(((Math.max(2, shares) - 2) * 9999) / 262_142);

/** What to write into a container's new group. */
export function cgroupWrites(resources: Resources, version: 1 | 2): CgroupWrite[] {
  const { cpuShares = 0, cpuLimitMillis = 0, memoryLimit = 0 } = resources;
  const quota = Math.max(1000, Math.round((cpuLimitMillis * period) / 1000));
  if (version === 2)
    return [
      ...(memoryLimit > 0
        ? ([
            { hierarchy: "unified", file: "memory.max", text: String(memoryLimit) },
            { hierarchy: "unified", file: "memory.oom.group", text: "1" },
          ] as const)
        : []),
      ...(cpuLimitMillis > 0
        ? [{ hierarchy: "unified", file: "cpu.max", text: `${quota} ${period}` } as const]
        : []),
      ...(cpuShares > 0
        ? [{ hierarchy: "unified", file: "cpu.weight", text: String(weightOf(cpuShares)) } as const]
        : []),
    ];
  return [
    ...(memoryLimit > 0
      ? [{ hierarchy: "memory", file: "memory.limit_in_bytes", text: String(memoryLimit) } as const]
      : []),
    ...(cpuLimitMillis > 0
      ? ([
          { hierarchy: "cpu", file: "cpu.cfs_period_us", text: String(period) },
          { hierarchy: "cpu", file: "cpu.cfs_quota_us", text: String(quota) },
        ] as const)
      : []),
    ...(cpuShares > 0 ? [{ hierarchy: "cpu", file: "cpu.shares", text: String(cpuShares) } as const] : []),
  ];
}

/** How many processes of a group the kernel ended for want of memory, from `memory.events` or `memory.oom_control`. */
export const oomKills = (text: string): number => Number(/^oom_kill (\d+)$/m.exec(text)?.[1] ?? 0);

export class Cgroups {
  private readonly world: CgroupWorld;
  private readonly tools: Tools;
  readonly version: 1 | 2;

  private constructor(world: CgroupWorld, tools: Tools, version: 1 | 2) {
    this.world = world;
    this.tools = tools;
    this.version = version;
  }

  /** Tries to make our parent group; the words say why it cannot be. */
  static async open(world: CgroupWorld, tools: Tools): Promise<Cgroups | { readonly because: string }> {
    const { files } = world;
    const version = (await files.facts(`${root}/cgroup.controllers`)) === undefined ? 1 : 2;
    const cgroups = new Cgroups(world, tools, version);
    try {
      for (const hierarchy of cgroups.hierarchies()) {
        if ((await files.facts(hierarchy)) === undefined) return { because: `${hierarchy} is not there` };
        await files.makeFolder(`${hierarchy}/${parent}`);
      }
      if (version === 2)
        for (const group of [root, `${root}/${parent}`])
          await files.append(`${group}/cgroup.subtree_control`, "+cpu +memory");
      // Several runtimes of one machine may be trying at once.
      const name = `probe-${Buffer.from(world.random.bytes(probeBytes)).toString("hex")}`;
      const probe = await cgroups.enter(name, { memoryLimit: 1 << 30, cpuLimitMillis: 1000 });
      await cgroups.leave(name);
      return probe.length > 0 ? cgroups : { because: "no group could be made" };
    } catch (thrown) {
      return { because: wordsOf(thrown) };
    }
  }

  private hierarchies(): readonly string[] {
    return this.version === 2 ? [root] : [`${root}/memory`, `${root}/cpu`];
  }

  private groupsOf(id: ContainerId): readonly string[] {
    return this.hierarchies().map((hierarchy) => `${hierarchy}/${parent}/${id}`);
  }

  /** Makes a container's group and gives the files through which its processes enter. */
  async enter(id: ContainerId, resources: Resources): Promise<readonly string[]> {
    const groups = this.groupsOf(id);
    for (const group of groups) await this.world.files.makeFolder(group);
    for (const { hierarchy, file, text } of cgroupWrites(resources, this.version)) {
      const group = groups[hierarchy === "cpu" ? 1 : 0] ?? "";
      await this.world.files.append(`${group}/${file}`, text);
    }
    return this.filesOf(id);
  }

  /** Files through which processes enter a container's group. */
  filesOf(id: ContainerId): readonly string[] {
    return this.groupsOf(id).map((group) => `${group}/cgroup.procs`);
  }

  /** Whether the kernel ended a process of it for want of memory. */
  async ranOutOfMemory(id: ContainerId): Promise<boolean> {
    const file = this.version === 2 ? "memory.events" : "memory.oom_control";
    return oomKills((await this.world.files.readText(`${this.groupsOf(id)[0] ?? ""}/${file}`)) ?? "") > 0;
  }

  /** Removes a container's group; its processes are gone, or nearly. */
  async leave(id: ContainerId): Promise<void> {
    const { rmdir } = this.tools;
    if (rmdir === undefined) return;
    for (const group of this.groupsOf(id))
      for (let time = 0; time < rmdirTries && (await this.world.files.facts(group)) !== undefined; time++)
        await this.world.processes.run([rmdir, group]);
  }
}

/** Annotation of a container whose cpu and memory limits this machine does not let us enforce. */
const notEnforced = "everynode.dev/limits-not-enforced";

export const unenforced = (
  cgroups: Cgroups | { readonly because: string },
  resources: Resources,
): Record<string, string> =>
  cgroups instanceof Cgroups || !hasLimits(resources) ? {} : { [notEnforced]: cgroups.because };
