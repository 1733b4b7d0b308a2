// Owns what a static pod may not refer to: objects that only an API server has.
import type { Container, PodSpec, Volume } from "../../model/generated/types.ts";

export interface ApiReference {
  readonly field: string;
  /** `ConfigMap web` */
  readonly to: string;
}

const named = (kind: string, name: string | undefined): string =>
  name === undefined || name === "" ? `a ${kind}` : `${kind} ${name}`;

function ofVolume(volume: Volume, at: string): ApiReference[] {
  const found: ApiReference[] = [];
  const say = (source: string, to: string) => found.push({ field: `${at}.${source}`, to });
  if (volume.configMap !== undefined) say("configMap", named("ConfigMap", volume.configMap.name));
  if (volume.secret !== undefined) say("secret", named("Secret", volume.secret.secretName));
  if (volume.persistentVolumeClaim !== undefined)
    say("persistentVolumeClaim", named("PersistentVolumeClaim", volume.persistentVolumeClaim.claimName));
  if (volume.ephemeral !== undefined) say("ephemeral", "a PersistentVolumeClaim made from its template");
  for (const [index, source] of (volume.projected?.sources ?? []).entries()) {
    const part = (name: string) => `projected.sources[${index}].${name}`;
    if (source.configMap !== undefined) say(part("configMap"), named("ConfigMap", source.configMap.name));
    if (source.secret !== undefined) say(part("secret"), named("Secret", source.secret.name));
    if (source.serviceAccountToken !== undefined)
      say(part("serviceAccountToken"), "a token of a ServiceAccount");
    if (source.clusterTrustBundle !== undefined) say(part("clusterTrustBundle"), "a ClusterTrustBundle");
  }
  return found;
}

function ofContainer(container: Container, at: string): ApiReference[] {
  const found: ApiReference[] = [];
  for (const [index, { configMapRef, secretRef }] of (container.envFrom ?? []).entries()) {
    const field = `${at}.envFrom[${index}]`;
    if (configMapRef !== undefined)
      found.push({ field: `${field}.configMapRef`, to: named("ConfigMap", configMapRef.name) });
    if (secretRef !== undefined)
      found.push({ field: `${field}.secretRef`, to: named("Secret", secretRef.name) });
  }
  for (const [index, { valueFrom }] of (container.env ?? []).entries()) {
    const field = `${at}.env[${index}].valueFrom`;
    if (valueFrom?.configMapKeyRef !== undefined)
      found.push({
        field: `${field}.configMapKeyRef`,
        to: named("ConfigMap", valueFrom.configMapKeyRef.name),
      });
    if (valueFrom?.secretKeyRef !== undefined)
      found.push({ field: `${field}.secretKeyRef`, to: named("Secret", valueFrom.secretKeyRef.name) });
  }
  return found;
}

/** Every reference to an object of the API, in the order of the spec. */
export function apiReferences(spec: PodSpec): ApiReference[] {
  const found: ApiReference[] = [];
  for (const field of ["serviceAccountName", "serviceAccount"] as const) {
    const name = spec[field] ?? "";
    if (name !== "") found.push({ field: `spec.${field}`, to: `ServiceAccount ${name}` });
  }
  for (const [index, { name }] of (spec.imagePullSecrets ?? []).entries())
    found.push({ field: `spec.imagePullSecrets[${index}]`, to: named("Secret", name) });
  for (const [index, { name }] of (spec.resourceClaims ?? []).entries())
    found.push({ field: `spec.resourceClaims[${index}]`, to: named("ResourceClaim", name) });
  for (const [index, volume] of (spec.volumes ?? []).entries())
    found.push(...ofVolume(volume, `spec.volumes[${index}]`));
  for (const [index, container] of (spec.initContainers ?? []).entries())
    found.push(...ofContainer(container, `spec.initContainers[${index}]`));
  for (const [index, container] of spec.containers.entries())
    found.push(...ofContainer(container, `spec.containers[${index}]`));
  return found;
}
