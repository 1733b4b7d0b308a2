// Owns what the runtime suite needs of each implementation: making it, restarting it, looking behind it.
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { plainContainer, plainSandbox } from "../../../src/runtime/plain-configs.fixture.ts";
import type { ContainerConfig, Runtime, RuntimeEvent, SandboxConfig } from "../../../src/runtime/runtime.ts";
import { createProcessRuntime } from "../../../src/runtime/process/process-runtime.ts";
import { markFolder } from "../../../src/runtime/process/reap.ts";
import {
  createSimulatedRuntime,
  type SimulatedBehaviour,
} from "../../../src/runtime/simulated/simulated-runtime.ts";
import type { Processes } from "../../../src/world/processes.ts";
import { silentLog } from "../../../src/world/log.ts";
import { realRandom } from "../../../src/world/random.ts";
import { realClock } from "../../../src/world/real-clock.ts";
import { realConnect } from "../../../src/world/real-connect.ts";
import { realFiles } from "../../../src/world/real-files.ts";
import { realProcesses } from "../../../src/world/real-processes.ts";

/** What a container shall do, as a command and as the simulated runtime understands it. */
export interface Recipe {
  readonly command: readonly string[];
  readonly behaviour: SimulatedBehaviour;
}

const sh = (script: string): readonly string[] => ["sh", "-c", script];

/** Its first output tells that it is prepared for signals. */
export const readyLine = "stdout F ready";
const loop = (trap: string) => sh(`${trap}; echo ready; while :; do sleep 0.01; done`);

export const exits = (exitCode: number): Recipe => ({
  command: sh(`exit ${exitCode}`),
  behaviour: { runsFor: 1, exitCode },
});
export const runs: Recipe = { command: ["sleep", "100000"], behaviour: {} };
export const obeysTerm: Recipe = { command: loop("trap 'exit 143' TERM"), behaviour: { stopTakes: 1 } };
export const ignoresTerm: Recipe = {
  command: loop("trap '' TERM"),
  behaviour: { stopTakes: Number.POSITIVE_INFINITY },
};
export const absent: Recipe = {
  command: ["no-such-command"],
  behaviour: { refuses: 'exec: "no-such-command": executable file not found in $PATH' },
};

export interface Subject {
  runtime: Runtime;
  readonly folder: string;
  /** Ends the runtime as its process does on shutdown, and makes it anew over the same containers. */
  restart(): Promise<void>;
  /** Living processes of its containers; none for a runtime without processes. */
  processes(): Promise<readonly number[]>;
  dispose(): Promise<void>;
}

export interface Implementation {
  readonly name: string;
  readonly real: boolean;
  make(): Promise<Subject>;
}

const behaviourLabel = "behaviour";

const processImplementation = (name: string, processes: Processes): Implementation => ({
  name,
  real: true,
  make: async () => {
    const folder = await mkdtemp(join(tmpdir(), "everynode-runtime-"));
    const open = () =>
      createProcessRuntime({
        folder: join(folder, "runtime"),
        files: realFiles,
        processes,
        clock: realClock,
        log: silentLog,
        random: realRandom,
        connect: realConnect,
      });
    const subject: Subject = {
      runtime: await open(),
      folder,
      restart: async () => {
        await subject.runtime.close();
        subject.runtime = await open();
      },
      processes: async () =>
        (await realProcesses.marked(markFolder))
          .filter(({ value }) => value.startsWith(folder))
          .map(({ pid }) => pid),
      dispose: async () => {
        for (const { id } of await subject.runtime.listPodSandboxes())
          await subject.runtime.removePodSandbox(id);
        await subject.runtime.close();
        await rm(folder, { recursive: true, force: true });
      },
    };
    return subject;
  },
});

export const onProcesses = processImplementation("process", realProcesses);

/** As on a machine that permits no namespaces. */
export const onBareProcesses = processImplementation("process without namespaces", {
  ...realProcesses,
  run: (command, options) =>
    command[0].endsWith("/unshare")
      ? Promise.resolve({ code: 1, stdout: "", stderr: "unshare failed: Operation not permitted" })
      : realProcesses.run(command, options),
});

export const simulated: Implementation = {
  name: "simulated",
  real: false,
  make: async () => {
    const behaviours = [runs, obeysTerm, ignoresTerm, absent];
    const runtime = createSimulatedRuntime({
      clock: realClock,
      random: realRandom,
      behaviour: ({ command, labels }) => {
        const words = JSON.stringify(command);
        const code = labels[behaviourLabel];
        if (code !== undefined) return exits(Number(code)).behaviour;
        const known = behaviours.find((recipe) => JSON.stringify(recipe.command) === words)?.behaviour ?? {};
        return { ...known, exec: answerTo };
      },
    });
    return {
      runtime,
      folder: "/nowhere",
      restart: () => runtime.close(),
      processes: () => Promise.resolve([]),
      dispose: () => runtime.close(),
    };
  },
};

function answerTo(command: readonly string[]): {
  exitCode: number;
  stdout: string;
  stderr: string;
  takes?: number;
} {
  if (command[0] === "sleep")
    return { exitCode: 0, stdout: "", stderr: "", takes: Number(command[1]) * 1000 };
  return { exitCode: 3, stdout: "out\n", stderr: "err\n" };
}

let made = 0;

export function sandboxConfig(subject: Subject, changes: Partial<SandboxConfig> = {}): SandboxConfig {
  const uid = `uid-${made++}`;
  return {
    ...plainSandbox(uid, join(subject.folder, "logs", uid)),
    pod: { name: `pod-${uid}`, namespace: "default", uid, attempt: 0 },
    hostname: "pod-host",
    labels: { app: "test" },
    annotations: { note: "kept" },
    hostNetwork: true,
    ...changes,
  };
}

export function containerConfig(recipe: Recipe, changes: Partial<ContainerConfig> = {}): ContainerConfig {
  const code = recipe.behaviour.runsFor === undefined ? undefined : String(recipe.behaviour.exitCode);
  return {
    ...plainContainer,
    image: "example.org/agent:1",
    command: recipe.command,
    labels: code === undefined ? {} : { [behaviourLabel]: code },
    annotations: { note: "kept" },
    ...changes,
  };
}

/** The content of a container's log without times. */
export async function logOf(logPath: string): Promise<string[]> {
  const text = await readFile(logPath, "utf8");
  return text
    .split("\n")
    .slice(0, -1)
    .map((line) => {
      if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z std(?:out|err) [FP] /.test(line))
        throw new Error(`bad line ${line}`);
      return line.slice(line.indexOf(" ") + 1);
    });
}

/** Collects events until stopped. */
export function listen(runtime: Runtime): { readonly events: RuntimeEvent[]; stop(): Promise<void> } {
  const stop = new AbortController();
  const events: RuntimeEvent[] = [];
  const reading = (async () => {
    for await (const event of runtime.events(stop.signal)) events.push(event);
  })();
  return {
    events,
    stop: async () => {
      stop.abort();
      await reading;
    },
  };
}
