// Owns the Scale of a custom object: how many there should be and are, read and written by the paths its definition gives.
import { setKey } from "../../lib/json.ts";
import type { CustomResourceSubresourceScale, Scale } from "../generated/types.ts";
import type { KubeObject } from "../meta.ts";
import { first, isPlainPath, readPath, type JsonPath } from "./json-path.ts";
import { isRecord, type JsonRecord } from "./schema.ts";

export interface ScalePaths {
  readonly replicas: readonly string[];
  readonly statusReplicas: JsonPath;
  readonly selector: JsonPath | undefined;
}

const namesOf = (path: JsonPath | undefined): string[] =>
  path === undefined || !isPlainPath(path)
    ? []
    : path.flatMap((step) => (step.is === "field" ? [step.name] : []));

export function scalePathsOf(given: CustomResourceSubresourceScale): ScalePaths {
  return {
    replicas: namesOf(readPath(given.specReplicasPath)),
    statusReplicas: readPath(given.statusReplicasPath) ?? [],
    selector: given.labelSelectorPath === undefined ? undefined : readPath(given.labelSelectorPath),
  };
}

const countOf = (value: unknown): number => (typeof value === "number" ? value : 0);

function replicasOf(object: KubeObject, { replicas }: ScalePaths): unknown {
  return first(
    replicas.map((name) => ({ is: "field", name })),
    object,
  );
}

/** Undefined where the object does not say how many there should be. */
export function scaleOf(object: KubeObject, paths: ScalePaths): Scale | undefined {
  const replicas = replicasOf(object, paths);
  if (typeof replicas !== "number") return undefined;
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const selector = paths.selector && first(paths.selector, object);
  return {
    apiVersion: "autoscaling/v1",
    kind: "Scale",
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      uid,
      resourceVersion,
      creationTimestamp,
    },
    spec: replicas === 0 ? {} : { replicas },
    status: {
      replicas: countOf(first(paths.statusReplicas, object)),
      ...(typeof selector === "string" && selector !== "" ? { selector } : {}),
    },
  };
}

/** The object, a private copy, with that many asked for, in place. */
export function setReplicas(object: object, { replicas }: ScalePaths, count: number): void {
  // An object's fields, by name.
  let at = object as JsonRecord;
  for (const name of replicas.slice(0, -1)) {
    const inner = at[name];
    const next: JsonRecord = isRecord(inner) ? inner : {};
    if (next !== inner) setKey(at, name, next);
    at = next;
  }
  setKey(at, replicas.at(-1) ?? "", count);
}
