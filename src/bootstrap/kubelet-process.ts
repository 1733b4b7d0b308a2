// Owns the kubelet's process where no service manager does: starting it, finding it, telling whether it is healthy, ending it.
import type { Clock } from "../world/clock.ts";
import { pause } from "../world/clock.ts";
import type { Files } from "../world/files.ts";
import type { HttpClient, Network } from "../world/http.ts";
import type { ProcessIdentity, Processes } from "../world/processes.ts";
import { CannotBootstrap } from "./cannot.ts";
import type { Layout } from "./layout.ts";
import { isKubeletOf } from "./plan-kubelet.ts";

export interface KubeletPorts {
  readonly clock: Clock;
  readonly files: Files;
  readonly processes: Processes;
}

export interface StartedKubelet {
  readonly pid: number;
  readonly ended: Promise<unknown>;
}

/** Starts it in a session of its own: it goes on when we end. */
export async function startKubelet(
  { files, processes }: Pick<KubeletPorts, "files" | "processes">,
  layout: Layout,
  command: readonly [string, ...string[]],
  env: Readonly<Record<string, string>>,
): Promise<StartedKubelet> {
  const { pid, ended } = await processes.spawn({
    command,
    env,
    workingFolder: layout.dataDir,
    stdout: layout.kubeletLog,
    stderr: layout.kubeletLog,
  });
  await files.writeText(layout.kubeletPid, `${pid}\n`);
  return { pid, ended };
}

/** Every kubelet that runs over the root folder, whoever started it. */
export async function kubeletsOf(processes: Processes, kubeletRoot: string): Promise<ProcessIdentity[]> {
  const found: ProcessIdentity[] = [];
  for (const { pid, started } of await processes.all()) {
    const words = await processes.commandLine(pid);
    if (words !== "absent" && isKubeletOf(words, kubeletRoot)) found.push({ pid, started });
  }
  return found;
}

const answerMax = 5000;

/** Whether what the URL leads to says that all is well. */
async function isHealthy(clock: Clock, client: HttpClient, url: string): Promise<boolean> {
  const late = new AbortController();
  const cancel = clock.after(answerMax, () => late.abort());
  try {
    const response = await client.request({ method: "GET", url, signal: late.signal });
    await response.discard();
    return response.status === 200;
  } catch {
    return false;
  } finally {
    cancel();
  }
}

const lookAgain = 100;

/** The last lines of a log that a person should see. */
export async function logTail(files: Files, path: string): Promise<string> {
  const size = (await files.facts(path))?.size ?? 0;
  const from = Math.max(0, size - 2000);
  const bytes = await files.readBytes(path, from, 2000);
  return new TextDecoder()
    .decode(bytes ?? new Uint8Array())
    .trim()
    .split("\n")
    .slice(-5)
    .join("\n");
}

export interface Wait {
  readonly clock: Clock;
  readonly network: Network;
  readonly timeout: number;
  /** What to say where the time is over. */
  readonly orElse: () => Promise<string>;
  /** Resolves where waiting on has no sense any more. */
  readonly broken?: Promise<unknown>;
}

/** Resolves once each URL answers healthy; tells each as it does. */
export async function untilHealthy(
  wait: Wait,
  urls: Readonly<Record<string, string>>,
  told: (name: string) => void,
): Promise<void> {
  const { clock, network } = wait;
  // Whether something listens and feels well is asked of components whose certificates we made, or that made their own.
  const client = network.client({ insecureSkipVerify: true });
  let isBroken = false;
  void wait.broken?.then(() => (isBroken = true));
  const waiting = new Map(Object.entries(urls));
  const end = clock.now() + wait.timeout;
  try {
    while (waiting.size > 0) {
      for (const [name, url] of waiting)
        if (await isHealthy(clock, client, url)) {
          waiting.delete(name);
          told(name);
        }
      if (waiting.size === 0) return;
      if (isBroken || clock.now() > end)
        throw new CannotBootstrap(
          `cannot go on: ${[...waiting.keys()].join(", ")} ${isBroken ? "cannot become healthy any more" : `not healthy within ${wait.timeout / 1000} s`}; ${await wait.orElse()}`,
        );
      await pause(clock, lookAgain);
    }
  } finally {
    await client.close();
  }
}

const graceMax = 20_000;

/** Ends every kubelet of the root folder. Those that come back have somebody who starts them. */
export async function endKubelets(
  { clock, processes }: Pick<KubeletPorts, "clock" | "processes">,
  kubeletRoot: string,
): Promise<number> {
  const ended = new Set<number>();
  const from = clock.now();
  for (;;) {
    const found = await kubeletsOf(processes, kubeletRoot);
    if (found.length === 0) return ended.size;
    const revived = found.find(({ pid }) => ended.size > 0 && !ended.has(pid));
    if (revived !== undefined)
      throw new CannotBootstrap(
        `cannot end the kubelet of ${kubeletRoot}: it was started again as process ${revived.pid}; stop the service that does so first (systemctl disable --now …)`,
      );
    const patient = clock.now() - from < graceMax;
    for (const { pid } of found) {
      if (!ended.has(pid) || !patient) processes.signal(pid, patient ? "SIGTERM" : "SIGKILL");
      ended.add(pid);
    }
    await pause(clock, lookAgain);
  }
}
