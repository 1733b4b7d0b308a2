// Owns a bystander that follows the API by real informers over the bad network, to compare what it holds with the store.
import type { Informer, Informers } from "../../src/client/client.ts";
import { controllerRevision } from "../../src/model/kinds/controller-revision.ts";
import { daemonSet } from "../../src/model/kinds/daemon-set.ts";
import { node } from "../../src/model/kinds/node.ts";
import { pod } from "../../src/model/kinds/pod.ts";
import type { KubeObject } from "../../src/model/meta.ts";
import type { Ledger } from "./ledger.ts";

interface Followed {
  readonly folder: string;
  readonly informer: Pick<Informer<never>, "size" | "stop"> & { list(): Iterable<KubeObject> };
}

const identity = ({ metadata: { namespace = "", name, uid, resourceVersion } }: KubeObject): string =>
  `${namespace}/${name} ${uid} at ${resourceVersion}`;

export class Watcher {
  private readonly followed: readonly Followed[];
  private readonly ledger: Ledger;

  constructor(informers: Informers, ledger: Ledger) {
    this.ledger = ledger;
    this.followed = [pod, node, daemonSet, controllerRevision].map((kind) => ({
      folder: kind.storeFolder,
      informer: informers.of<never>(kind as never),
    }));
  }

  /** Where the copies and the store part. Empty once everything has arrived, if nothing was lost. */
  differences(): string[] {
    const found: string[] = [];
    for (const { folder, informer } of this.followed) {
      const copied = new Set([...informer.list()].map(identity));
      const stored = new Set(this.ledger.all(folder).map(identity));
      for (const one of stored) if (!copied.has(one)) found.push(`${folder}: the copy lacks ${one}`);
      for (const one of copied)
        if (!stored.has(one)) found.push(`${folder}: the copy has ${one}, the store hasn't`);
    }
    return found;
  }
}
