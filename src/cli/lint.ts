// Owns the check of manifests of any kind, offline: what an API server would refuse of them, with line and column.
import { checkSchema } from "../model/schema-check.ts";
import { kinds } from "../model/kinds/kinds.ts";
import type { Descriptor } from "../model/kinds/descriptor.ts";
import type { Draft, KubeObject } from "../model/meta.ts";
import { labelNameFaults, subdomainNameFaults } from "../model/names.ts";
import { readYaml, type YamlDocument } from "../model/yaml-text.ts";

export interface Finding {
  readonly file: string;
  readonly line?: number;
  readonly column?: number;
  readonly because: string;
}

/** Every fault of every document. */
export function lintManifest(file: string, text: string): Finding[] {
  const read = readYaml(text);
  if (read.is === "bad")
    return read.faults.map(({ line, column, message }) => ({ file, line, column, because: message }));
  if (read.documents.length === 0) return [{ file, because: "it holds no object" }];
  return read.documents.flatMap((document) =>
    faultsOf(document).map(({ field, because }) => ({
      file,
      ...document.placeOf(field),
      because: field === "" ? because : `${field}: ${because}`,
    })),
  );
}

interface Fault {
  readonly field: string;
  readonly because: string;
}

const isFields = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function faultsOf({ value }: YamlDocument): readonly Fault[] {
  if (!isFields(value)) return [{ field: "", because: "it is not an object with apiVersion and kind" }];
  if (value["kind"] === "List" && Array.isArray(value["items"]))
    return value["items"].flatMap((item: unknown, index) =>
      objectFaults(item).map(({ field, because }) => ({
        field: field === "" ? `items[${index}]` : `items[${index}].${field}`,
        because,
      })),
    );
  return objectFaults(value);
}

function objectFaults(value: unknown): readonly Fault[] {
  if (!isFields(value)) return [{ field: "", because: "it is not an object with apiVersion and kind" }];
  const { apiVersion, kind } = value;
  for (const field of ["apiVersion", "kind"])
    if (typeof value[field] !== "string" || value[field] === "")
      return [{ field: "", because: `${field} is missing: a manifest names its apiVersion and kind` }];
  const known = kinds.find(
    (one) =>
      one.kind === kind && (one.group === "" ? one.version : `${one.group}/${one.version}`) === apiVersion,
  );
  if (known === undefined)
    return [{ field: "kind", because: `there is no ${String(kind)} in ${String(apiVersion)} here` }];
  return kindFaults(known, value);
}

function kindFaults(kind: Descriptor, value: Readonly<Record<string, unknown>>): readonly Fault[] {
  const found = checkSchema(kind.schema, value);
  const shape = [
    ...found.unknown.map((field) => ({ field, because: "there is no such field" })),
    ...found.errors.map(({ field, message }) => ({ field, because: message })),
  ];
  if (shape.length > 0) return shape;
  // The schema has been checked just now.
  const draft = found.pruned as Draft<KubeObject>;
  const { name, generateName, namespace } = draft.metadata ?? {};
  if ((name ?? "") === "" && (generateName ?? "") === "")
    return [{ field: "metadata.name", because: "is missing" }];
  const nameFaults = kind.nameRule === "label" ? labelNameFaults : subdomainNameFaults;
  const faults: Fault[] = nameFaults(name ?? generateName?.replace(/-$/, "a") ?? "").map((because) => ({
    field: "metadata.name",
    because,
  }));
  if (kind.namespaced && namespace !== undefined)
    faults.push(...labelNameFaults(namespace).map((because) => ({ field: "metadata.namespace", because })));
  kind.applyDefaults(draft);
  return [...faults, ...kind.validate(draft).map(({ field, message }) => ({ field, because: message }))];
}
