// Owns the removal of what a vanished node leaves behind: its pods (D.18) and its lease.
import { createWorkQueue } from "../../client/work-queue.ts";
import { seconds, type Millis } from "../../lib/units.ts";
import type { Lease, Pod } from "../../model/generated/types.ts";
import { lease as leaseKind } from "../../model/kinds/lease.ts";
import { node as nodeKind } from "../../model/kinds/node.ts";
import { pod as podKind } from "../../model/kinds/pod.ts";
import { runController, unlessRefused, type ControllerPorts, type Running } from "../run-controller.ts";
import { Heartbeats } from "./heartbeats.ts";
import { leaseNamespace } from "./node-lifecycle-controller.ts";
import { podsByNode } from "./pods-by-node.ts";

export interface PodCollectionOptions extends ControllerPorts {
  /** How long a node must be gone: a node that is only registered anew keeps its pods. */
  readonly quarantine?: Millis;
}

/** A lease still renewed has a living kubelet behind it, which will register its node. */
const leaseSilence: Millis = seconds(40);

export function startPodCollectionController(options: PodCollectionOptions): Running {
  const { informers, clock, client, log, quarantine = seconds(2) } = options;
  const queue = createWorkQueue({ clock, log });
  const nodes = informers.of(nodeKind);
  const pods = informers.of(podKind, { indexes: podsByNode });
  const leases = informers.of(leaseKind, { namespace: leaseNamespace });
  const renewals = new Heartbeats();

  const suspect = (node: string | undefined): void => {
    if (node !== undefined && node !== "" && nodes.get(node) === undefined) queue.addAfter(node, quarantine);
  };
  nodes.onChange((change) => {
    if (change.is === "removed") suspect(change.object.metadata.name);
  });
  pods.onChange((change) => {
    if (change.is !== "removed") suspect(change.object.spec?.nodeName);
  });
  leases.onChange((change) => {
    const { name } = change.object.metadata;
    if (change.is === "removed") return renewals.forget(name);
    renewals.note(name, "lease", change.object.spec?.renewTime ?? "", clock.now());
    suspect(name);
  });

  return runController(
    {
      name: "pod-collection",
      queue,
      informers: [nodes, pods, leases],
      async sync(name) {
        if (nodes.get(name) !== undefined) return;
        // The copy may lag behind a node that has just come back.
        const found = await client.of(nodeKind).get({ name });
        if (unlessRefused(found, `look for node ${name}`).is !== "absent") return;
        for (const pod of Array.from(pods.byIndex("node", name))) await collect(options, pod);
        const lease = leases.get(`${leaseNamespace}/${name}`);
        if (lease === undefined) return;
        const silentAt = renewals.last(name, clock.now()) + leaseSilence;
        if (silentAt > clock.now()) queue.addAfter(name, silentAt - clock.now());
        else await removeLease(options, lease);
      },
    },
    options,
  );
}

async function collect({ client, log }: ControllerPorts, pod: Pod): Promise<void> {
  const { name, namespace, uid } = pod.metadata;
  const answer = await client.of(podKind).delete({ name, namespace }, { uid, graceSeconds: 0 });
  if (unlessRefused(answer, `remove pod ${namespace}/${name} of a vanished node`).is === "ok")
    log.info("pod of a vanished node removed", { pod: `${namespace}/${name}` });
}

/** Only as it was seen: a renewal in the meantime is a sign of life. */
async function removeLease({ client }: ControllerPorts, lease: Lease): Promise<void> {
  const { name, namespace, uid, resourceVersion } = lease.metadata;
  const answer = await client.of(leaseKind).delete({ name, namespace }, { uid, resourceVersion });
  unlessRefused(answer, `remove lease ${name} of a vanished node`);
}
