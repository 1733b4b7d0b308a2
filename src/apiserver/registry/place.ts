// Owns where objects stand in the store: upstream's keys.
import type { Descriptor } from "../../model/kinds/descriptor.ts";
import type { Key } from "../../store/store.ts";

const root = "/registry/";

/** What the keys of a kind, or of a kind in a namespace, begin with. */
export const prefixOf = (kind: Descriptor, namespace: string | undefined): Key =>
  kind.namespaced && namespace !== undefined
    ? `${root}${kind.storeFolder}/${namespace}/`
    : `${root}${kind.storeFolder}/`;

export const objectKey = (kind: Descriptor, namespace: string | undefined, name: string): Key =>
  `${prefixOf(kind, namespace)}${name}`;

/** Finds the kind a key belongs to. Keys of kinds that are not served are left alone. */
export function kindsByKey<T>(byFolder: ReadonlyMap<string, T>): (key: Key) => T | undefined {
  return (key) => {
    if (!key.startsWith(root)) return undefined;
    const end = key.indexOf("/", root.length);
    const found = byFolder.get(key.slice(root.length, end));
    if (found !== undefined || end < 0) return found;
    // Folders of two parts, such as `services/specs`.
    return byFolder.get(key.slice(root.length, key.indexOf("/", end + 1)));
  };
}
