// Owns in which order a node that shuts down ends its pods, and how long each gets (kubernetes.io/docs: graceful node shutdown).
import type { Millis } from "../../lib/units.ts";
import type { Pod } from "../../model/generated/types.ts";
import type {
  KubeletConfiguration,
  ShutdownGrace,
} from "../../model/kubelet-configuration/kubelet-configuration.ts";

export interface ShutdownStage {
  /** Pods of this priority and above, up to the next stage's. */
  readonly priority: number;
  /** The next stage begins no later than this after it. */
  readonly limit: Millis;
  readonly pods: readonly { readonly uid: string; readonly graceSeconds: number }[];
}

const ordinary = 0;
const systemCritical = 2_000_000_000;

/** How long pods of which priority get; none where the node ends no pods as it shuts down. */
export function shutdownGraces(of: KubeletConfiguration): readonly ShutdownGrace[] {
  const { shutdownGracePeriod = 0, shutdownGracePeriodCriticalPods = 0 } = of;
  const byPriority = of.shutdownGracePeriodByPodPriority ?? [];
  if (byPriority.length > 0) return [...byPriority].sort((a, b) => a.priority - b.priority);
  if (shutdownGracePeriod === 0) return [];
  const secondsOf = (length: Millis) => Math.floor(length / 1000);
  return [
    {
      priority: ordinary,
      shutdownGracePeriodSeconds: secondsOf(shutdownGracePeriod - shutdownGracePeriodCriticalPods),
    },
    { priority: systemCritical, shutdownGracePeriodSeconds: secondsOf(shutdownGracePeriodCriticalPods) },
  ];
}

/** A static pod is as critical as any: others may need what it does until the end. */
const priorityOf = (pod: Pod, isStatic: boolean): number =>
  isStatic ? Math.max(systemCritical, pod.spec?.priority ?? 0) : (pod.spec?.priority ?? 0);

/** The stages one after the other; those that have no pods are left out. */
export function planShutdown(
  pods: readonly { readonly pod: Pod; readonly isStatic: boolean }[],
  graces: readonly ShutdownGrace[],
): readonly ShutdownStage[] {
  const ordered = [...graces].sort((a, b) => a.priority - b.priority);
  const stages = ordered.map(({ priority, shutdownGracePeriodSeconds }) => ({
    priority,
    graceSeconds: shutdownGracePeriodSeconds,
    pods: [] as { uid: string; graceSeconds: number }[],
  }));
  for (const { pod, isStatic } of pods) {
    const priority = priorityOf(pod, isStatic);
    const stage = stages.findLast((one) => one.priority <= priority) ?? stages[0];
    const own = pod.spec?.terminationGracePeriodSeconds ?? 30;
    stage?.pods.push({ uid: pod.metadata.uid, graceSeconds: Math.min(own, stage.graceSeconds) });
  }
  return stages
    .filter((stage) => stage.pods.length > 0)
    .map((stage) => ({ priority: stage.priority, limit: stage.graceSeconds * 1000, pods: stage.pods }));
}
