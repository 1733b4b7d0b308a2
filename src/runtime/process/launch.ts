// Owns getting a container's command to run under its shim, and saying why where it does not.
import type { ProcessIdentity, Processes, Spawned } from "../../world/processes.ts";
import { type Clock, pause } from "../../world/clock.ts";
import type { Files } from "../../world/files.ts";
import { wordsOf } from "../../world/log.ts";
import type { ContainerConfig } from "../runtime.ts";
import type { Abilities } from "./abilities.ts";
import type { Isolation } from "./isolation.ts";
import { markFolder, markId } from "./reap.ts";
import { parseShimRecord, type ShimRecord } from "./shim-record.ts";
import { isLostInShell, isShim, shimScript } from "./shim-script.ts";

export interface Launch {
  readonly files: Files;
  readonly processes: Processes;
  readonly clock: Clock;
  readonly abilities: Abilities;
  readonly id: string;
  /** The container's. */
  readonly folder: string;
  /** The how-manieth claim on the start this is. */
  readonly claim: number;
  readonly hostname: string;
  readonly config: ContainerConfig;
  readonly isolation: Isolation;
  /** `cgroup.procs` files of the groups that limit it. */
  readonly groupFiles: readonly string[];
}

export type Launched =
  | {
      readonly is: "running";
      readonly shim: ProcessIdentity;
      readonly first: ProcessIdentity;
      readonly spawned: Spawned;
    }
  | { readonly is: "refused"; readonly because: string };

const defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const lookAgain = 2;
const setupMax = 30_000;

/** What the container's processes find in their environment. */
export function environmentOf(
  launch: Pick<Launch, "id" | "folder" | "hostname" | "config">,
): Record<string, string> {
  return {
    PATH: defaultPath,
    HOSTNAME: launch.hostname,
    ...(launch.config.tty ? { TERM: "xterm" } : {}),
    ...Object.fromEntries(launch.config.env.map(({ name, value }) => [name, value])),
    [markId]: launch.id,
    [markFolder]: launch.folder,
  };
}

function textOf(launch: Launch): string {
  const { config, isolation, abilities } = launch;
  const oom = config.resources.oomScoreAdjust;
  return shimScript({
    stateFile: `state-${launch.claim}`,
    ...(isolation.namespaces === undefined ? {} : { namespaces: isolation.namespaces }),
    privileges: isolation.privileges,
    env: abilities.tools.env ?? "env",
    extraEnv: config.env.filter(({ name }) => isLostInShell(name)),
    workingDir: config.workingDir ?? "/",
    words: [...config.command, ...config.args],
    ...(oom === undefined ? {} : { oomScoreAdjust: oom }),
    cgroups: launch.groupFiles,
    // `isolationOf` has refused what these tools are wanted for where they are not there.
    ...(config.stdin || config.tty ? { input: abilities.tools.mkfifo ?? "mkfifo" } : {}),
    ...(config.tty
      ? {
          terminal: {
            script: abilities.tools.script ?? "script",
            shell: config.env.find(({ name }) => name === "SHELL")?.value,
          },
        }
      : {}),
  });
}

function wordsOfRefusal(record: ShimRecord, config: ContainerConfig, stderr: string): string {
  const command = config.command[0] ?? "";
  const detail = record.refused?.detail ?? "";
  switch (record.refused?.what) {
    case "not-found":
      return command.includes("/")
        ? `exec: "${command}": stat ${command}: no such file or directory`
        : `exec: "${command}": executable file not found in $PATH`;
    case "not-executable":
      return `exec: "${command}": permission denied`;
    case "exec":
      return `exec: "${command}": exec format error, or its interpreter is missing`;
    case "folder":
      return `workingDir "${config.workingDir ?? "/"}" does not exist on this host; create it or mount a volume there`;
    default:
      return [detail === "" ? "its place could not be set up" : `cannot set up ${detail}`, stderr]
        .filter((text) => text !== "")
        .join(": ");
  }
}

/** Resolves once the command itself is executing, or will never be. */
export async function launch(given: Launch): Promise<Launched> {
  const { files, processes, folder } = given;
  const script = `${folder}/run-${given.claim}`;
  await files.append(script, textOf(given));
  let spawned: Spawned;
  try {
    spawned = await processes.spawn({
      command: ["/bin/sh", script],
      env: environmentOf(given),
      workingFolder: folder,
      stdout: `${folder}/stdout`,
      stderr: `${folder}/stderr`,
    });
  } catch (thrown) {
    return { is: "refused", because: wordsOf(thrown) };
  }
  return untilExecuting(given, spawned);
}

async function untilExecuting(given: Launch, spawned: Spawned): Promise<Launched> {
  const { files, processes, clock, folder, config } = given;
  const from = clock.now();
  const ended = { is: false };
  void spawned.ended.then(() => (ended.is = true));
  for (;;) {
    // Asked before the record is read: what a shim wrote before its end is then in it.
    const gone = ended.is;
    const record = parseShimRecord((await files.readText(`${folder}/state-${given.claim}`)) ?? "");
    const { shim, first } = record;
    if (record.refused === undefined && record.ready && shim !== undefined && first !== undefined) {
      // A process that is gone may have said why after the record was read: only its end, once recorded, settles it.
      const over = record.exitCode !== undefined || gone;
      const words = over ? "absent" : await processes.commandLine(first.pid);
      if (over || (words !== "absent" && words.length > 0 && !isShim(words, folder)))
        return { is: "running", shim: shim.identity, first, spawned };
    }
    if (gone) {
      const stderr =
        record.refused === undefined || record.refused.what === "setup" ? await errorOf(given) : "";
      return { is: "refused", because: wordsOfRefusal(record, config, stderr) };
    }
    if (clock.now() - from > setupMax) {
      processes.signal(-spawned.pid, "SIGKILL");
      await spawned.ended;
      return { is: "refused", because: `its place was not set up within ${setupMax / 1000} s` };
    }
    await pause(clock, lookAgain);
  }
}

const errorOf = async ({ files, folder }: Launch): Promise<string> =>
  ((await files.readText(`${folder}/stderr`)) ?? "").trim().slice(-500);
