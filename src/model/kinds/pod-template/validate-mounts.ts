// Owns the rules of a container's volume mounts and devices.
import { forbidden, invalid, notFound, required, type FieldError } from "../../field-error.ts";
import { checkChoice, checkRequired, listOf } from "../../field-checks.ts";
import type { Container, Volume, VolumeDevice, VolumeMount } from "../../generated/types.ts";
import { relativePathFaults } from "./validate-volumes.ts";

type Volumes = ReadonlyMap<string, Volume>;

export function validateMounts(at: string, container: Container, volumes: Volumes): FieldError[] {
  const paths = new Set<string>();
  return [
    ...listOf(container.volumeMounts).flatMap((mount, index) => {
      const field = `${at}.volumeMounts[${index}]`;
      const path = mount.mountPath ?? "";
      const repeated = paths.has(path);
      paths.add(path);
      return [
        ...mountNameFaults(`${field}.name`, mount.name, volumes),
        ...checkRequired(`${field}.mountPath`, path),
        ...(repeated ? [invalid(`${field}.mountPath`, path, "must be unique")] : []),
        ...clashFaults(field, mount, listOf(container.volumeDevices)),
        ...subPathFaults(field, mount),
        ...propagationFaults(field, mount, container),
        ...readOnlyFaults(`${field}.recursiveReadOnly`, mount),
      ];
    }),
    ...deviceFaults(`${at}.volumeDevices`, container, volumes),
  ];
}

function mountNameFaults(field: string, name: string | undefined, volumes: Volumes): FieldError[] {
  return [...checkRequired(field, name), ...(volumes.has(name ?? "") ? [] : [notFound(field, name ?? "")])];
}

function clashFaults(field: string, mount: VolumeMount, devices: readonly VolumeDevice[]): FieldError[] {
  const found: FieldError[] = [];
  if (devices.some((device) => device.name === mount.name))
    found.push(invalid(`${field}.name`, mount.name, "must not already exist in volumeDevices"));
  if (devices.some((device) => device.devicePath === mount.mountPath))
    found.push(
      invalid(`${field}.mountPath`, mount.mountPath, "must not already exist as a path in volumeDevices"),
    );
  return found;
}

function subPathFaults(field: string, { subPath = "", subPathExpr = "" }: VolumeMount): FieldError[] {
  return [
    ...(subPath === "" ? [] : relativePathFaults(`${field}.subPath`, subPath)),
    ...(subPath !== "" && subPathExpr !== ""
      ? [invalid(`${field}.subPathExpr`, subPathExpr, "subPathExpr and subPath are mutually exclusive")]
      : []),
    ...(subPathExpr === "" ? [] : relativePathFaults(`${field}.subPathExpr`, subPathExpr)),
  ];
}

function propagationFaults(field: string, mount: VolumeMount, container: Container): FieldError[] {
  const at = `${field}.mountPropagation`;
  if (mount.mountPropagation === "Bidirectional")
    return container.securityContext?.privileged === true
      ? []
      : [forbidden(at, "Bidirectional mount propagation is available only to privileged containers")];
  return checkChoice(at, mount.mountPropagation, ["Bidirectional", "HostToContainer", "None"], "allowed");
}

function readOnlyFaults(at: string, mount: VolumeMount): FieldError[] {
  const wanted = mount.recursiveReadOnly;
  if (wanted === undefined || wanted === "Disabled") return [];
  if (wanted !== "Enabled" && wanted !== "IfPossible")
    return checkChoice(at, wanted, ["Disabled", "Enabled", "IfPossible"], "allowed");
  if (mount.readOnly !== true) return [forbidden(at, "may only be specified when readOnly is true")];
  return mount.mountPropagation === undefined || mount.mountPropagation === "None"
    ? []
    : [forbidden(at, "may only be specified when mountPropagation is None or not specified")];
}

function deviceFaults(field: string, container: Container, volumes: Volumes): FieldError[] {
  const names = new Set<string>();
  return listOf(container.volumeDevices).flatMap(({ name, devicePath }, index) => {
    const at = `${field}[${index}]`;
    const volume = volumes.get(name);
    const repeated = names.has(name);
    names.add(name);
    return [
      ...mountNameFaults(`${at}.name`, name, volumes),
      ...(repeated ? [invalid(`${at}.name`, name, "must be unique")] : []),
      ...(volume !== undefined && volume.persistentVolumeClaim === undefined && volume.ephemeral === undefined
        ? [
            invalid(
              `${at}.name`,
              name,
              "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode",
            ),
          ]
        : []),
      ...(devicePath === undefined || devicePath === "" ? [required(`${at}.devicePath`)] : []),
      ...((devicePath ?? "").split("/").includes("..")
        ? [invalid(`${at}.devicePath`, devicePath, "can not contain backsteps ('..')")]
        : []),
    ];
  });
}
