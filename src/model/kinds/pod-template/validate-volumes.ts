// Owns the rules of a pod's volumes. Volumes of storage systems are only counted: nothing here mounts them.
import { duplicate, forbidden, invalid, required, type FieldError } from "../../field-error.ts";
import {
  checkChoice,
  checkName,
  checkRange,
  checkRequired,
  checkRequiredName,
  listOf,
} from "../../field-checks.ts";
import type { DownwardAPIVolumeFile, KeyToPath, Volume, VolumeProjection } from "../../generated/types.ts";
import { configKeyFaults, labelNameFaults, subdomainNameFaults } from "../../names.ts";
import { quantityOf } from "../../quantity.ts";
import { checkFieldRef, checkResourceFieldRef } from "./validate-env.ts";

const hostPathTypes = [
  "",
  "BlockDevice",
  "CharDevice",
  "Directory",
  "DirectoryOrCreate",
  "File",
  "FileOrCreate",
  "Socket",
];
const filePaths = [
  "metadata.annotations",
  "metadata.labels",
  "metadata.name",
  "metadata.namespace",
  "metadata.uid",
];
const noBacksteps = "must not contain '..'";

export function validateVolumes(field: string, volumes: readonly Volume[] | undefined): FieldError[] {
  const names = new Set<string>();
  return listOf(volumes).flatMap((volume, index) => {
    const at = `${field}[${index}]`;
    const repeated = names.has(volume.name);
    names.add(volume.name);
    return [
      ...(repeated ? [duplicate(`${at}.name`, volume.name)] : []),
      ...(repeated ? [] : checkRequiredName(`${at}.name`, volume.name, labelNameFaults)),
      ...sourceFaults(at, volume),
    ];
  });
}

function sourceFaults(at: string, volume: Volume): FieldError[] {
  const [first, ...further] = Object.keys(volume).filter((key) => key !== "name");
  if (first === undefined) return [required(at, "must specify a volume type")];
  return [
    ...knownSourceFaults(at, volume, first),
    ...further.map((name) => forbidden(`${at}.${name}`, "may not specify more than 1 volume type")),
  ];
}

function knownSourceFaults(at: string, volume: Volume, name: string): FieldError[] {
  const field = `${at}.${name}`;
  switch (name) {
    case "hostPath":
      return hostPathFaults(field, volume);
    case "emptyDir":
      return quantityOf(volume.emptyDir?.sizeLimit ?? "0").nanos < 0n
        ? [forbidden(`${field}.sizeLimit`, "SizeLimit field must be a valid resource quantity")]
        : [];
    case "secret":
      return [
        ...checkRequired(`${field}.secretName`, volume.secret?.secretName),
        ...modeFaults(`${field}.defaultMode`, volume.secret?.defaultMode),
        ...itemsFaults(`${field}.items`, volume.secret?.items),
      ];
    case "configMap":
      return [
        ...checkRequired(`${field}.name`, volume.configMap?.name),
        ...modeFaults(`${field}.defaultMode`, volume.configMap?.defaultMode),
        ...itemsFaults(`${field}.items`, volume.configMap?.items),
      ];
    case "downwardAPI":
      return [
        ...modeFaults(`${field}.defaultMode`, volume.downwardAPI?.defaultMode),
        ...filesFaults(field, volume.downwardAPI?.items),
      ];
    case "projected":
      return projectedFaults(field, volume);
    case "persistentVolumeClaim":
      return checkRequired(`${field}.claimName`, volume.persistentVolumeClaim?.claimName);
    case "nfs":
      return [
        ...checkRequired(`${field}.server`, volume.nfs?.server),
        ...checkRequired(`${field}.path`, volume.nfs?.path),
      ];
    case "csi":
      return checkRequired(`${field}.driver`, volume.csi?.driver);
    case "image":
      return checkRequired(`${field}.reference`, volume.image?.reference);
    default:
      return [];
  }
}

function hostPathFaults(field: string, { hostPath }: Volume): FieldError[] {
  const path = hostPath?.path ?? "";
  if (path === "") return [required(`${field}.path`)];
  return [
    ...(path.split("/").includes("..") ? [invalid(`${field}.path`, path, noBacksteps)] : []),
    ...checkChoice(`${field}.type`, hostPath?.type, hostPathTypes, "allowed"),
  ];
}

const modeFaults = (field: string, mode: number | undefined): FieldError[] =>
  mode !== undefined && (mode < 0 || mode > 0o777)
    ? [invalid(field, mode, "must be a number between 0 and 0777 (octal), both inclusive")]
    : [];

/** A path that must stay below the place it is read from. */
export function relativePathFaults(field: string, path: string): FieldError[] {
  return [
    ...(path.startsWith("/") ? [invalid(field, path, "must be a relative path")] : []),
    ...(path.split("/").includes("..") ? [invalid(field, path, noBacksteps)] : []),
  ];
}

function localPathFaults(field: string, path: string | undefined): FieldError[] {
  if (path === undefined || path === "") return [required(field)];
  const found = relativePathFaults(field, path);
  // `..data` and its like are the kubelet's own links.
  if (path.startsWith("..") && !path.startsWith("../") && path !== "..")
    found.push(invalid(field, path, "must not start with '..'"));
  return found;
}

function itemsFaults(field: string, items: readonly KeyToPath[] | undefined): FieldError[] {
  return listOf(items).flatMap(({ key, path, mode }, index) => [
    ...checkRequiredName(`${field}[${index}].key`, key, configKeyFaults),
    ...localPathFaults(`${field}[${index}].path`, path),
    ...modeFaults(`${field}[${index}].mode`, mode),
  ]);
}

function filesFaults(field: string, files: readonly DownwardAPIVolumeFile[] | undefined): FieldError[] {
  return listOf(files).flatMap((file, index) => {
    const at = `${field}.items[${index}]`;
    const { fieldRef, resourceFieldRef } = file;
    const found = [...localPathFaults(`${at}.path`, file.path), ...modeFaults(`${at}.mode`, file.mode)];
    if (fieldRef !== undefined) {
      found.push(...checkFieldRef(`${at}.fieldRef`, fieldRef, filePaths));
      if (resourceFieldRef !== undefined)
        found.push(
          invalid(at, "resource", "fieldRef and resourceFieldRef can not be specified simultaneously"),
        );
    } else if (resourceFieldRef === undefined)
      found.push(required(at, "one of fieldRef and resourceFieldRef is required"));
    else {
      found.push(...checkRequired(`${at}.resourceFieldRef.containerName`, resourceFieldRef.containerName));
      found.push(...checkResourceFieldRef(`${at}.resourceFieldRef`, resourceFieldRef));
    }
    return found;
  });
}

function projectedFaults(field: string, { projected }: Volume): FieldError[] {
  return [
    ...modeFaults(`${field}.defaultMode`, projected?.defaultMode),
    ...listOf(projected?.sources).flatMap((source, index) => {
      const at = `${field}.sources[${index}]`;
      const names = Object.keys(source);
      return [
        ...(names.length === 0 ? [required(at, "must specify a projection type")] : []),
        ...names
          .slice(1)
          .map((name) => forbidden(`${at}.${name}`, "may not specify more than 1 volume type per source")),
        ...projectionFaults(at, source),
      ];
    }),
  ];
}

function projectionFaults(at: string, source: VolumeProjection): FieldError[] {
  const { secret, configMap, downwardAPI, serviceAccountToken: token } = source;
  const seconds = token?.expirationSeconds;
  return [
    ...(secret === undefined
      ? []
      : [
          ...checkName(`${at}.secret.name`, secret.name ?? "", subdomainNameFaults),
          ...itemsFaults(`${at}.secret.items`, secret.items),
        ]),
    ...(configMap === undefined
      ? []
      : [
          ...checkName(`${at}.configMap.name`, configMap.name ?? "", subdomainNameFaults),
          ...itemsFaults(`${at}.configMap.items`, configMap.items),
        ]),
    ...filesFaults(`${at}.downwardAPI`, downwardAPI?.items),
    ...(token === undefined ? [] : localPathFaults(`${at}.serviceAccountToken.path`, token.path)),
    ...(seconds !== undefined && seconds < 600
      ? [
          invalid(
            `${at}.serviceAccountToken.expirationSeconds`,
            seconds,
            "may not specify a duration less than 10 minutes",
          ),
        ]
      : checkRange(`${at}.serviceAccountToken.expirationSeconds`, seconds, [600, 2 ** 32])),
  ];
}
