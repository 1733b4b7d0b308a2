// Owns the shell script that stands over a container: it claims the start, prepares the place, runs the command, records its end.
import { makeInput, openInput } from "./input-lines.ts";
import { quote, quoteAll } from "./shell-words.ts";
import { onTerminal, userOf } from "./terminal.ts";

/** Where namespaces are used, how; the words are for util-linux. */
export interface ShimNamespaces {
  /** `unshare` with its options. */
  readonly unshare: readonly string[];
  /** The container sees only its own processes, and the kernel ends them all with the first. */
  readonly ownPids: boolean;
  /** An ordinary user's: its own user namespace gives the rights for the others. */
  readonly ownUser: boolean;
  /** `hostname`, for those who may not write to /proc/sys. */
  readonly hostnameTool: string;
  /** `mount`. */
  readonly mount: string;
  readonly hostname?: string;
  /** Lines that put the volumes in place, from mount-script.ts. */
  readonly mountLines: readonly string[];
}

export interface ShimScript {
  /** The file in the container's folder that is claimed by creating it. */
  readonly stateFile: string;
  readonly namespaces?: ShimNamespaces;
  /** `setpriv` with its options; empty where nothing is to be changed. */
  readonly privileges: readonly string[];
  /** `env`, for variables that a shell would not hand on. */
  readonly env: string;
  readonly extraEnv: readonly { readonly name: string; readonly value: string }[];
  readonly workingDir: string;
  readonly words: readonly string[];
  readonly oomScoreAdjust?: number;
  /** `cgroup.procs` files to enter. */
  readonly cgroups: readonly string[];
  /** `mkfifo`, where the command is to have an input. */
  readonly input?: string;
  /** Where it is to have a terminal: util-linux's `script`, and what the command finds as SHELL. */
  readonly terminal?: { readonly script: string; readonly shell: string | undefined };
}

/** The first words of a shim's `sh -c` text, by which its command line is told from the container's. */
const lastStageMark = ": everynode-last-stage";

// The shell sets or swallows these itself, and drops names that are none in its language.
const lostInShell = /^(?:IFS|OPTIND|PPID|PWD|OLDPWD)$|^(?![A-Za-z_][A-Za-z0-9_]*$)/;

export const isLostInShell = (name: string): boolean => lostInShell.test(name);

/** Whether this command line is still the shim's, that is, the command has not been executed yet. */
export const isShim = (commandLine: readonly string[], containerFolder: string): boolean =>
  commandLine.some((word) => word.startsWith(`${containerFolder}/run-`) || word.startsWith(lastStageMark));

// Descriptor 9 is the record. The command never gets it.
function lastStage(script: ShimScript): string[] {
  const env =
    script.extraEnv.length === 0
      ? ""
      : `${quoteAll([script.env, "--", ...script.extraEnv.map(({ name, value }) => `${name}=${value}`)])} `;
  return [
    lastStageMark,
    `cd -- ${quote(script.workingDir)} 2>/dev/null || { echo "refused folder" >&9; exit 128; }`,
    `set -- ${quoteAll(script.words)}`,
    "__en_at=",
    "case $1 in",
    "*/*) __en_at=$1 ;;",
    "*)",
    "set -f; IFS=:",
    "for __en_dir in $PATH; do",
    'if [ -f "${__en_dir:-.}/$1" ] && [ -x "${__en_dir:-.}/$1" ]; then __en_at=${__en_dir:-.}/$1; break; fi',
    "done",
    "unset IFS; set +f ;;",
    "esac",
    'if [ -z "$__en_at" ] || [ ! -e "$__en_at" ]; then echo "refused not-found" >&9; exit 127; fi',
    'if [ ! -f "$__en_at" ] || [ ! -x "$__en_at" ]; then echo "refused not-executable" >&9; exit 126; fi',
    "unset PWD OLDPWD __en_at __en_dir",
    // The trap is only alive if the execution fails: a command replaces the shell and its traps.
    `trap 'echo "refused exec $?" >&9' EXIT`,
    "echo ready >&9",
    `exec ${env}"$@" 9>&-`,
  ];
}

function claimLines(script: ShimScript): string[] {
  return [
    // Creating the record is the claim: of two shims, or a shim and an adopting runtime, only one can.
    `set -C; exec 9>${quote(script.stateFile)} || exit 125; set +C`,
    "umask 022",
    "read -r __en_stat </proc/self/stat",
    "read -r __en_boot </proc/sys/kernel/random/boot_id",
    'echo "shim $__en_boot $__en_stat" >&9',
    ": >started",
    ...(script.input === undefined ? [] : [makeInput(script.input)]),
    ...script.cgroups.map(
      (path) => `echo 0 >${quote(path)} || { echo "refused setup cgroup "${quote(path)} >&9; exit 128; }`,
    ),
  ];
}

function hostnameLines({ ownUser, hostnameTool }: ShimNamespaces, hostname: string): string[] {
  const set = ownUser
    ? `${quote(hostnameTool)} ${quote(hostname)}`
    : `echo ${quote(hostname)} >/proc/sys/kernel/hostname`;
  return [`${set} || { echo "refused setup hostname" >&9; exit 128; }`];
}

/** From the container's first process on, on its terminal where it has one. */
function firstLines(script: ShimScript): readonly string[] {
  const { namespaces, privileges, terminal } = script;
  const last = lastStage(script);
  const oom = script.oomScoreAdjust;
  const lines = [
    // Read before /proc becomes the container's own: the number is the host's.
    "read -r __en_stat </proc/self/stat",
    'echo "first $__en_stat" >&9',
    ...(oom === undefined ? [] : [`(echo ${oom} >/proc/self/oom_score_adj) 2>/dev/null`]),
    ...(namespaces?.ownPids === true
      ? [`${quote(namespaces.mount)} -n -t proc proc /proc || { echo "refused setup proc" >&9; exit 128; }`]
      : []),
  ];
  const command =
    privileges.length === 0 ? last : [`exec ${quoteAll([...privileges, "/bin/sh", "-c", last.join("\n")])}`];
  if (terminal === undefined) return [...lines, ...command];
  const words = onTerminal({
    ...terminal,
    mark: lastStageMark,
    before: ['echo "tty $__en_tty" >&9', ...lines],
    command,
    user: userOf(privileges),
  });
  return ["SHELL=/bin/sh; export SHELL", `exec ${quoteAll(words)}`];
}

function innerLines(script: ShimScript): string[] {
  const { namespaces } = script;
  return [
    // Caught, not ignored: the command starts with the default for each.
    "trap : HUP INT QUIT TERM USR1 USR2 ALRM PIPE",
    ...(namespaces?.hostname === undefined ? [] : hostnameLines(namespaces, namespaces.hostname)),
    ...(script.input === undefined ? [] : openInput),
    ...(namespaces?.mountLines ?? []),
    // The waiting shell would say "Killed" on the container's stderr.
    "exec 8>&2 2>/dev/null",
    "(",
    "exec 2>&8 8>&-",
    ...firstLines(script),
    ")",
    'echo "exited $?" >&9',
    // With no pid namespace the rest of the group is ended here, so that it ends even with no runtime alive.
    ...(namespaces?.ownPids === true ? [] : ["kill -KILL 0"]),
  ];
}

/** The script's text. It is run as `/bin/sh FILE` with the container's folder as working folder. */
export function shimScript(script: ShimScript): string {
  const { namespaces } = script;
  const lines =
    namespaces === undefined
      ? [...claimLines(script), ...innerLines(script)]
      : [
          'if [ "$1" != inner ]; then',
          ...claimLines(script),
          `exec ${quoteAll(namespaces.unshare)} -- /bin/sh "$0" inner`,
          "fi",
          ...innerLines(script),
        ];
  return `${lines.join("\n")}\n`;
}
