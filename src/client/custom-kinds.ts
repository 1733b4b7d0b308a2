// Owns the custom kinds as a component sees them: those that CustomResourceDefinitions define, as they come and go.
import { customKindsOf } from "../model/custom/custom-kind.ts";
import type { CustomResourceDefinition } from "../model/generated/types.ts";
import { customResourceDefinition } from "../model/kinds/custom-resource-definition/custom-resource-definition.ts";
import type { Descriptor } from "../model/kinds/descriptor.ts";
import type { Informer, Informers } from "./client.ts";

export interface KindsChange {
  readonly is: "added" | "removed";
  /** In its preferred version. */
  readonly kind: Descriptor;
}

export interface CustomKinds {
  readonly informer: Pick<Informer<CustomResourceDefinition>, "synced" | "stop">;
  list(): Iterable<Descriptor>;
  /** Told of those there are, then of each that comes or goes; one whose versions change goes and comes. */
  onChange(told: (change: KindsChange) => void): void;
}

export function followCustomKinds(informers: Informers): CustomKinds {
  const definitions = informers.of(customResourceDefinition);
  const known = new Map<string, Descriptor>();
  const listeners: ((change: KindsChange) => void)[] = [];
  const tell = (change: KindsChange): void => {
    for (const told of listeners) told(change);
  };
  definitions.onChange(({ is, object }) => {
    const { name } = object.metadata;
    const before = known.get(name);
    const now = is === "removed" ? undefined : customKindsOf(object)?.served[0];
    if (before !== undefined && now !== undefined && before.version === now.version) return;
    if (before !== undefined) {
      known.delete(name);
      tell({ is: "removed", kind: before });
    }
    if (now === undefined) return;
    known.set(name, now);
    tell({ is: "added", kind: now });
  });
  return {
    informer: definitions,
    list: () => known.values(),
    onChange(told) {
      listeners.push(told);
      for (const kind of known.values()) told({ is: "added", kind });
    },
  };
}
