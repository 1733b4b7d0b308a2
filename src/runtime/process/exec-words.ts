// Owns the words that run a command beside a container's own: in its cgroups, namespaces and folder, with its rights, on a terminal or not.
import { type ContainerConfig, RuntimeRefusal, type WindowSize } from "../runtime.ts";
import type { Abilities } from "./abilities.ts";
import type { Isolation } from "./isolation.ts";
import { quote, quoteAll } from "./shell-words.ts";
import { isLostInShell } from "./shim-script.ts";
import { onTerminal, userOf } from "./terminal.ts";

export interface ExecPlace {
  readonly abilities: Abilities;
  readonly config: ContainerConfig;
  readonly isolation: Isolation;
  /** Whose namespaces are entered. */
  readonly pid: number;
  /** `cgroup.procs` files of the groups that limit the container. */
  readonly groupFiles: readonly string[];
}

export interface ExecTerminal {
  readonly script: string;
  readonly stty: string;
  /** Where known before the start. */
  readonly size: WindowSize | undefined;
}

/** What a terminal needs of this machine, or the refusal. */
export function terminalOf({ tools }: Abilities, size: WindowSize | undefined): ExecTerminal {
  const { script, stty } = tools;
  if (script === undefined || stty === undefined)
    throw new RuntimeRefusal(
      "ExecError",
      "cannot give the command a terminal: there is no `script` or `stty` on this machine; install util-linux and coreutils, or leave out -t",
    );
  return { script, stty, size };
}

// Descriptor 3 goes to the runtime: the terminal's name is told there.
const inFolder = 'exec 3>&-; cd -- "$1" || exit 126; shift; unset PWD OLDPWD; exec "$@"';
/** What the shell calls itself where it has to say that there is no such command. */
const shellName = "exec";

function command({ isolation, abilities, config }: ExecPlace, words: readonly string[]): readonly string[] {
  const lost = config.env
    .filter(({ name }) => isLostInShell(name))
    .map(({ name, value }) => `${name}=${value}`);
  const { env = "env" } = abilities.tools;
  const prefix = lost.length === 0 ? [] : [env, "--", ...lost];
  return [
    ...isolation.privileges,
    "/bin/sh",
    "-c",
    inFolder,
    shellName,
    config.workingDir ?? "/",
    ...prefix,
    ...words,
  ];
}

function commandOnTerminal(
  place: ExecPlace,
  terminal: ExecTerminal,
  words: readonly string[],
): readonly string[] {
  const { script, stty, size } = terminal;
  const resized = size === undefined ? [] : [`${quote(stty)} cols ${size.columns} rows ${size.rows}`];
  const inner = onTerminal({
    script,
    before: ['echo "$__en_tty" >&3', ...resized],
    command: [`exec ${quoteAll(command(place, words))}`],
    user: userOf(place.isolation.privileges),
    shell: place.config.env.find(({ name }) => name === "SHELL")?.value,
  });
  return ["/bin/sh", "-c", 'SHELL=/bin/sh; export SHELL; exec "$@"', "sh", ...inner];
}

function entering({ isolation, abilities, pid }: ExecPlace): readonly string[] {
  const { nsenter } = abilities.tools;
  if (isolation.namespaces === undefined || nsenter === undefined) return [];
  return [
    nsenter,
    `--target=${pid}`,
    "--mount",
    "--uts",
    ...(isolation.namespaces.ownUser ? ["--user", "--preserve-credentials"] : []),
    ...(isolation.namespaces.ownPids ? ["--pid"] : []),
    "--",
  ];
}

export function execWords(
  place: ExecPlace,
  words: readonly string[],
  terminal?: ExecTerminal,
): [string, ...string[]] {
  const inner = terminal === undefined ? command(place, words) : commandOnTerminal(place, terminal, words);
  const groups = place.groupFiles.map((path) => `echo 0 >${quote(path)} || exit 126; `).join("");
  const limits = groups === "" ? [] : ["/bin/sh", "-c", `${groups}exec "$@"`, "sh"];
  const [program = "/bin/sh", ...rest] = [...limits, ...entering(place), ...inner];
  return [program, ...rest];
}
