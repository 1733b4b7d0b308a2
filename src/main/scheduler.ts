// Owns `everynode scheduler`: the scheduler as a process of its own, against any Kubernetes API server.
import { reachCluster } from "./cluster-access.ts";
import { runLeading, runScheduler as schedule } from "./components.ts";
import type { ComponentCommand } from "./controller-manager.ts";
import { endingSignal } from "./ending.ts";
import { serveHealth } from "./health-port.ts";
import { Refusal } from "./refusal.ts";
import { realWorld } from "./world.ts";

/** Works until SIGINT or SIGTERM. */
export async function runScheduler(options: ComponentCommand): Promise<void> {
  const world = realWorld(options.logLevel);
  const signal = endingSignal();
  const { transport } = await reachCluster(world, options.kubeconfig, "kube-scheduler");
  const run = (running: AbortSignal) => schedule(world, { transport, signal: running });
  const health = await serveHealth(world, options);
  if (!options.leaderElect) {
    await run(signal);
    return health.close();
  }
  const how = await runLeading(world, { transport, signal, lease: "kube-scheduler", run });
  await health.close();
  if (how === "lost")
    throw new Refusal(
      "cannot go on as scheduler: another one holds the Lease; start it again to wait for its turn",
    );
}
