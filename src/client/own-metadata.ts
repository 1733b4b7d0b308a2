// Owns what a client sends of an object's metadata when it writes: who owns its fields is large, and the server's to know.
import { setKey } from "../lib/json.ts";
import type { ObjectMeta } from "../model/generated/types.ts";

/** Where it is left out, it stays. */
export function withoutManagedFields<M extends Pick<ObjectMeta, "managedFields">>(metadata: M): M {
  const own: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(metadata))
    if (name !== "managedFields") setKey(own, name, value);
  // The one field left out is one that may be absent.
  return own as M;
}
