// Owns the small words in which tests of the process runtime are written.
import { afterEach, beforeEach, expect, vi } from "vitest";
import type { ContainerConfig, SandboxConfig } from "../../../src/runtime/runtime.ts";
import { realProcesses } from "../../../src/world/real-processes.ts";
import {
  containerConfig,
  type Implementation,
  logOf,
  type Recipe,
  sandboxConfig,
  type Subject,
} from "./subject.ts";

/** The runtime of the test that is running. */
export let subject: Subject;

/** Before each test from here on, a runtime of its own. */
export function eachWith(implementation: Implementation): void {
  beforeEach(async () => {
    subject = await implementation.make();
  });
  afterEach(() => subject.dispose());
}

export const shell = (script: string): Recipe => ({ command: ["sh", "-c", script], behaviour: {} });
export const security = containerConfig(shell("")).security;

export async function start(
  script: string,
  changes: Partial<ContainerConfig> = {},
  pod: Partial<SandboxConfig> = {},
) {
  const sandbox = await subject.runtime.runPodSandbox(sandboxConfig(subject, pod));
  const id = await subject.runtime.createContainer(sandbox, containerConfig(shell(script), changes));
  const refusal = await subject.runtime.startContainer(id).then(
    () => undefined,
    (thrown: Error) => thrown.message,
  );
  return { sandbox, id, refusal };
}

export async function status(id: string) {
  const found = await subject.runtime.containerStatus(id);
  if (found === "absent") throw new Error("absent");
  return found;
}

export const ended = (id: string) =>
  vi.waitFor(
    async () => {
      const found = await status(id);
      expect(found.state).toBe("exited");
      return found;
    },
    { timeout: 90_000, interval: 5 },
  );

export const logged = async (id: string) => logOf((await status(id)).logPath);
export const says = (id: string, line: string) =>
  vi.waitFor(async () => expect(await logged(id)).toContain(line), { interval: 5 });

/** Runs a script to its end and gives what it printed. */
export async function printed(
  script: string,
  changes: Partial<ContainerConfig> = {},
  pod: Partial<SandboxConfig> = {},
) {
  const { id, refusal } = await start(script, changes, pod);
  if (refusal !== undefined) throw new Error(refusal);
  await ended(id);
  return (await logged(id)).map((line) => line.slice("stdout F ".length)).join("\n");
}

export const gone = (pid: number) =>
  vi.waitFor(async () => expect(await realProcesses.identify(pid)).toBe("absent"));
