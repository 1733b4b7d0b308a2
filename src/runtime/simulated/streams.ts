// Owns what imagined containers answer to exec, attach and port-forward.
import {
  type ExecRequest,
  type ExecResult,
  type ProcessStreams,
  RuntimeRefusal,
  type SandboxId,
} from "../runtime.ts";

/** Its input is passed over: what it answers is told beforehand. */
export async function answerExec(
  { stdin, stdout, stderr, tty }: ExecRequest,
  run: () => Promise<ExecResult | "timeout">,
): Promise<{ exitCode: number }> {
  stdin?.resume();
  const result = await run();
  // Without a time limit there is no timeout.
  if (result === "timeout") return { exitCode: 137 };
  if (result.stdout !== "") stdout?.write(result.stdout);
  if (result.stderr !== "") (tty ? stdout : stderr)?.write(result.stderr);
  return { exitCode: result.exitCode };
}

/** It says nothing until it ends. */
export function stayAttached(
  { stdin, signal }: ProcessStreams,
  onEnd: (ended: () => void) => void,
): Promise<void> {
  stdin?.resume();
  return new Promise((resolve) => {
    onEnd(resolve);
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

export const notAttached = (name: string): RuntimeRefusal =>
  new RuntimeRefusal("AttachError", `cannot attach to container ${name}: it does not run; start it first`);

export const notForwarded = (id: SandboxId, port: number): RuntimeRefusal =>
  new RuntimeRefusal(
    "PortForwardError",
    `cannot forward port ${port} of sandbox ${id}: its containers are only imagined, and nothing listens there`,
  );
