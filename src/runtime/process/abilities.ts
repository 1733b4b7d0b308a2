// Owns finding out what this machine permits: tools of util-linux, namespaces, privileges.
import type { Processes } from "../../world/processes.ts";

const toolNames = [
  "unshare",
  "nsenter",
  "setpriv",
  "mount",
  "umount",
  "pivot_root",
  "mkdir",
  "cp",
  "env",
  "fallocate",
  "truncate",
  "hostname",
  "rmdir",
  "mkfifo",
  "script",
  "stty",
] as const;
export type ToolName = (typeof toolNames)[number];
export type Tools = Readonly<Partial<Record<ToolName, string>>>;

export interface Abilities {
  readonly root: boolean;
  readonly uid: number;
  readonly tools: Tools;
  /** Whether pid, mount and hostname namespaces can be made: as root, or by an ordinary user inside a user namespace. */
  readonly namespaces: "as-root" | "as-user" | "none";
  /** User, groups, capabilities can be changed. */
  readonly privileges: boolean;
  /** Why not, for people; empty where all is permitted. */
  readonly missing: readonly string[];
}

const toolPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

export const namespaceOptions = {
  ownPids: ["--pid", "--fork", "--kill-child=KILL"],
  mounts: ["--mount", "--uts"],
  ownUser: ["--user", "--map-current-user", "--keep-caps"],
} as const;

async function works(processes: Processes, words: readonly [string, ...string[]]): Promise<boolean> {
  try {
    return (await processes.run(words, { env: { PATH: toolPath } })).code === 0;
  } catch {
    return false;
  }
}

async function findTools(processes: Processes): Promise<Tools> {
  const script = toolNames.map((name) => `echo "${name} $(command -v ${name})"`).join("\n");
  const { stdout } = await processes.run(["/bin/sh", "-c", script], { env: { PATH: toolPath } });
  const found = stdout
    .split("\n")
    .map((line) => line.split(" "))
    .filter(([, path]) => path?.startsWith("/"));
  return Object.fromEntries(found);
}

async function canSeparate(processes: Processes, tools: Tools, way: "as-root" | "as-user"): Promise<boolean> {
  const { unshare, mount, nsenter, setpriv } = tools;
  if (unshare === undefined || mount === undefined || nsenter === undefined) return false;
  if (way === "as-user" && setpriv === undefined) return false;
  const options = [
    ...(way === "as-user" ? namespaceOptions.ownUser : []),
    ...namespaceOptions.ownPids,
    ...namespaceOptions.mounts,
  ];
  return works(processes, [unshare, ...options, "--", "/bin/sh", "-c", `${mount} -t proc proc /proc`]);
}

/** Tries, rather than concludes, what is permitted: being root is not enough in many sandboxes. */
export async function findAbilities(processes: Processes): Promise<Abilities> {
  const tools = await findTools(processes);
  const { setpriv } = tools;
  const root = processes.self.uid === 0;
  const way = root ? "as-root" : "as-user";
  const namespaces = (await canSeparate(processes, tools, way)) ? way : "none";
  const privileges =
    root &&
    setpriv !== undefined &&
    (await works(processes, [
      setpriv,
      "--reuid=1",
      "--regid=1",
      "--clear-groups",
      "--bounding-set=-all",
      "--inh-caps=-all",
      "/bin/sh",
      "-c",
      ":",
    ]));
  const missing = [
    ...(namespaces !== "none"
      ? []
      : ["no pid and mount namespaces: containers see the host's processes and files"]),
    ...(privileges ? [] : ["no change of user, group or capabilities"]),
  ];
  return { root, uid: processes.self.uid, tools, namespaces, privileges, missing };
}
