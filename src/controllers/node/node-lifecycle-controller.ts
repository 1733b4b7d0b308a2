// Owns the watch over nodes: silent ones become Unknown, conditions and cordons become taints, pods of lost nodes not ready.
import { seconds, type Instant, type Millis } from "../../lib/units.ts";
import { createWorkQueue } from "../../client/work-queue.ts";
import type { Lease, Node, NodeCondition, Pod } from "../../model/generated/types.ts";
import { lease as leaseKind } from "../../model/kinds/lease.ts";
import { node as nodeKind } from "../../model/kinds/node.ts";
import { pod as podKind } from "../../model/kinds/pod.ts";
import { runController, unlessRefused, type ControllerPorts, type Running } from "../run-controller.ts";
import { Heartbeats } from "./heartbeats.ts";
import { conditionOf, planNodeHealth, type Graces } from "./plan-node-health.ts";
import { planPodReadiness, transitionOf } from "./plan-pod-readiness.ts";
import { planTaints } from "./plan-taints.ts";
import { podsByNode } from "./pods-by-node.ts";

export const leaseNamespace = "kube-node-lease";

const argumentPeriod: Millis = seconds(5);
const gracesDefault: Graces = { silence: seconds(40), startup: seconds(60) };

export interface NodeLifecycleOptions extends ControllerPorts {
  readonly graces?: Graces;
}

/** A restarted controller has heard of no node yet, so every node has its full grace again. */
export function startNodeLifecycleController(options: NodeLifecycleOptions): Running {
  const { informers, clock, log } = options;
  const queue = createWorkQueue({ clock, log });
  const nodes = informers.of(nodeKind);
  const leases = informers.of(leaseKind, { namespace: leaseNamespace });
  const pods = informers.of(podKind, { indexes: podsByNode });
  const keeper = new NodeKeeper(options);

  nodes.onChange((change) => {
    const { name } = change.object.metadata;
    if (change.is === "removed") keeper.forget(name);
    else keeper.heardStatus(change.object);
    queue.add(name);
  });
  leases.onChange((change) => {
    // Only noted: a timer looks at each node once a grace, not at every renewal.
    if (change.is !== "removed") keeper.heardLease(change.object);
  });
  pods.onChange((change) => {
    const nodeName = change.object.spec?.nodeName;
    if (change.is === "removed" || nodeName === undefined) return;
    const node = nodes.get(nodeName);
    // A kubelet that is back posts its pods before its node: it is argued with at a pace that costs nothing.
    if (node !== undefined && conditionOf(node, "Ready")?.status === "Unknown")
      queue.addAfter(nodeName, argumentPeriod);
  });

  return runController(
    {
      name: "node-lifecycle",
      queue,
      informers: [nodes, leases, pods],
      async sync(name) {
        const node = nodes.get(name);
        if (node === undefined) return;
        const lookAgain = await keeper.keep(node, () => pods.byIndex("node", name));
        if (lookAgain !== undefined) queue.addAfter(name, lookAgain - clock.now());
      },
    },
    options,
  );
}

class NodeKeeper {
  private readonly ports: NodeLifecycleOptions;
  private readonly heartbeats = new Heartbeats();
  /** By node, the transition its pods were told of. */
  private readonly told = new Map<string, string>();

  constructor(ports: NodeLifecycleOptions) {
    this.ports = ports;
  }

  heardStatus(node: Node): void {
    const posted = conditionOf(node, "Ready")?.lastHeartbeatTime;
    if (posted !== undefined)
      this.heartbeats.note(node.metadata.name, "status", posted, this.ports.clock.now());
  }

  heardLease(lease: Lease): void {
    const renewed = lease.spec?.renewTime;
    if (renewed !== undefined)
      this.heartbeats.note(lease.metadata.name, "lease", renewed, this.ports.clock.now());
  }

  forget(name: string): void {
    this.heartbeats.forget(name);
    this.told.delete(name);
  }

  /** When to look at the node again unless something changes. */
  async keep(seen: Node, podsOn: () => Iterable<Pod>): Promise<Instant | undefined> {
    const { clock, graces = gracesDefault } = this.ports;
    const { name } = seen.metadata;
    const now = clock.now();
    const health = planNodeHealth(seen, this.heartbeats.last(name, now), now, graces);
    const node = health.is === "silent" ? await this.silence(seen, health.conditions) : seen;
    if (node === undefined) return undefined;
    await this.taint(node);
    await this.unready(node, [...podsOn()]);
    return health.is === "heard" ? health.lookAgain : undefined;
  }

  /** The node as it then is; undefined where somebody else was faster and brings it back. */
  private async silence(node: Node, conditions: readonly NodeCondition[]): Promise<Node | undefined> {
    const { client, recorder, log } = this.ports;
    const { name, resourceVersion } = node.metadata;
    const patch = { metadata: { resourceVersion }, status: { conditions } };
    const answer = await client.of(nodeKind).patch({ name }, "merge", patch, "status");
    const done = unlessRefused(answer, `mark node ${name} as silent`);
    if (done.is !== "ok") return undefined;
    log.info("node is silent", { node: name });
    recorder.event(node, "Normal", "NodeNotReady", `Node ${name} status is now: NodeNotReady`);
    return done.object;
  }

  private async taint(node: Node): Promise<void> {
    const taints = planTaints(node, this.ports.clock.now());
    if (taints === "right") return;
    const { name, resourceVersion } = node.metadata;
    const patch = { metadata: { resourceVersion }, spec: { taints } };
    unlessRefused(await this.ports.client.of(nodeKind).patch({ name }, "merge", patch), `taint node ${name}`);
  }

  private async unready(node: Node, pods: Iterable<Pod>): Promise<void> {
    const { client, clock, recorder } = this.ports;
    const { name } = node.metadata;
    for (const { pod, conditions } of planPodReadiness(node, pods, this.told.get(name), clock.now())) {
      const { name, namespace, resourceVersion } = pod.metadata;
      const patch = { metadata: { resourceVersion }, status: { conditions } };
      const answer = await client.of(podKind).patch({ name, namespace }, "merge", patch, "status");
      if (unlessRefused(answer, `mark pod ${namespace}/${name} as not ready`).is === "ok")
        recorder.event(pod, "Warning", "NodeNotReady", "Node is not ready");
    }
    this.told.set(name, transitionOf(node));
  }
}
