// Owns one exec or attach from the switch of protocols to the last word.
import { wordsOf } from "../../world/log.ts";
import type { Upgrade } from "../../world/http.ts";
import type { ProcessStreams } from "../../runtime/runtime.ts";
import { accept, refuse } from "./accept.ts";
import { openCommandStreams, type CommandWish, type StreamPorts } from "./command-streams.ts";
import type { CommandEnd } from "./plan-command-end.ts";
import { commandProtocols, planStreamProtocol } from "./plan-stream-protocol.ts";

export interface Command {
  readonly wish: CommandWish;
  /** Resolves with the exit code; an attachment's is 0. */
  run(streams: ProcessStreams): Promise<number>;
}

/** Reads `input`, `output`, `error` and `tty` of the query; a text says what is wrong. */
export function commandWish(query: URLSearchParams): CommandWish | string {
  const flag = (name: string): boolean => ["1", "true"].includes(query.get(name) ?? "");
  const tty = flag("tty");
  const wish = { stdin: flag("input"), stdout: flag("output"), stderr: flag("error") && !tty, tty };
  return wish.stdin || wish.stdout || wish.stderr
    ? wish
    : "you must specify at least 1 of stdin, stdout, stderr";
}

export async function serveCommand(upgrade: Upgrade, command: Command, ports: StreamPorts): Promise<void> {
  const agreed = planStreamProtocol(upgrade.headers, commandProtocols);
  if (agreed.is === "refused") return refuse(upgrade, agreed.status, agreed.message, agreed.headers);
  accept(upgrade, agreed);
  const streams = await openCommandStreams(upgrade.socket, agreed, command.wish, ports);
  if (streams === "gone") return;
  await streams.end(await endOf(command, streams));
}

async function endOf(command: Command, streams: ProcessStreams): Promise<CommandEnd> {
  try {
    return { is: "ended", exitCode: await command.run(streams) };
  } catch (thrown) {
    return { is: "failed", message: wordsOf(thrown) };
  }
}
