// Owns the checks before a machine is touched: each has a name by which a person may have it passed over.
import type { Files } from "../world/files.ts";
import type { Network } from "../world/http.ts";
import { wordsOf } from "../world/log.ts";
import type { Processes } from "../world/processes.ts";
import { subdomainNameFaults } from "../model/names.ts";
import { kubeletsOf } from "./kubelet-process.ts";
import { CannotBootstrap } from "./cannot.ts";

export interface Check {
  /** As kubeadm's: `Port-6443`, `DirAvailable--var-lib-etcd`. */
  readonly name: string;
  /** A warning is told and passed over. */
  readonly level: "error" | "warning";
  /** Undefined where all is well. */
  readonly fault: () => Promise<string | undefined>;
}

interface Machine {
  readonly files: Files;
  readonly processes: Processes;
  readonly network: Network;
}

const dashed = (path: string): string => path.replaceAll("/", "-");

const whyNotFree: Readonly<Record<string, string>> = {
  EADDRINUSE: "something listens there already; end it, or choose another port",
  EACCES: "this user may not listen there; choose a port above 1023, or be root",
  EADDRNOTAVAIL: "this machine has no such address; choose one of its own",
};

/** Tried, not concluded: we listen for a moment. */
export const portFree = ({ network }: Machine, address: string, port: number): Check => ({
  name: `Port-${port}`,
  level: "error",
  fault: async () => {
    try {
      const server = await network.serve({ host: address, port, handle: () => undefined });
      await server.close();
      return undefined;
    } catch (thrown) {
      const code = thrown instanceof Error && "code" in thrown ? String(thrown.code) : "";
      return `${address}:${port}: ${whyNotFree[code] ?? wordsOf(thrown)}`;
    }
  },
});

export const folderEmpty = ({ files }: Machine, path: string): Check => ({
  name: `DirAvailable-${dashed(path)}`,
  level: "error",
  fault: async () => {
    const names = await files.list(path);
    return names === undefined || names.length === 0
      ? undefined
      : `${path} is not empty (${names.slice(0, 3).join(", ")}${names.length > 3 ? ", …" : ""}); undo an earlier set-up with \`everynode reset\`, or move these away`;
  },
});

export const fileAbsent = ({ files }: Machine, path: string): Check => ({
  name: `FileAvailable-${dashed(path)}`,
  level: "error",
  fault: async () =>
    (await files.facts(path)) === undefined
      ? undefined
      : `${path} exists already; undo an earlier set-up with \`everynode reset\`, or move it away`,
});

export const nodeNameFits = (name: string): Check => ({
  name: "Hostname",
  level: "error",
  fault: async () => {
    const [fault] = subdomainNameFaults(name);
    return fault === undefined ? undefined : `${JSON.stringify(name)} cannot name a node: ${fault}`;
  },
});

export const privileged = ({ processes }: Machine): Check => ({
  name: "IsPrivilegedUser",
  level: "warning",
  fault: async () =>
    processes.self.uid === 0
      ? undefined
      : `this is user ${processes.self.uid} and not root: containers run as this user only, and their limits may not be kept`,
});

export const noKubelet = ({ processes }: Machine, kubeletRoot: string): Check => ({
  name: "KubeletRunning",
  level: "error",
  fault: async () => {
    const [found] = await kubeletsOf(processes, kubeletRoot);
    return found === undefined
      ? undefined
      : `a kubelet runs over ${kubeletRoot} already, as process ${found.pid}; undo its set-up with \`everynode reset\``;
  },
});

/** Tools of util-linux by which the process runtime sets containers apart. */
export const toolsThere = ({ processes }: Machine): Check[] =>
  ["unshare", "nsenter", "mount", "setpriv"].map((tool) => ({
    name: `FileExisting-${tool}`,
    level: "warning",
    fault: async () => {
      const { code } = await processes.run(["/bin/sh", "-c", 'command -v "$0" >/dev/null', tool], {
        env: { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" },
      });
      return code === 0
        ? undefined
        : `there is no ${tool}: containers are set apart less; install util-linux`;
    },
  }));

/** A program that was looked for on the PATH; its path is absolute where it was found. */
export const programThere = (name: string, found: string): Check => ({
  name: `FileExisting-${name}`,
  level: "error",
  fault: async () =>
    found.startsWith("/") ? undefined : `there is no ${name} on the PATH; install it, or do without`,
});

const memoryLeast = 512;

export const memoryEnough = ({ files }: Machine): Check => ({
  name: "Mem",
  level: "warning",
  fault: async () => {
    const kilobytes = /^MemTotal:\s+(\d+) kB/m.exec((await files.readText("/proc/meminfo")) ?? "")?.[1];
    const megabytes = Math.floor(Number(kilobytes ?? Infinity) / 1024);
    return megabytes < memoryLeast
      ? `this machine has ${megabytes} MB of memory, and a control plane wants ${memoryLeast}`
      : undefined;
  },
});

/** Carries all of them out; throws where one fails that is not to be passed over. */
export async function preflight(
  checks: readonly Check[],
  ignored: readonly string[],
  say: (line: string) => void,
): Promise<void> {
  const passed = new Set(ignored.map((name) => name.toLowerCase()));
  const failed: string[] = [];
  for (const { name, level, fault } of checks) {
    const because = await fault();
    if (because === undefined) continue;
    const line = `[${level === "error" ? "ERROR" : "WARNING"} ${name}]: ${because}`;
    if (level === "warning") say(`[preflight] ${line}`);
    else if (passed.has("all") || passed.has(name.toLowerCase())) say(`[preflight] passed over: ${line}`);
    else failed.push(line);
  }
  if (failed.length > 0)
    throw new CannotBootstrap(
      `cannot set up this machine: some checks failed\n\t${failed.join("\n\t")}\npass over checks you know better than with --ignore-preflight-errors=NAME,…`,
    );
}
