// Owns the doing of a planned preemption: the pod is told its node, its victims are ended within their grace period.
import type { Client, EventRecorder } from "../client/client.ts";
import type { Pod } from "../model/generated/types.ts";
import { pod as podKind } from "../model/kinds/pod.ts";
import { formatTime } from "../model/time.ts";
import type { Clock } from "../world/clock.ts";
import type { PreemptionPlan } from "./plan-preemption.ts";

interface PreemptPorts {
  readonly client: Client;
  readonly clock: Clock;
  readonly recorder: EventRecorder;
}

type Preemption = Extract<PreemptionPlan, { do: "preempt" }>;

/** Every write names the UID it is meant for: a pod that took a victim's name is none. */
export async function preempt(ports: PreemptPorts, pod: Pod, plan: Preemption): Promise<void> {
  const pods = ports.client.of(podKind);
  const { name, namespace, uid } = pod.metadata;
  const nomination = { metadata: { uid }, status: { nominatedNodeName: plan.node } };
  const told = await pods.patch({ name, namespace }, "merge", nomination, "status");
  // Gone, or another pod by now: nobody is to end for it.
  if (told.is !== "ok") return;
  await Promise.all(plan.victims.map((victim) => end(ports, victim, pod, plan.node)));
}

async function end(
  { client, clock, recorder }: PreemptPorts,
  victim: Pod,
  pod: Pod,
  node: string,
): Promise<void> {
  const pods = client.of(podKind);
  const { name, namespace, uid } = victim.metadata;
  const condition = {
    type: "DisruptionTarget",
    status: "True",
    reason: "PreemptionByScheduler",
    message: `${pod.spec?.schedulerName ?? "default-scheduler"}: preempting to accommodate a higher priority pod`,
    lastTransitionTime: formatTime(clock.now()),
  };
  const patch = { metadata: { uid }, status: { conditions: [condition] } };
  await pods.patch({ name, namespace }, "strategic", patch, "status");
  const answer = await pods.delete({ name, namespace }, { uid });
  if (answer.is === "ok")
    recorder.event(victim, "Normal", "Preempted", `Preempted by pod ${pod.metadata.uid} on node ${node}`);
}
