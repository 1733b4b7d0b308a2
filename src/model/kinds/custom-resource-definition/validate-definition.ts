// Owns the faults of a CustomResourceDefinition itself: names, versions and subresources; its schemas have a file of their own.
import { columnTypes } from "../../custom/columns.ts";
import { isPlainPath, readPath } from "../../custom/json-path.ts";
import { isRecord } from "../../custom/schema.ts";
import { checkChoice, checkRequired, checkRequiredName, listOf } from "../../field-checks.ts";
import { duplicate, invalid, required, type FieldError } from "../../field-error.ts";
import type {
  CustomResourceColumnDefinition,
  CustomResourceDefinition,
  CustomResourceDefinitionNames,
  CustomResourceDefinitionSpec,
  CustomResourceDefinitionVersion,
} from "../../generated/types.ts";
import type { Draft } from "../../meta.ts";
import { label1035Faults, subdomainNameFaults } from "../../names.ts";
import { conversionFaults } from "./validate-conversion.ts";
import { validateSchema } from "./validate-schema.ts";

type Unchecked<T> = { readonly [K in keyof T]?: T[K] };

export function validateDefinition({ metadata, spec }: Draft<CustomResourceDefinition>): FieldError[] {
  // Required, and yet nothing has looked whether it is there.
  const given = spec as Unchecked<CustomResourceDefinitionSpec> | undefined;
  if (given === undefined) return [required("spec")];
  const names: Unchecked<CustomResourceDefinitionNames> = given.names ?? {};
  const { group = "" } = given;
  const own = `${names.plural ?? ""}.${group}`;
  return [
    ...(metadata.name === own
      ? []
      : [invalid("metadata.name", metadata.name ?? "", 'must be spec.names.plural+"."+spec.group')]),
    ...groupFaults(group),
    ...approvalFaults(group, metadata.annotations ?? {}),
    ...checkChoice("spec.scope", given.scope, ["Cluster", "Namespaced"], "required"),
    ...versionsFaults(listOf(given.versions)),
    ...nameFaults(names),
    ...conversionFaults(given),
  ];
}

function groupFaults(group: string): FieldError[] {
  const found = checkRequiredName("spec.group", group, subdomainNameFaults);
  return found.length === 0 && !group.includes(".")
    ? [invalid("spec.group", group, "should be a domain with at least one dot")]
    : found;
}

const approval = "api-approved.kubernetes.io";

/** Groups of Kubernetes itself are for kinds that it approved. */
function approvalFaults(group: string, annotations: Readonly<Record<string, string>>): FieldError[] {
  const field = `metadata.annotations[${approval}]`;
  const see = "see https://github.com/kubernetes/enhancements/pull/1111";
  if (!/(?:^|\.)(?:k8s|kubernetes)\.io$/.test(group)) return [];
  const given = annotations[approval] ?? "";
  if (given === "")
    return [required(field, `protected groups must have approval annotation "${approval}", ${see}`)];
  return given.startsWith("unapproved") || URL.canParse(given)
    ? []
    : [
        invalid(
          field,
          given,
          `protected groups must have approval annotation "${approval}" with either a URL or a reason starting with "unapproved", ${see}`,
        ),
      ];
}

function nameFaults(names: Unchecked<CustomResourceDefinitionNames>): FieldError[] {
  const { plural, singular, kind = "", listKind = "" } = names;
  const mixedCase = (field: string, name: string): FieldError[] =>
    name === ""
      ? [required(field)]
      : label1035Faults(name.toLowerCase()).map((fault) =>
          invalid(field, name, `may have mixed case, but should otherwise match: ${fault}`),
        );
  const each = (field: string, list: readonly string[]): FieldError[] =>
    list.flatMap((name, index) => checkRequiredName(`${field}[${index}]`, name, label1035Faults));
  return [
    ...checkRequiredName("spec.names.plural", plural, label1035Faults),
    ...(singular === undefined ? [] : checkRequiredName("spec.names.singular", singular, label1035Faults)),
    ...mixedCase("spec.names.kind", kind),
    ...mixedCase("spec.names.listKind", listKind),
    ...each("spec.names.shortNames", names.shortNames ?? []),
    ...each("spec.names.categories", names.categories ?? []),
    ...(kind !== "" && kind === listKind
      ? [invalid("spec.names.listKind", listKind, "kind and listKind may not be the same")]
      : []),
  ];
}

function versionsFaults(versions: readonly CustomResourceDefinitionVersion[]): FieldError[] {
  const names = versions.map(({ name }) => name);
  const found: FieldError[] = [];
  if (versions.length === 0) return [required("spec.versions", "must have at least one version")];
  if (new Set(names).size < names.length)
    found.push(invalid("spec.versions", names, "must contain unique version names"));
  if (versions.filter(({ storage }) => storage).length !== 1)
    found.push(invalid("spec.versions", names, "must have exactly one version marked as storage version"));
  return [
    ...found,
    ...versions.flatMap((version, index) => versionFaults(version, `spec.versions[${index}]`)),
  ];
}

function versionFaults(version: CustomResourceDefinitionVersion, path: string): FieldError[] {
  const { name, schema, deprecated, deprecationWarning } = version;
  const found = checkRequiredName(`${path}.name`, name, label1035Faults);
  if (deprecationWarning !== undefined && deprecated !== true)
    found.push(
      invalid(`${path}.deprecationWarning`, deprecationWarning, "can only be set for deprecated versions"),
    );
  if (deprecationWarning !== undefined && !/^[\p{L}\p{M}\p{N}\p{P}\p{S} ]{1,256}$/u.test(deprecationWarning))
    found.push(
      invalid(
        `${path}.deprecationWarning`,
        deprecationWarning,
        "must only contain printable UTF-8 characters, 256 at most",
      ),
    );
  const root = schema?.openAPIV3Schema;
  const schemaPath = `${path}.schema.openAPIV3Schema`;
  found.push(
    ...(root === undefined
      ? [required(schemaPath, "schemas are required")]
      : validateSchema(root, schemaPath)),
    ...subresourceFaults(version, `${path}.subresources`),
    ...listOf(version.additionalPrinterColumns).flatMap((column, index) =>
      columnFaults(column, `${path}.additionalPrinterColumns[${index}]`),
    ),
    ...selectableFaults(version, `${path}.selectableFields`),
  );
  return found;
}

const columnFormats = ["int32", "int64", "float", "double", "byte", "date", "date-time", "password"];

function columnFaults(column: Unchecked<CustomResourceColumnDefinition>, path: string): FieldError[] {
  const { name, type, format, jsonPath } = column;
  return [
    ...checkRequired(`${path}.name`, name),
    ...checkChoice(`${path}.type`, type, columnTypes, "required"),
    ...checkChoice(`${path}.format`, format, columnFormats, "allowed"),
    ...(jsonPath === undefined || jsonPath === ""
      ? [required(`${path}.jsonPath`)]
      : readPath(jsonPath) === undefined
        ? [
            invalid(
              `${path}.jsonPath`,
              jsonPath,
              'is an invalid path: must be fields, indexes, [*] and [?(@.field=="value")] alone',
            ),
          ]
        : []),
  ];
}

function plainPathFaults(field: string, path: string | undefined, below: readonly string[]): FieldError[] {
  if (path === undefined || path === "") return [required(field)];
  const read = readPath(path);
  if (read === undefined || !isPlainPath(read))
    return [invalid(field, path, "should be a json path without array notation")];
  return below.some((one) => path.startsWith(`${one}.`))
    ? []
    : [invalid(field, path, `should be a json path under ${below.join(" or ")}`)];
}

function subresourceFaults({ subresources }: CustomResourceDefinitionVersion, path: string): FieldError[] {
  const { status, scale } = subresources ?? {};
  const found: FieldError[] =
    status === undefined || isRecord(status) ? [] : [invalid(`${path}.status`, status, "must be an object")];
  if (scale === undefined) return found;
  const { specReplicasPath, statusReplicasPath, labelSelectorPath } = scale;
  return [
    ...found,
    ...plainPathFaults(`${path}.scale.specReplicasPath`, specReplicasPath, [".spec"]),
    ...plainPathFaults(`${path}.scale.statusReplicasPath`, statusReplicasPath, [".status"]),
    ...((labelSelectorPath ?? "") === ""
      ? []
      : plainPathFaults(`${path}.scale.labelSelectorPath`, labelSelectorPath, [".spec", ".status"])),
  ];
}

const selectableMax = 8;

function selectableFaults(
  { selectableFields = [] }: CustomResourceDefinitionVersion,
  path: string,
): FieldError[] {
  const seen = new Set<string>();
  const found: FieldError[] = [];
  if (selectableFields.length > selectableMax)
    found.push({
      field: path,
      reason: "FieldValueTooMany",
      message: `Too many: ${selectableFields.length}: must have at most ${selectableMax} items`,
    });
  for (const [index, { jsonPath }] of selectableFields.entries()) {
    const field = `${path}[${index}].jsonPath`;
    const read = readPath(jsonPath);
    if (read === undefined || !isPlainPath(read)) found.push(invalid(field, jsonPath, "is an invalid path"));
    else if (jsonPath.startsWith(".metadata."))
      found.push(invalid(field, jsonPath, "must not point to fields in metadata"));
    if (seen.has(jsonPath)) found.push(duplicate(field, jsonPath));
    seen.add(jsonPath);
  }
  return found;
}
