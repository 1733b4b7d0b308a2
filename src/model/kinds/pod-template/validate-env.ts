// Owns the rules of a container's environment, and of the field and resource references it shares with volumes.
import { invalid, notSupported, required, type FieldError } from "../../field-error.ts";
import { checkName, checkRequiredName, listOf } from "../../field-checks.ts";
import type {
  Container,
  EnvFromSource,
  EnvVar,
  EnvVarSource,
  ObjectFieldSelector,
  ResourceFieldSelector,
} from "../../generated/types.ts";
import { configKeyFaults, envNameFaults, qualifiedNameFaults, subdomainNameFaults } from "../../names.ts";

const envPaths = [
  "metadata.name",
  "metadata.namespace",
  "metadata.uid",
  "spec.nodeName",
  "spec.serviceAccountName",
  "status.hostIP",
  "status.hostIPs",
  "status.podIP",
  "status.podIPs",
];
const resourcePaths = [
  "limits.cpu",
  "limits.ephemeral-storage",
  "limits.memory",
  "requests.cpu",
  "requests.ephemeral-storage",
  "requests.memory",
];

export function validateEnv(at: string, container: Container): FieldError[] {
  return [
    ...listOf(container.env).flatMap((variable, index) => variableFaults(`${at}.env[${index}]`, variable)),
    ...listOf(container.envFrom).flatMap((source, index) => envFromFaults(`${at}.envFrom[${index}]`, source)),
  ];
}

function variableFaults(at: string, variable: EnvVar): FieldError[] {
  return [
    ...checkRequiredName(`${at}.name`, variable.name, envNameFaults),
    ...(variable.valueFrom === undefined
      ? []
      : valueFromFaults(`${at}.valueFrom`, variable.valueFrom, variable.value ?? "")),
  ];
}

function valueFromFaults(field: string, source: EnvVarSource, value: string): FieldError[] {
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef, fileKeyRef } = source;
  const count = [fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef, fileKeyRef].filter(
    (found) => found !== undefined,
  ).length;
  const found: FieldError[] = [];
  if (fieldRef !== undefined) found.push(...checkFieldRef(`${field}.fieldRef`, fieldRef, envPaths));
  if (resourceFieldRef !== undefined)
    found.push(...checkResourceFieldRef(`${field}.resourceFieldRef`, resourceFieldRef));
  if (configMapKeyRef !== undefined) found.push(...keyRefFaults(`${field}.configMapKeyRef`, configMapKeyRef));
  if (secretKeyRef !== undefined) found.push(...keyRefFaults(`${field}.secretKeyRef`, secretKeyRef));
  if (count === 0)
    found.push(
      invalid(
        field,
        "",
        "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`",
      ),
    );
  else if (value !== "") found.push(invalid(field, "", "may not be specified when `value` is not empty"));
  else if (count > 1) found.push(invalid(field, "", "may not have more than one field specified at a time"));
  return found;
}

function keyRefFaults(
  field: string,
  ref: { readonly name?: string | undefined; readonly key: string },
): FieldError[] {
  return [
    ...checkName(`${field}.name`, ref.name ?? "", subdomainNameFaults),
    ...checkRequiredName(`${field}.key`, ref.key, configKeyFaults),
  ];
}

/** A reference to a field of the pod: `metadata.labels['x']` or one of the paths allowed here. */
export function checkFieldRef(
  field: string,
  ref: ObjectFieldSelector,
  paths: readonly string[],
): FieldError[] {
  const path = ref.fieldPath ?? "";
  if (ref.apiVersion === undefined || ref.apiVersion === "") return [required(`${field}.apiVersion`)];
  if (path === "") return [required(`${field}.fieldPath`)];
  if (ref.apiVersion !== "v1")
    return [
      invalid(
        `${field}.fieldPath`,
        path,
        `error converting fieldPath: unsupported pod version: ${ref.apiVersion}`,
      ),
    ];
  const [, base, subscript] = /^(.*)\['(.*)'\]$/.exec(path) ?? [];
  if (base !== undefined && subscript !== undefined) {
    if (base === "metadata.annotations")
      return checkName(field, subscript.toLowerCase(), qualifiedNameFaults);
    if (base === "metadata.labels") return checkName(field, subscript, qualifiedNameFaults);
    return [invalid(field, base, "does not support subscript")];
  }
  return paths.includes(path) ? [] : [notSupported(`${field}.fieldPath`, path, paths)];
}

const sizeDivisors = ["1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei"];

export function checkResourceFieldRef(field: string, ref: ResourceFieldSelector): FieldError[] {
  const resource = ref.resource ?? "";
  const divisor = ref.divisor ?? "0";
  const found: FieldError[] = [];
  if (resource === "") found.push(required(`${field}.resource`));
  else if (!resourcePaths.includes(resource) && !/^(?:limits|requests)\.hugepages-/.test(resource))
    found.push(notSupported(`${field}.resource`, resource, resourcePaths));
  if (divisor === "0") return found;
  const cpu = resource.endsWith(".cpu");
  if (!(cpu ? ["1m", "1"] : sizeDivisors).includes(divisor))
    found.push(
      invalid(
        `${field}.divisor`,
        resource,
        cpu
          ? "only divisor's values 1m and 1 are supported with the cpu resource"
          : `only divisor's values ${sizeDivisors.join(", ")} are supported with the ${resource.replace(/^[^.]*\./, "")} resource`,
      ),
    );
  return found;
}

function envFromFaults(at: string, source: EnvFromSource): FieldError[] {
  const { prefix, configMapRef, secretRef } = source;
  const found: FieldError[] = [];
  if (prefix !== undefined && prefix !== "") found.push(...checkName(`${at}.prefix`, prefix, envNameFaults));
  if (configMapRef !== undefined)
    found.push(...checkRequiredName(`${at}.configMapRef.name`, configMapRef.name, subdomainNameFaults));
  if (secretRef !== undefined)
    found.push(...checkRequiredName(`${at}.secretRef.name`, secretRef.name, subdomainNameFaults));
  if (configMapRef === undefined && secretRef === undefined)
    found.push(invalid(at, "", "must specify one of: `configMapRef` or `secretRef`"));
  if (configMapRef !== undefined && secretRef !== undefined)
    found.push(invalid(at, "", "may not have more than one field specified at a time"));
  return found;
}
