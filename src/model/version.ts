// Owns what this program says of its version.

/** Of this program, as in package.json. */
export const version = "0.1.0";
/** The Kubernetes version whose API is served, marked as ours. */
export const kubernetesVersion = `v1.33.0+everynode.${version}`;
