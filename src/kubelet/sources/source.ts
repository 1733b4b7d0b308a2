// Owns what a source of pods is: the API now, a folder and a URL beside it.
import type { Pod } from "../../model/generated/types.ts";

export type SourceName = "api" | "file" | "http";

/** How a source tells what it has. */
export interface SourceTold {
  /** One pod is there, or has changed. */
  put(pod: Pod): void;
  /** One pod is there no more. */
  remove(uid: string): void;
  /** These and no others are there. */
  replace(pods: readonly Pod[]): void;
  /** Everything there was at the start has been told. */
  ready(): void;
}

export interface PodSource {
  readonly name: SourceName;
  /** Tells from now on; the returned function ends it. */
  start(told: SourceTold): () => void;
}

export const annotationSource = "kubernetes.io/config.source";
const annotationMirror = "kubernetes.io/config.mirror";

/** Mirror pods only show in the API what another source runs. */
export const isMirror = (pod: Pod): boolean => pod.metadata.annotations?.[annotationMirror] !== undefined;

/** Pods of a folder or URL: they are this node's own, whatever the API says of its taints. */
export const isStatic = (pod: Pod): boolean => {
  const source = pod.metadata.annotations?.[annotationSource];
  return source !== undefined && source !== "api";
};
