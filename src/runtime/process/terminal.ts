// Owns how a process gets a terminal without one of ours: util-linux's `script` makes it, carries bytes both ways and ends with the process's exit code.
import { quote } from "./shell-words.ts";

export interface Terminal {
  readonly script: string;
  /** Shell lines before the command's, on the terminal: its name is `$__en_tty`. */
  readonly before: readonly string[];
  /** Shell lines that become the command. */
  readonly command: readonly string[];
  /** Who owns the terminal, where not we. */
  readonly user: string | undefined;
  /** What the command shall find as its SHELL. */
  readonly shell: string | undefined;
  /** The first line of the text, where its command line must be told from others. */
  readonly mark?: string;
}

const userOption = "--reuid=";

/** Of `setpriv`'s options. */
export const userOf = (privileges: readonly string[]): string | undefined =>
  privileges.find((word) => word.startsWith(userOption))?.slice(userOption.length);

/** Words to execute, with the environment variable SHELL set to a shell for `script` itself. */
export function onTerminal({ script, before, command, user, shell, mark }: Terminal): readonly string[] {
  const text = [
    ...(mark === undefined ? [] : [mark]),
    shell === undefined ? "unset SHELL" : `SHELL=${quote(shell)}; export SHELL`,
    "__en_tty=$(tty)",
    ...(user === undefined ? [] : [`chown ${user} "$__en_tty"`]),
    ...before,
    "unset __en_tty",
    ...command,
  ].join("\n");
  return [script, "--quiet", "--return", "--flush", "--echo", "always", "--command", text, "/dev/null"];
}
