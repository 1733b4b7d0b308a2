// Owns the ending of a node's pods as the machine goes down: stage by stage, each for no longer than it may take.
import type { Millis } from "../../lib/units.ts";
import type { ShutdownGrace } from "../../model/kubelet-configuration/kubelet-configuration.ts";
import { pause } from "../../world/clock.ts";
import type { PodSet } from "../pod-set.ts";
import { isStatic } from "../sources/source.ts";
import type { Tools } from "../work/perform.ts";
import type { PodWorker } from "../work/pod-worker.ts";
import { planShutdown, type ShutdownStage } from "./plan-shutdown.ts";

const lookEvery: Millis = 50;
// What a kill and its telling take beyond the grace.
const afterwards: Millis = 1000;

/** Upstream's words. */
const verdict = {
  reason: "Terminated",
  message: "Pod was terminated in response to imminent node shutdown.",
  isDisruption: true,
};

async function carryOut(
  tools: Tools,
  stage: ShutdownStage,
  workers: ReadonlyMap<string, PodWorker>,
): Promise<void> {
  const { clock, log, signal } = tools;
  log.info("shutting down", { priority: stage.priority, pods: stage.pods.length, within: stage.limit });
  const ending: PodWorker[] = [];
  for (const { uid, graceSeconds } of stage.pods) {
    const worker = workers.get(uid);
    if (worker === undefined) continue;
    worker.fail(verdict, graceSeconds);
    ending.push(worker);
  }
  const end = clock.now() + stage.limit + afterwards;
  while (ending.some((worker) => !worker.isOver) && clock.now() < end && !signal.aborted)
    await pause(clock, lookEvery, signal).catch(() => undefined);
}

/** Resolves when every pod has ended or had its time, and the API has been told. */
export async function shutDownPods(
  tools: Tools,
  pods: PodSet,
  graces: readonly ShutdownGrace[],
): Promise<void> {
  const active = Array.from(pods.all).filter((worker) => worker.isActive);
  const workers = new Map(active.map((worker) => [worker.pod.metadata.uid, worker]));
  const stages = planShutdown(
    active.map(({ pod }) => ({ pod, isStatic: isStatic(pod) })),
    graces,
  );
  for (const stage of stages) await carryOut(tools, stage, workers);
  const told = Promise.all(active.map((worker) => worker.flush()));
  // An API that can't be reached any more holds nothing up.
  await Promise.race([told, pause(tools.clock, 2000, tools.signal).catch(() => undefined)]);
}
