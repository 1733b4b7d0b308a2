// Owns the kubelet's metrics, as text.
import type { PodSet } from "../pod-set.ts";

/** Counts at this moment, under upstream's names. */
export function metricsText(pods: PodSet): string {
  let runningPods = 0;
  let restarts = 0;
  const containers = { created: 0, running: 0, exited: 0 };
  for (const { state } of pods.all) {
    if (state.is === "running" || state.is === "stopping") runningPods += 1;
    for (const container of Object.values(state.containers)) {
      if (container.is === "starting") containers.created += 1;
      else if ("id" in container) containers.running += 1;
      else if (container.is === "ended" || container.last !== undefined) containers.exited += 1;
      restarts += Math.max(0, container.attempts - 1);
    }
  }
  return [
    "# HELP kubelet_running_pods Number of pods that have a running pod sandbox",
    "# TYPE kubelet_running_pods gauge",
    `kubelet_running_pods ${runningPods}`,
    "# HELP kubelet_running_containers Number of containers by state",
    "# TYPE kubelet_running_containers gauge",
    ...Object.entries(containers).map(
      ([state, count]) => `kubelet_running_containers{container_state="${state}"} ${count}`,
    ),
    "# HELP kubelet_container_restarts Restarts of the containers that are on this node now",
    "# TYPE kubelet_container_restarts gauge",
    `kubelet_container_restarts ${restarts}`,
    "",
  ].join("\n");
}
