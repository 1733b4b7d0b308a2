// Owns by what a pod is known to be the mirror of a static pod.

/** Its value is the static pod's own hash. */
export const mirrorAnnotation = "kubernetes.io/config.mirror";
