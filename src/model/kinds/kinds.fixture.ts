// Owns the objects that tests of this folder start from.
import { checkSchema } from "../schema-check.ts";
import type { FieldError } from "../field-error.ts";
import type { Pod, PodSpec } from "../generated/types.ts";
import type { Draft, KubeObject } from "../meta.ts";
import type { Descriptor } from "./descriptor.ts";

/** As the API server reads a body: checked against the schema, then given its defaults. */
export function received<T extends KubeObject>(kind: Descriptor<T>, body: unknown): Draft<T> {
  const { pruned, errors, unknown } = checkSchema(kind.schema, body);
  if (errors.length > 0 || unknown.length > 0)
    throw new Error(`cannot use fixture: ${JSON.stringify([errors, unknown])}`);
  // The schema is the kind's own, so the value has the kind's shape.
  const draft = pruned as Draft<T>;
  draft.metadata ??= {};
  kind.applyDefaults(draft);
  return draft;
}

/** As it comes back out of the store. */
export function stored<T extends KubeObject>(kind: Descriptor<T>, body: unknown): T {
  const draft = received(kind, body);
  kind.prepareCreate?.(draft);
  const meta = { name: "x", uid: "u", resourceVersion: "1", creationTimestamp: "2026-01-01T00:00:00Z" };
  // Metadata is now complete, which is all a draft lacks.
  return { ...draft, metadata: { ...meta, ...draft.metadata } } as unknown as T;
}

export const podBody = (spec: Partial<PodSpec> = {}): unknown => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "a", namespace: "default" },
  spec: { containers: [{ name: "c", image: "busybox:1" }], ...spec },
});

/** A pod with a status, as its kubelet reports it. */
export const podWith = (pod: { metadata?: object; spec?: object; status?: object }): Pod => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: {
    name: "a",
    uid: "u",
    resourceVersion: "1",
    creationTimestamp: "2026-01-01T00:00:00Z",
    ...pod.metadata,
  },
  spec: { containers: [{ name: "c", image: "busybox:1" }], ...pod.spec },
  ...(pod.status === undefined ? {} : { status: pod.status }),
});

export const daemonSetBody = (spec: object = {}): unknown => ({
  apiVersion: "apps/v1",
  kind: "DaemonSet",
  metadata: { name: "rng", namespace: "default" },
  spec: {
    selector: { matchLabels: { app: "rng" } },
    template: {
      metadata: { labels: { app: "rng" } },
      spec: { containers: [{ name: "rng", image: "rng:1" }] },
    },
    ...spec,
  },
});

/** `field: message`, the way kubectl shows a cause. */
export const shown = (faults: readonly FieldError[]): string[] =>
  faults.map(({ field, message }) => `${field}: ${message}`);
