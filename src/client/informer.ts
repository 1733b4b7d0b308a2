// Owns informers as components use them: one followed collection is shared by all who ask for the same.
import type { Descriptor } from "../model/kinds/descriptor.ts";
import type { KubeObject } from "../model/meta.ts";
import type { Informer, InformerOptions, Informers } from "./client.ts";
import { Follower, type FollowPorts } from "./follower.ts";

interface Shared<T extends KubeObject> {
  readonly follower: Follower<T>;
  users: number;
}

/** Starts informers over the transport. An informer's `stop` ends its own subscriptions; the last one ends the watch. */
export function createInformers(ports: FollowPorts): Informers {
  const shared = new Map<string, Shared<KubeObject>>();
  return {
    of<T extends KubeObject>(kind: Descriptor<T>, options: InformerOptions<T> = {}): Informer<T> {
      const { indexes = {}, ...selection } = options;
      const key = JSON.stringify([
        kind.group,
        kind.resource,
        selection.namespace,
        selection.labelSelector,
        selection.fieldSelector,
      ]);
      // The key names the kind, and a kind has one object type.
      let entry = shared.get(key) as Shared<T> | undefined;
      if (entry === undefined) {
        entry = { follower: new Follower(ports, kind, selection), users: 0 };
        shared.set(key, entry as unknown as Shared<KubeObject>);
      }
      entry.users += 1;
      return handleOf(kind, entry, indexes, () => shared.delete(key));
    },
    stop() {
      for (const { follower } of shared.values()) follower.stop();
      shared.clear();
    },
  };
}

function handleOf<T extends KubeObject>(
  kind: Descriptor<T>,
  entry: Shared<T>,
  indexes: NonNullable<InformerOptions<T>["indexes"]>,
  unused: () => void,
): Informer<T> {
  const { copy, synced } = entry.follower;
  const subscriptions = new Set<() => void>();
  let stopped = false;
  for (const indexOf of Object.values(indexes)) copy.addIndex(indexOf);
  return {
    kind,
    synced,
    get: (key) => copy.get(key),
    list: () => copy.list(),
    get size() {
      return copy.size;
    },
    byIndex(index, value) {
      const indexOf = indexes[index];
      if (indexOf === undefined)
        throw new Error(`cannot read index ${index} of ${kind.resource}: it was not asked for`);
      return copy.byIndex(indexOf, value);
    },
    onChange(told) {
      const end = entry.follower.onChange(told);
      subscriptions.add(end);
      return () => {
        subscriptions.delete(end);
        end();
      };
    },
    stop() {
      if (stopped) return;
      stopped = true;
      for (const end of subscriptions) end();
      entry.users -= 1;
      if (entry.users > 0) return;
      entry.follower.stop();
      unused();
    },
  };
}
