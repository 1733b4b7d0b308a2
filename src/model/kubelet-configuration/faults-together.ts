// Owns what is wrong with a KubeletConfiguration's fields taken together, each being right by itself.
import type { KubeletConfiguration } from "./kubelet-configuration.ts";

interface Fault {
  readonly field: string;
  readonly fault: string;
}

function shutdownFaults(of: KubeletConfiguration): Fault[] {
  const { shutdownGracePeriod = 0, shutdownGracePeriodCriticalPods = 0 } = of;
  const byPriority = of.shutdownGracePeriodByPodPriority ?? [];
  const found: Fault[] = [];
  if (shutdownGracePeriodCriticalPods > shutdownGracePeriod)
    found.push({
      field: "shutdownGracePeriodCriticalPods",
      fault: "it is longer than shutdownGracePeriod, of which it is a part",
    });
  for (const [field, length] of [
    ["shutdownGracePeriod", shutdownGracePeriod],
    ["shutdownGracePeriodCriticalPods", shutdownGracePeriodCriticalPods],
  ] as const)
    if (length > 0 && length < 1000) found.push({ field, fault: "it is either 0 or at least 1s" });
  if (byPriority.length > 0 && (shutdownGracePeriod > 0 || shutdownGracePeriodCriticalPods > 0))
    found.push({
      field: "shutdownGracePeriodByPodPriority",
      fault: "it takes the place of shutdownGracePeriod and shutdownGracePeriodCriticalPods: give it or them",
    });
  const priorities = byPriority.map(({ priority }) => priority);
  if (new Set(priorities).size < priorities.length)
    found.push({ field: "shutdownGracePeriodByPodPriority", fault: "it names a priority twice" });
  if (byPriority.some(({ shutdownGracePeriodSeconds }) => shutdownGracePeriodSeconds < 0))
    found.push({
      field: "shutdownGracePeriodByPodPriority",
      fault: "a shutdownGracePeriodSeconds is below 0",
    });
  return found;
}

function evictionFaults(of: KubeletConfiguration): Fault[] {
  const soft = Object.keys(of.evictionSoft ?? {});
  const graced = Object.keys(of.evictionSoftGracePeriod ?? {});
  return [
    ...soft
      .filter((signal) => !graced.includes(signal))
      .map((signal) => ({
        field: "evictionSoft",
        fault: `${signal} has no time in evictionSoftGracePeriod; give it one`,
      })),
    ...graced
      .filter((signal) => !soft.includes(signal))
      .map((signal) => ({
        field: "evictionSoftGracePeriod",
        fault: `${signal} has no threshold in evictionSoft; give it one or take it out`,
      })),
  ];
}

function accessFaults({ authorization }: KubeletConfiguration): Fault[] {
  const { mode } = authorization ?? {};
  return mode === undefined || mode === "AlwaysAllow" || mode === "Webhook"
    ? []
    : [{ field: "authorization.mode", fault: `${JSON.stringify(mode)} is neither Webhook nor AlwaysAllow` }];
}

/** Every fault, in the order of the fields' concerns. */
export const faultsTogether = (of: KubeletConfiguration): readonly Fault[] => [
  ...shutdownFaults(of),
  ...evictionFaults(of),
  ...accessFaults(of),
];
