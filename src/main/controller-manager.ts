// Owns `everynode controller-manager`: the controllers as a process of their own, against any Kubernetes API server.
import type { LogLevel } from "../world/log.ts";
import type { KeyPair } from "../world/certificates.ts";
import type { Files } from "../world/files.ts";
import { readPem } from "./read-pem.ts";
import { reachCluster } from "./cluster-access.ts";
import { runControllers, runLeading } from "./components.ts";
import { endingSignal } from "./ending.ts";
import { serveHealth, type HealthPort } from "./health-port.ts";
import { Refusal } from "./refusal.ts";
import { realWorld } from "./world.ts";

export interface ComponentCommand extends HealthPort {
  readonly kubeconfig: string;
  readonly leaderElect: boolean;
  readonly logLevel: LogLevel;
}

export interface ControllerManagerCommand extends ComponentCommand {
  readonly clusterSigningCertFile?: string;
  readonly clusterSigningKeyFile?: string;
}

/** Works until SIGINT or SIGTERM. */
export async function runControllerManager(options: ControllerManagerCommand): Promise<void> {
  const world = realWorld(options.logLevel);
  const signal = endingSignal();
  const { access, transport } = await reachCluster(world, options.kubeconfig, "kube-controller-manager");
  const signingPair = await signingPairOf(world.files, options);
  const run = (running: AbortSignal) =>
    runControllers(world, { transport, signal: running, ca: access.ca, signingPair });
  const health = await serveHealth(world, options);
  if (!options.leaderElect) {
    await run(signal);
    return health.close();
  }
  const how = await runLeading(world, { transport, signal, lease: "kube-controller-manager", run });
  await health.close();
  if (how === "lost")
    throw new Refusal(
      "cannot go on as controller manager: another one holds the Lease; start it again to wait for its turn",
    );
}

/** The authority that signs what is approved; undefined where none is given, and nothing is signed. */
async function signingPairOf(files: Files, flags: ControllerManagerCommand): Promise<KeyPair | undefined> {
  const { clusterSigningCertFile: cert, clusterSigningKeyFile: key } = flags;
  if (cert === undefined && key === undefined) return undefined;
  if (cert === undefined || key === undefined)
    throw new Refusal(
      "cannot sign certificates: one of --cluster-signing-cert-file and --cluster-signing-key-file is missing; give both or neither",
      2,
    );
  return {
    cert: await readPem(files, "--cluster-signing-cert-file", cert),
    key: await readPem(files, "--cluster-signing-key-file", key),
  };
}
