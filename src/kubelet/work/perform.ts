// Owns the carrying out of orders: what each asks of runtime, volumes and API, and the signal its outcome comes back as.
import type { Client } from "../../client/client.ts";
import type { Container, Pod } from "../../model/generated/types.ts";
import { pod as podKind } from "../../model/kinds/pod.ts";
import { RuntimeRefusal, type Runtime } from "../../runtime/runtime.ts";
import { pause, type Clock } from "../../world/clock.ts";
import type { Files } from "../../world/files.ts";
import { wordsOf, type Log } from "../../world/log.ts";
import {
  containerConfigOf,
  labelOf,
  logFolderOf,
  normalImage,
  sandboxConfigOf,
} from "../containers/container-config.ts";
import type { LastWords } from "../containers/last-words.ts";
import { resolveEnv } from "../containers/env.ts";
import type { Whereabouts } from "../containers/fields.ts";
import { hostsMount } from "../containers/host-aliases.ts";
import type { References } from "../containers/references.ts";
import type { ContainerOrder, ContainerSignal } from "../life/step-container-types.ts";
import { probeSpecOf } from "../life/step-probe.ts";
import type { Sandbox } from "../life/step-pod-types.ts";
import { removeLogs } from "../logs/log-names.ts";
import type { Volumes } from "../volumes/volumes.ts";
import { exitOf, lostExit } from "./observe.ts";
import type { Prober, ProbeTarget } from "./prober.ts";

/** What a kubelet's pods share. */
export interface Tools {
  readonly runtime: Runtime;
  readonly volumes: Volumes;
  readonly lastWords: LastWords;
  readonly prober: Prober;
  readonly references: References;
  readonly client: Client | undefined;
  readonly clock: Clock;
  readonly log: Log;
  readonly files: Files;
  readonly node: { readonly nodeName: string; readonly podLogsDir: string; readonly hostIp: string };
  readonly whereabouts: (pod: Pod, podIps: readonly string[]) => Whereabouts;
  readonly event: (pod: Pod, type: "Normal" | "Warning", reason: string, message: string) => void;
  readonly signal: AbortSignal;
}

/** What has to succeed in the end is tried until it does. */
export async function stubbornly(tools: Tools, what: string, work: () => Promise<void>): Promise<void> {
  for (let failures = 0; ; failures++) {
    try {
      return await work();
    } catch (thrown) {
      if (tools.signal.aborted) throw thrown;
      tools.log.warn(`cannot ${what}, will try again`, { error: wordsOf(thrown) });
      await pause(tools.clock, Math.min(30_000, 500 * 2 ** failures), tools.signal);
    }
  }
}

const failures = {
  pull: "ErrImagePull",
  create: "CreateContainerError",
  start: "RunContainerError",
} as const;

const refusalOf = (thrown: unknown, step: keyof typeof failures): ContainerSignal => ({
  is: "failed",
  step,
  reason: thrown instanceof RuntimeRefusal ? thrown.reason : failures[step],
  message: wordsOf(thrown),
});

export async function runSandbox(tools: Tools, pod: Pod, attempt: number): Promise<Sandbox> {
  const id = await tools.runtime.runPodSandbox(sandboxConfigOf(pod, attempt, tools.node));
  if (pod.spec?.hostNetwork === true) return { id, ips: [] };
  const ips = (await tools.runtime.listPodSandboxes()).find((sandbox) => sandbox.id === id)?.ips ?? [];
  return { id, ips };
}

export const stopSandbox = (tools: Tools, id: string): Promise<void> =>
  stubbornly(tools, "stop the pod sandbox", () => tools.runtime.stopPodSandbox(id));

export const removeSandbox = (tools: Tools, id: string): Promise<void> =>
  stubbornly(tools, "remove the pod sandbox", async () => {
    await tools.runtime.stopPodSandbox(id);
    await tools.runtime.removePodSandbox(id);
  });

/** Everything a pod has on this node goes. */
export const clearPod = (tools: Tools, pod: Pod): Promise<void> =>
  stubbornly(tools, "clear the pod away", async () => {
    for (const sandbox of await tools.runtime.listPodSandboxes()) {
      if (sandbox.labels[labelOf.podUid] !== pod.metadata.uid && sandbox.pod.uid !== pod.metadata.uid)
        continue;
      await tools.runtime.stopPodSandbox(sandbox.id);
      await tools.runtime.removePodSandbox(sandbox.id);
    }
    await tools.volumes.remove(pod.metadata.uid);
    await tools.files.remove(logFolderOf(tools.node.podLogsDir, pod));
  });

/** The last word: the API's object goes, if it is still this very pod. */
export async function reportGone(tools: Tools, pod: Pod): Promise<void> {
  const { client } = tools;
  if (client === undefined) return;
  const { name, namespace, uid } = pod.metadata;
  await stubbornly(tools, "delete the pod from the API", async () => {
    const answer = await client.of(podKind).delete({ name, namespace }, { uid, graceSeconds: 0 });
    if (answer.is === "refused") throw new Error(answer.status.message ?? "refused");
  });
}

export interface ContainerWork {
  readonly pod: Pod;
  readonly container: Container;
  readonly sandbox: Sandbox;
}
type Told = (signal: ContainerSignal) => void;

async function pullImage(
  { runtime, event }: Tools,
  { pod, container }: ContainerWork,
  tell: Told,
): Promise<void> {
  const image = normalImage(container.image ?? "");
  const policy = container.imagePullPolicy ?? (image.endsWith(":latest") ? "Always" : "IfNotPresent");
  const present = await runtime.imageStatus(image);
  if (present !== "absent" && policy !== "Always") {
    event(pod, "Normal", "Pulled", `Container image "${container.image}" already present on machine`);
    return tell({ is: "image-ready", imageRef: present.id });
  }
  if (policy === "Never") {
    const message = `Container image "${container.image}" is not present with pull policy of Never`;
    return tell({ is: "failed", step: "pull", reason: "ErrImageNeverPull", message });
  }
  event(pod, "Normal", "Pulling", `Pulling image "${container.image}"`);
  const imageRef = await runtime.pullImage(image);
  event(pod, "Normal", "Pulled", `Successfully pulled image "${container.image}"`);
  tell({ is: "image-ready", imageRef });
}

async function createContainer(
  tools: Tools,
  work: ContainerWork,
  attempt: number,
  tell: Told,
): Promise<void> {
  const { pod, container, sandbox } = work;
  const { references } = tools;
  const where = tools.whereabouts(pod, sandbox.ips);
  const env = await resolveEnv({ pod, container, references, where });
  const volumes = await tools.volumes.mountsFor(pod, container, env);
  const podFolder = tools.volumes.podFolder(pod.metadata.uid);
  const mounts = [
    ...volumes,
    ...(await hostsMount(tools.files, podFolder, pod, volumes)),
    ...(await tools.lastWords.mountFor(pod.metadata.uid, container, attempt)),
  ];
  const id = await tools.runtime.createContainer(
    sandbox.id,
    containerConfigOf(pod, container, attempt, { env, mounts }),
  );
  tell({ is: "created", id });
}

async function startContainer(tools: Tools, id: string, tell: Told): Promise<void> {
  const { runtime, clock } = tools;
  await runtime.startContainer(id);
  const status = await runtime.containerStatus(id);
  tell({ is: "started", id, at: (status === "absent" ? undefined : status.startedAt) ?? clock.now() });
  if (status === "absent") return tell({ is: "exited", exit: lostExit(id, clock.now()) });
  const exit = exitOf(await tools.lastWords.of(status));
  if (exit !== undefined) tell({ is: "exited", exit });
}

async function stopContainer(tools: Tools, id: string, grace: number, tell: Told): Promise<void> {
  const { runtime, clock } = tools;
  await stubbornly(tools, "stop the container", () => runtime.stopContainer(id, grace));
  const status = await runtime.containerStatus(id);
  const exit = status === "absent" ? lostExit(id, clock.now()) : exitOf(await tools.lastWords.of(status));
  if (exit !== undefined) tell({ is: "exited", exit });
}

/** The log goes with its container. */
async function removeContainer({ runtime, files, lastWords }: Tools, id: string): Promise<void> {
  const status = await runtime.containerStatus(id);
  await runtime.removeContainer(id);
  lastWords.forget(id);
  if (status !== "absent") await removeLogs(files, status.logPath);
}

/** A start that was refused may yet be under way, as one that an earlier kubelet asked for: it must not come up beside the next attempt. */
async function discardUnstarted(tools: Tools, id: string): Promise<void> {
  await stubbornly(tools, "discard a container that did not start", async () => {
    const status = await tools.runtime.containerStatus(id);
    if (status !== "absent" && status.state === "created") await removeContainer(tools, id);
  });
}

const targetOf = (
  { node }: Tools,
  { container, sandbox }: ContainerWork,
  containerId: string,
): ProbeTarget => ({
  container,
  containerId,
  ip: sandbox.ips[0] ?? node.hostIp,
});

async function runHook(
  tools: Tools,
  work: ContainerWork,
  { id, hook, timeout }: Extract<ContainerOrder, { do: "run-hook" }>,
  tell: Told,
): Promise<void> {
  const handler = work.container.lifecycle?.[hook];
  const error =
    handler === undefined
      ? undefined
      : await tools.prober.hook(handler, targetOf(tools, work, id), timeout).catch(wordsOf);
  tell({ is: "hooked", id, hook, error });
}

async function runProbe(
  tools: Tools,
  work: ContainerWork,
  { id, probe }: Extract<ContainerOrder, { do: "probe" }>,
  tell: Told,
): Promise<void> {
  const spec = probeSpecOf(work.container, probe);
  if (spec === undefined) return;
  const asked = await tools.prober
    .probe(spec, targetOf(tools, work, id))
    .catch((thrown: unknown) => ({ success: false, message: wordsOf(thrown) }));
  tell({ is: "probed", id, probe, success: asked.success, message: asked.message });
}

/** Carries out an order about one container. Failures the machine knows become signals; others are logged. */
export function performForContainer(
  tools: Tools,
  work: ContainerWork,
  order: Exclude<ContainerOrder, { do: "event" }>,
  tell: Told,
): Promise<void> {
  switch (order.do) {
    case "pull-image":
      return pullImage(tools, work, tell).catch((thrown) => tell(refusalOf(thrown, "pull")));
    case "create-container":
      return createContainer(tools, work, order.attempt, tell).catch((thrown) =>
        tell(refusalOf(thrown, "create")),
      );
    case "start-container":
      return startContainer(tools, order.id, tell).catch(async (thrown: unknown) => {
        await discardUnstarted(tools, order.id);
        tell(refusalOf(thrown, "start"));
      });
    case "stop-container":
      return stopContainer(tools, order.id, order.grace, tell);
    case "remove-container":
      return stubbornly(tools, "remove the container", () => removeContainer(tools, order.id));
    case "run-hook":
      return runHook(tools, work, order, tell);
    case "probe":
      break;
  }
  return runProbe(tools, work, order, tell);
}
