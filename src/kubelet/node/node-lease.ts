// Owns the node's heartbeat: one Lease in kube-node-lease, renewed again and again.
import type { Client } from "../../client/client.ts";
import { withoutManagedFields } from "../../client/own-metadata.ts";
import type { Instant } from "../../lib/units.ts";
import type { Lease, Node } from "../../model/generated/types.ts";
import { lease as leaseKind } from "../../model/kinds/lease.ts";
import type { Draft } from "../../model/meta.ts";
import { formatMicroTime } from "../../model/time.ts";

const namespace = "kube-node-lease";
const durationSeconds = 40;

export class NodeLease {
  private readonly client: Client;
  private known: Lease | undefined;

  constructor(client: Client) {
    this.client = client;
  }

  /** Rejects where the API can't be asked or refuses. */
  async renew(node: Node, now: Instant): Promise<void> {
    const leases = this.client.of(leaseKind);
    const { name } = node.metadata;
    for (let attempt = 0; attempt < 5; attempt++) {
      const answer =
        this.known === undefined
          ? await leases.create(freshLease(node, now))
          : await leases.update(renewed(this.known, node, now));
      if (answer.is === "ok") {
        this.known = answer.object;
        return;
      }
      if (answer.is === "refused") throw new Error(answer.status.message ?? "the lease is refused");
      const found = await leases.get({ name, namespace });
      this.known = found.is === "ok" ? found.object : undefined;
    }
    throw new Error(`cannot renew lease ${name}: others change it without pause`);
  }
}

const renewed = ({ apiVersion, kind, metadata, spec }: Lease, node: Node, now: Instant): Lease => ({
  apiVersion,
  kind,
  metadata: withoutManagedFields(metadata),
  spec: { ...spec, ...specOf(node, now) },
});

const specOf = (node: Node, now: Instant) => ({
  holderIdentity: node.metadata.name,
  leaseDurationSeconds: durationSeconds,
  renewTime: formatMicroTime(now),
});

const freshLease = (node: Node, now: Instant): Draft<Lease> => ({
  apiVersion: "coordination.k8s.io/v1",
  kind: "Lease",
  metadata: {
    name: node.metadata.name,
    namespace,
    // So that it goes with the node.
    ownerReferences: [{ apiVersion: "v1", kind: "Node", name: node.metadata.name, uid: node.metadata.uid }],
  },
  spec: specOf(node, now),
});
