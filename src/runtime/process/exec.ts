// Owns running a command beside a container's own, in the same place and with the same rights.
import type { Millis } from "../../lib/units.ts";
import type { Clock } from "../../world/clock.ts";
import type { Processes } from "../../world/processes.ts";
import type { ContainerConfig, ExecResult } from "../runtime.ts";
import type { Abilities } from "./abilities.ts";
import type { Isolation } from "./isolation.ts";
import { isLostInShell } from "./shim-script.ts";

interface Exec {
  readonly processes: Processes;
  readonly clock: Clock;
  readonly abilities: Abilities;
  readonly config: ContainerConfig;
  readonly isolation: Isolation;
  readonly env: Record<string, string>;
  /** Whose namespaces are entered. */
  readonly pid: number;
  readonly command: readonly string[];
  /** 0 is none. */
  readonly timeout: Millis;
}

function wordsOf(exec: Exec): [string, ...string[]] {
  const { isolation, abilities, config } = exec;
  const { nsenter, env = "env" } = abilities.tools;
  const entering =
    isolation.namespaces === undefined || nsenter === undefined
      ? []
      : [
          nsenter,
          `--target=${exec.pid}`,
          "--mount",
          "--uts",
          ...(isolation.namespaces.ownUser ? ["--user", "--preserve-credentials"] : []),
          ...(isolation.namespaces.ownPids ? ["--pid"] : []),
          "--",
        ];
  const lost = config.env
    .filter(({ name }) => isLostInShell(name))
    .map(({ name, value }) => `${name}=${value}`);
  const words = [...entering, ...isolation.privileges, "/bin/sh"];
  const script = 'cd -- "$0" || exit 126; unset PWD OLDPWD; exec "$@"';
  const prefix = lost.length === 0 ? [] : [env, "--", ...lost];
  const [program = "/bin/sh", ...rest] = words;
  return [program, ...rest, "-c", script, config.workingDir ?? "/", ...prefix, ...exec.command];
}

/** Runs to the end, or until the time is over: then it is killed with all of its process group. */
export async function execIn(exec: Exec): Promise<ExecResult | "timeout"> {
  const stop = new AbortController();
  const cancel = exec.timeout > 0 ? exec.clock.after(exec.timeout, () => stop.abort()) : () => undefined;
  try {
    const { code, stdout, stderr } = await exec.processes.run(wordsOf(exec), {
      env: exec.env,
      signal: stop.signal,
    });
    return { exitCode: code, stdout, stderr };
  } catch (thrown) {
    if (stop.signal.aborted) return "timeout";
    throw thrown;
  } finally {
    cancel();
  }
}
