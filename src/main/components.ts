// Owns the composition of controllers and scheduler: what each is handed, and who it is to the API server.
import { hostname } from "node:os";
import { createEventRecorder } from "../client/event-recorder.ts";
import { createInformers } from "../client/informer.ts";
import { createClient } from "../client/kube-client.ts";
import { runAsLeader } from "../client/leader-election.ts";
import { startBootstrapController } from "../controllers/bootstrap/bootstrap-controller.ts";
import { startCertificateController } from "../controllers/certificate/certificate-controller.ts";
import { startDaemonSetController } from "../controllers/daemonset/daemonset-controller.ts";
import { startGarbageController } from "../controllers/garbage/garbage-controller.ts";
import { startNamespaceController } from "../controllers/namespace/namespace-controller.ts";
import { startNodeLifecycleController } from "../controllers/node/node-lifecycle-controller.ts";
import { startPodCollectionController } from "../controllers/node/pod-collection-controller.ts";
import { startTaintEvictionController } from "../controllers/node/taint-eviction-controller.ts";
import type { ControllerPorts } from "../controllers/run-controller.ts";
import { startServiceAccountController } from "../controllers/serviceaccount/service-account-controller.ts";
import { kinds } from "../model/kinds/kinds.ts";
import type { Caller, Transport } from "../model/wire.ts";
import { startScheduler } from "../scheduler/scheduler.ts";
import type { KeyPair } from "../world/certificates.ts";
import { uuid } from "../world/random.ts";
import type { World } from "./world.ts";

export const controllerManagerCaller: Caller = {
  name: "system:kube-controller-manager",
  groups: ["system:authenticated"],
  agent: "kube-controller-manager",
};
export const schedulerCaller: Caller = {
  name: "system:kube-scheduler",
  groups: ["system:authenticated"],
  agent: "kube-scheduler",
};

export interface ComponentOptions {
  readonly transport: Transport;
  readonly signal: AbortSignal;
}

export interface ControllersOptions extends ComponentOptions {
  /** PEM of the cluster's authority, which every namespace's kube-root-ca.crt holds. */
  readonly ca: string | undefined;
  /** What approved certificate requests are signed with; without it none are. */
  readonly signingPair?: KeyPair | undefined;
}

function portsFor(world: World, { transport, signal }: ComponentOptions, component: string): ControllerPorts {
  const { clock, random } = world;
  const log = world.log.with({ component });
  const client = createClient(transport);
  const informers = createInformers({ transport, clock, random, log });
  signal.addEventListener("abort", () => informers.stop(), { once: true });
  return {
    client,
    informers,
    clock,
    random,
    log,
    signal,
    recorder: createEventRecorder({ client, clock, random, log, component, signal }),
  };
}

/** Runs until the signal aborts. */
export async function runControllers(world: World, options: ControllersOptions): Promise<void> {
  const { log } = world;
  const ports = portsFor(world, options, "controller-manager");
  const as = (component: string): ControllerPorts => ({
    ...ports,
    log: log.with({ component }),
    recorder: createEventRecorder({ ...ports, log: log.with({ component }), component }),
  });
  const running = [
    startNodeLifecycleController(as("node-controller")),
    startTaintEvictionController(as("taint-eviction-controller")),
    startPodCollectionController(as("pod-garbage-collector")),
    startGarbageController({ ...as("garbage-collector"), kinds }),
    startNamespaceController({ ...as("namespace-controller"), kinds }),
    startServiceAccountController({ ...as("serviceaccount-controller"), ca: options.ca ?? "" }),
    startBootstrapController(as("bootstrap-signer")),
    startCertificateController({ ...as("certificate-controller"), authority: options.signingPair }),
  ];
  await Promise.all([
    startDaemonSetController(as("daemonset-controller")),
    ...running.map(({ ended }) => ended),
  ]);
}

/** Runs until the signal aborts. */
export async function runScheduler(world: World, options: ComponentOptions): Promise<void> {
  await startScheduler(portsFor(world, options, "default-scheduler"));
}

export interface LeaderOptions extends ComponentOptions {
  readonly lease: string;
  readonly run: (signal: AbortSignal) => Promise<void>;
}

/** Runs only while holding the Lease in kube-system; losing it ends the process, so that its successor starts afresh. */
export function runLeading(
  world: World,
  { transport, signal, lease, run }: LeaderOptions,
): Promise<"ended" | "lost"> {
  return runAsLeader({
    client: createClient(transport),
    clock: world.clock,
    log: world.log,
    identity: `${hostname()}_${uuid(world.random)}`,
    lease: { name: lease, namespace: "kube-system" },
    signal,
    run,
  });
}
