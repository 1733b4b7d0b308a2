// Owns what a source of pods is: the API now, a folder and a URL beside it.
import type { Millis } from "../../lib/units.ts";
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

type Annotations = Readonly<Record<string, string>> | undefined;

/** Whose the pod is, as its annotations say. */
export function sourceIn(annotations: Annotations): SourceName {
  const source = annotations?.[annotationSource];
  return source === "file" || source === "http" ? source : "api";
}

/** Of a static pod's content; other pods have none. */
export const hashIn = (annotations: Annotations): string | undefined =>
  sourceIn(annotations) === "api" ? undefined : annotations?.["kubernetes.io/config.hash"];

/** Pods of a folder or URL: they are this node's own, whatever the API says of its taints. */
export const isStatic = (pod: Pod): boolean => sourceIn(pod.metadata.annotations) !== "api";

/** Where a kubelet finds pods without an API server. */
export interface StaticPodsConfig {
  readonly folder?: string;
  readonly url?: string;
  readonly urlHeaders?: Readonly<Record<string, string>>;
  /** Both 20 s unless given. */
  readonly fileCheckPeriod?: Millis;
  readonly httpCheckPeriod?: Millis;
}
