// Owns the metadata that every stored object has, and the draft of an object that is not stored yet.
import type { ObjectMeta } from "./generated/types.ts";

/** Metadata of an object the API server has accepted: these four are always there. */
export interface Meta extends ObjectMeta {
  name: string;
  uid: string;
  resourceVersion: string;
  creationTimestamp: string;
}

/** Any object the API serves. `spec` and `status` are typed by the kind. */
export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: Meta;
}

/** An object on its way in: name, uid and the rest of the metadata may still be missing. */
export type Draft<T extends KubeObject> = Omit<T, "metadata"> & { metadata: ObjectMeta };
