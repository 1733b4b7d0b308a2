// Owns the defaults of a volume.
import type { DownwardAPIVolumeFile, Volume } from "../../generated/types.ts";

const fileMode = 0o644;

function defaultFiles(files: readonly DownwardAPIVolumeFile[] | undefined): void {
  for (const file of files ?? []) if (file.fieldRef !== undefined) file.fieldRef.apiVersion ||= "v1";
}

function defaultProjected(volume: Volume): void {
  if (volume.projected === undefined) return;
  volume.projected.defaultMode ??= fileMode;
  for (const source of volume.projected.sources ?? []) {
    defaultFiles(source.downwardAPI?.items);
    if (source.serviceAccountToken !== undefined) source.serviceAccountToken.expirationSeconds ??= 3600;
  }
}

/** Volumes of storage systems: defaults only, nothing here can mount them. */
function defaultStorage({ iscsi, rbd, azureDisk }: Volume): void {
  if (iscsi !== undefined) iscsi.iscsiInterface ||= "default";
  if (rbd !== undefined) {
    rbd.pool ||= "rbd";
    rbd.user ||= "admin";
    rbd.keyring ||= "/etc/ceph/keyring";
  }
  if (azureDisk !== undefined) {
    azureDisk.cachingMode ??= "ReadWrite";
    azureDisk.kind ??= "Shared";
    azureDisk.fsType ??= "ext4";
    azureDisk.readOnly ??= false;
  }
}

/** In place. A volume that names no source is an emptyDir. */
export function defaultVolume(volume: Volume): void {
  if (Object.keys(volume).every((key) => key === "name")) volume.emptyDir = {};
  if (volume.hostPath !== undefined) volume.hostPath.type ??= "";
  if (volume.secret !== undefined) volume.secret.defaultMode ??= fileMode;
  if (volume.configMap !== undefined) volume.configMap.defaultMode ??= fileMode;
  if (volume.downwardAPI !== undefined) {
    volume.downwardAPI.defaultMode ??= fileMode;
    defaultFiles(volume.downwardAPI.items);
  }
  if (volume.ephemeral?.volumeClaimTemplate !== undefined) {
    const claim = volume.ephemeral.volumeClaimTemplate;
    claim.spec.volumeMode ??= "Filesystem";
  }
  if (volume.image !== undefined)
    volume.image.pullPolicy ||= /(?::latest|^[^:@]*)$/.test(volume.image.reference ?? "")
      ? "Always"
      : "IfNotPresent";
  defaultProjected(volume);
  defaultStorage(volume);
}
