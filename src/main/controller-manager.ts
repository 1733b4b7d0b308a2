// Owns `everynode controller-manager`: the controllers as a process of their own, against any Kubernetes API server.
import type { LogLevel } from "../world/log.ts";
import { reachCluster } from "./cluster-access.ts";
import { runControllers, runLeading } from "./components.ts";
import { endingSignal } from "./ending.ts";
import { Refusal } from "./refusal.ts";
import { realWorld } from "./world.ts";

export interface ComponentCommand {
  readonly kubeconfig: string;
  readonly leaderElect: boolean;
  readonly logLevel: LogLevel;
}

/** Works until SIGINT or SIGTERM. */
export async function runControllerManager(options: ComponentCommand): Promise<void> {
  const world = realWorld(options.logLevel);
  const signal = endingSignal();
  const { access, transport } = await reachCluster(world, options.kubeconfig, "kube-controller-manager");
  const run = (running: AbortSignal) => runControllers(world, { transport, signal: running, ca: access.ca });
  if (!options.leaderElect) return run(signal);
  const how = await runLeading(world, { transport, signal, lease: "kube-controller-manager", run });
  if (how === "lost")
    throw new Refusal(
      "cannot go on as controller manager: another one holds the Lease; start it again to wait for its turn",
    );
}
