// Owns the local picture of who owns whom, over every kind.
import type { Client, Informer, InformerChange, Informers } from "../../client/client.ts";
import { keyOf, refOf } from "../../client/resource-path.ts";
import { Recent } from "../../lib/recent.ts";
import type { OwnerReference } from "../../model/generated/types.ts";
import type { Descriptor } from "../../model/kinds/descriptor.ts";
import type { KubeObject } from "../../model/meta.ts";
import { unlessRefused } from "../run-controller.ts";
import { waitsForDependents, type OwnerState } from "./plan-garbage.ts";

export interface Member {
  readonly kind: Descriptor;
  readonly object: KubeObject;
}

const ownersOf = (object: KubeObject): readonly string[] =>
  (object.metadata.ownerReferences ?? []).map((owner) => owner.uid);
const byOwner = { owner: ownersOf };

const groupOf = (apiVersion: string): string =>
  apiVersion.includes("/") ? apiVersion.slice(0, apiVersion.indexOf("/")) : "";

export class OwnerGraph {
  readonly informers: Informer<KubeObject>[] = [];
  private readonly client: Client;
  private readonly factory: Informers;
  private told: ((change: InformerChange<KubeObject>, kind: Descriptor) => void) | undefined;
  private readonly byKind = new Map<string, Informer<KubeObject>>();
  private readonly byResource = new Map<string, Informer<KubeObject>>();
  /** UIDs known to be gone, which never come back. */
  private readonly gone = new Recent<true>();

  constructor(client: Client, informers: Informers, kinds: readonly Descriptor[]) {
    this.client = client;
    this.factory = informers;
    for (const kind of kinds) this.add(kind);
  }

  /** Objects of the kind are looked after from now on. */
  add(kind: Descriptor): Informer<KubeObject> {
    const informer = this.factory.of(kind, { indexes: byOwner });
    this.informers.push(informer);
    this.byKind.set(`${kind.group}/${kind.kind}`, informer);
    this.byResource.set(`${kind.group}/${kind.resource}`, informer);
    this.follow(informer);
    return informer;
  }

  remove(kind: Descriptor): void {
    const place = `${kind.group}/${kind.resource}`;
    const informer = this.byResource.get(place);
    if (informer === undefined) return;
    informer.stop();
    this.informers.splice(this.informers.indexOf(informer), 1);
    this.byKind.delete(`${kind.group}/${kind.kind}`);
    this.byResource.delete(place);
  }

  /** Those that name an owner of the kind. */
  *dependentsOfKind(kind: Descriptor): Iterable<Member> {
    for (const informer of this.informers)
      for (const object of informer.list())
        for (const owner of object.metadata.ownerReferences ?? [])
          if (owner.kind === kind.kind && groupOf(owner.apiVersion) === kind.group)
            yield { kind: informer.kind, object };
  }

  onChange(told: (change: InformerChange<KubeObject>, kind: Descriptor) => void): void {
    this.told = told;
    for (const informer of this.informers) this.follow(informer);
  }

  private follow(informer: Informer<KubeObject>): void {
    const { told } = this;
    if (told === undefined) return;
    informer.onChange((change) => {
      if (change.is === "removed") this.gone.set(change.object.metadata.uid, true);
      told(change, informer.kind);
    });
  }

  /** Names the object in a work queue. */
  keyOf({ kind, object }: Member): string {
    return `${kind.group}/${kind.resource} ${keyOf(object)}`;
  }

  member(key: string): Member | undefined {
    const space = key.indexOf(" ");
    const informer = this.byResource.get(key.slice(0, space));
    const object = informer?.get(key.slice(space + 1));
    return informer === undefined || object === undefined ? undefined : { kind: informer.kind, object };
  }

  *dependentsOf(uid: string): Iterable<Member> {
    for (const informer of this.informers)
      for (const object of informer.byIndex("owner", uid)) yield { kind: informer.kind, object };
  }

  /** The owner as the local copies have it. */
  known(dependent: KubeObject, owner: OwnerReference): Member | undefined {
    const place = this.placeOf(dependent, owner);
    const object = place?.informer.get(place.key);
    return place === undefined || object?.metadata.uid !== owner.uid
      ? undefined
      : { kind: place.informer.kind, object };
  }

  /** Whether all its owners are there and none waits for it: they will tell when they go. */
  isKept(object: KubeObject): boolean {
    if (object.metadata.deletionTimestamp !== undefined) return false;
    for (const owner of object.metadata.ownerReferences ?? []) {
      const known = this.known(object, owner);
      if (known === undefined || waitsForDependents(known.object)) return false;
    }
    return true;
  }

  /** The owner's state: from the copy where it is there, else asked of the server, for the copy may lag. */
  async stateOf(dependent: KubeObject, owner: OwnerReference): Promise<OwnerState> {
    const known = this.known(dependent, owner);
    if (known !== undefined) return stateOf(known.object);
    const place = this.placeOf(dependent, owner);
    if (place === undefined) return "unknown";
    if (this.gone.get(owner.uid) === true) return "absent";
    const found = await this.client.of(place.informer.kind).get(refOf(place.key));
    const answer = unlessRefused(found, `look for owner ${owner.kind} ${place.key}`);
    if (answer.is === "ok" && answer.object.metadata.uid === owner.uid) return stateOf(answer.object);
    if (answer.is !== "ok" && answer.is !== "absent") return "unknown";
    this.gone.set(owner.uid, true);
    return "absent";
  }

  // Owners are named without a namespace: they stand in the dependent's own, or in none.
  private placeOf(dependent: KubeObject, owner: OwnerReference) {
    const informer = this.byKind.get(`${groupOf(owner.apiVersion)}/${owner.kind}`);
    if (informer === undefined) return undefined;
    const { namespace } = dependent.metadata;
    if (!informer.kind.namespaced) return { informer, key: owner.name };
    return namespace === undefined ? undefined : { informer, key: `${namespace}/${owner.name}` };
  }
}

const stateOf = (owner: KubeObject): OwnerState =>
  waitsForDependents(owner) ? "waits-for-dependents" : "present";
