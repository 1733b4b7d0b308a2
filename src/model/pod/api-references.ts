// Owns what a pod refers to: the objects of the API that whoever runs it must read.
import type { Container, PodSpec, Volume } from "../generated/types.ts";

type ReferredKind =
  | "ConfigMap"
  | "Secret"
  | "ServiceAccount"
  | "PersistentVolumeClaim"
  | "ResourceClaim"
  /** One that is made for the pod from a template in it. */
  | "made PersistentVolumeClaim"
  | "ServiceAccount token"
  | "ClusterTrustBundle";

export interface ApiReference {
  /** Path in the pod. */
  readonly field: string;
  readonly kind: ReferredKind;
  /** Empty where the reference has none. */
  readonly name: string;
}

type Say = (field: string, kind: ReferredKind, name?: string) => void;

/** Drivers of storage take their credentials from a Secret that they name in one of these. */
const secretFields = ["secretRef", "nodePublishSecretRef"] as const;

function ofStorage(volume: Volume, at: string, say: Say): void {
  for (const [driver, source] of Object.entries(volume)) {
    if (typeof source !== "object" || source === null) continue;
    // Nothing is assumed of a driver's fields.
    const fields = source as Readonly<Record<string, unknown>>;
    for (const field of secretFields) {
      const reference = fields[field];
      if (typeof reference === "object" && reference !== null && "name" in reference)
        say(`${at}.${driver}.${field}`, "Secret", String(reference.name));
    }
  }
  if (volume.azureFile !== undefined)
    say(`${at}.azureFile.secretName`, "Secret", volume.azureFile.secretName);
}

function ofVolume(volume: Volume, at: string, say: Say): void {
  const { configMap, secret, persistentVolumeClaim, ephemeral, projected } = volume;
  if (configMap !== undefined) say(`${at}.configMap`, "ConfigMap", configMap.name);
  if (secret !== undefined) say(`${at}.secret`, "Secret", secret.secretName);
  if (persistentVolumeClaim !== undefined)
    say(`${at}.persistentVolumeClaim`, "PersistentVolumeClaim", persistentVolumeClaim.claimName);
  if (ephemeral !== undefined) say(`${at}.ephemeral`, "made PersistentVolumeClaim");
  ofStorage(volume, at, say);
  for (const [index, source] of (projected?.sources ?? []).entries()) {
    const field = (name: keyof typeof source) => `${at}.projected.sources[${index}].${name}`;
    if (source.configMap !== undefined) say(field("configMap"), "ConfigMap", source.configMap.name);
    if (source.secret !== undefined) say(field("secret"), "Secret", source.secret.name);
    if (source.serviceAccountToken !== undefined) say(field("serviceAccountToken"), "ServiceAccount token");
    if (source.clusterTrustBundle !== undefined) say(field("clusterTrustBundle"), "ClusterTrustBundle");
  }
}

function ofContainer({ env, envFrom }: Pick<Container, "env" | "envFrom">, at: string, say: Say): void {
  for (const [index, { configMapRef, secretRef }] of (envFrom ?? []).entries()) {
    const field = `${at}.envFrom[${index}]`;
    if (configMapRef !== undefined) say(`${field}.configMapRef`, "ConfigMap", configMapRef.name);
    if (secretRef !== undefined) say(`${field}.secretRef`, "Secret", secretRef.name);
  }
  for (const [index, { valueFrom }] of (env ?? []).entries()) {
    const field = `${at}.env[${index}].valueFrom`;
    const { configMapKeyRef, secretKeyRef } = valueFrom ?? {};
    if (configMapKeyRef !== undefined) say(`${field}.configMapKeyRef`, "ConfigMap", configMapKeyRef.name);
    if (secretKeyRef !== undefined) say(`${field}.secretKeyRef`, "Secret", secretKeyRef.name);
  }
}

/** Every reference to an object of the API, in the order of the spec. */
export function apiReferences(spec: PodSpec): ApiReference[] {
  const found: ApiReference[] = [];
  const say: Say = (field, kind, name = "") => found.push({ field, kind, name });
  for (const field of ["serviceAccountName", "serviceAccount"] as const)
    if ((spec[field] ?? "") !== "") say(`spec.${field}`, "ServiceAccount", spec[field]);
  for (const [index, { name }] of (spec.imagePullSecrets ?? []).entries())
    say(`spec.imagePullSecrets[${index}]`, "Secret", name);
  for (const [index, { name }] of (spec.resourceClaims ?? []).entries())
    say(`spec.resourceClaims[${index}]`, "ResourceClaim", name);
  for (const [index, volume] of (spec.volumes ?? []).entries())
    ofVolume(volume, `spec.volumes[${index}]`, say);
  for (const of of ["initContainers", "containers", "ephemeralContainers"] as const)
    for (const [index, container] of (spec[of] ?? []).entries())
      ofContainer(container, `spec.${of}[${index}]`, say);
  return found;
}
