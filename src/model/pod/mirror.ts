// Owns by what a pod is known to be the mirror of a static pod.

import type { Pod } from "../generated/types.ts";
import type { Draft } from "../meta.ts";

/** Its value is the static pod's own hash. */
export const mirrorAnnotation = "kubernetes.io/config.mirror";

/** Mirror pods only show in the API what another source runs. */
export const isMirror = ({ metadata }: Draft<Pod>): boolean =>
  metadata.annotations?.[mirrorAnnotation] !== undefined;
