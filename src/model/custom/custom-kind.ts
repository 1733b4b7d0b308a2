// Owns the way from a CustomResourceDefinition to the descriptors of the kind it defines, one a version.
import { cloneJson, deepEqual, deepFreeze } from "../../lib/json.ts";
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionNames,
  CustomResourceDefinitionVersion,
} from "../generated/types.ts";
import type { Descriptor } from "../kinds/descriptor.ts";
import type { KubeObject } from "../meta.ts";
import type { SchemaFindings } from "../schema-check.ts";
import { columnsOf } from "./columns.ts";
import { conversionHookOf } from "./conversion.ts";
import { invalid } from "../field-error.ts";
import type { CustomTraits } from "./custom-traits.ts";
import { fillDefaults } from "./defaults.ts";
import { first, readPath } from "./json-path.ts";
import { pruneObject } from "./prune.ts";
import { ruleFaults } from "./rules/rule-faults.ts";
import { ruleTreeOf, type RuleTree } from "./rules/rule-tree.ts";
import { scalePathsOf } from "./scale.ts";
import type { JsonRecord, Schema } from "./schema.ts";
import { shapeOfObject } from "./shape.ts";
import { validateObject } from "./validate-value.ts";
import { compareVersions } from "./versions.ts";

export const isEstablished = ({ status }: CustomResourceDefinition): boolean =>
  (status?.conditions ?? []).some(({ type, status: is }) => type === "Established" && is === "True");

export const storeFolderOf = ({ spec }: CustomResourceDefinition): string =>
  `${spec.group}/${spec.names.plural}`;

export interface CustomKinds {
  /** The kind as its objects are stored; need not be served. */
  readonly stored: Descriptor;
  /** The versions served, the preferred first. */
  readonly served: readonly Descriptor[];
}

/** Undefined while nothing is to be served of it. */
export function customKindsOf(definition: CustomResourceDefinition): CustomKinds | undefined {
  const storage = definition.spec.versions.find((version) => version.storage);
  if (storage === undefined || !isEstablished(definition)) return undefined;
  const made = definition.spec.versions.map((version) => ({
    version,
    kind: kindOf(definition, version, `${definition.spec.group}/${storage.name}`),
  }));
  const stored = made.find(({ version }) => version === storage)?.kind;
  if (stored === undefined) return undefined;
  const served = made.filter(({ version }) => version.served).map(({ kind }) => kind);
  served.sort((left, right) => compareVersions(left.version, right.version));
  return { stored: { ...stored, fields: {} }, served };
}

function namesOf({ spec, status }: CustomResourceDefinition): CustomResourceDefinitionNames {
  const accepted = status?.acceptedNames;
  return accepted === undefined || accepted.kind === "" ? spec.names : accepted;
}

const anything: Schema = { type: "object", "x-kubernetes-preserve-unknown-fields": true };

function kindOf(
  definition: CustomResourceDefinition,
  version: CustomResourceDefinitionVersion,
  storedAs: string,
): Descriptor {
  const { spec } = definition;
  const names = namesOf(definition);
  const schema = version.schema?.openAPIV3Schema ?? anything;
  const apiVersion = `${spec.group}/${version.name}`;
  const hasStatus = version.subresources?.status !== undefined;
  return {
    group: spec.group,
    version: version.name,
    kind: names.kind,
    resource: spec.names.plural,
    singular: names.singular ?? names.kind.toLowerCase(),
    shortNames: names.shortNames ?? [],
    categories: names.categories ?? [],
    namespaced: spec.scope === "Namespaced",
    storeFolder: storeFolderOf(definition),
    schema: definitionName(spec.group, version.name, names.kind),
    hasStatus,
    hasGeneration: true,
    nameRule: "subdomain",
    fields: fieldsOf(version),
    applyDefaults: (draft) => fillDefaults(schema, draft),
    ...(hasStatus
      ? {
          prepareCreate: dropStatus,
          // The rest is the stored object's, as it is.
          prepareStatus: (draft: object) => fillDefaults(statusOf(schema), draft),
        }
      : {}),
    validate: validatorOf(schema),
    validateUpdate: () => [],
    ...columnsOf(version.additionalPrinterColumns),
    custom: traitsOf({ definition, version, schema, apiVersion, storedAs, names }),
  };
}

// Where one of these stands, a value may be of another type or size than the rules take it for.
const blocking: ReadonlySet<string> = new Set([
  "FieldValueRequired",
  "FieldValueTooLong",
  "FieldValueTooMany",
  "FieldValueTypeInvalid",
]);
const unchecked = invalid(
  "<nil>",
  null,
  "some validation rules were not checked because the object was invalid; correct the existing errors to complete validation",
);

/** By the schema, then by its rules, which are compiled when the first object comes. */
function validatorOf(schema: Schema): Descriptor["validate"] {
  let rules: { readonly tree: RuleTree | undefined } | undefined;
  return (draft, old) => {
    const before = old === undefined ? undefined : recordOf(old);
    const found = validateObject(schema, recordOf(draft), before);
    rules ??= { tree: ruleTreeOf(schema) };
    if (rules.tree === undefined) return found;
    return found.some(({ reason }) => blocking.has(reason))
      ? [...found, unchecked]
      : [...found, ...ruleFaults(rules.tree, draft, before)];
  };
}

/** Its fields by name. */
const recordOf = (object: object): JsonRecord => object as JsonRecord;

function statusOf({ properties }: Schema): Schema {
  const status = properties?.["status"];
  return { type: "object", properties: status === undefined ? {} : { status } };
}

function dropStatus(draft: object): void {
  delete recordOf(draft)["status"];
}

/** As upstream's in OpenAPI documents: `com.example.v1.CronTab`. */
const definitionName = (group: string, version: string, kind: string): string =>
  [...group.split(".").reverse(), version, kind].join(".");

function fieldsOf({ selectableFields = [] }: CustomResourceDefinitionVersion): Descriptor["fields"] {
  return Object.fromEntries(
    selectableFields.flatMap(({ jsonPath }) => {
      const path = readPath(jsonPath);
      if (path === undefined) return [];
      const read = (object: KubeObject): string => {
        const value = first(path, object);
        return typeof value === "string"
          ? value
          : value === undefined || value === null
            ? ""
            : JSON.stringify(value);
      };
      return [[jsonPath.replace(/^\./, ""), read]];
    }),
  );
}

interface Made {
  readonly definition: CustomResourceDefinition;
  readonly version: CustomResourceDefinitionVersion;
  readonly schema: Schema;
  readonly apiVersion: string;
  readonly storedAs: string;
  readonly names: CustomResourceDefinitionNames;
}

function traitsOf({ definition, version, schema, apiVersion, storedAs, names }: Made): CustomTraits {
  let shape: ReturnType<typeof shapeOfObject> | undefined;
  const { scale } = version.subresources ?? {};
  const hook = conversionHookOf(definition);
  const told = version.deprecationWarning ?? `${apiVersion} ${names.kind} is deprecated`;
  return {
    definition: definition.metadata.name,
    listKind: names.listKind ?? `${names.kind}List`,
    schema,
    apiVersion,
    storedAs,
    ...(hook === undefined ? {} : { hook }),
    check: (body) => check(schema, body),
    shownAs: shower(schema, apiVersion),
    shape: () => (shape ??= shapeOfObject(schema)),
    ...(scale === undefined ? {} : { scale: scalePathsOf(scale) }),
    ...(version.deprecated === true ? { warning: told } : {}),
  };
}

function check(schema: Schema, body: unknown): SchemaFindings {
  const { value, unknown, errors } = pruneObject(schema, body);
  return { pruned: value, unknown: [...unknown], errors: [...errors] };
}

/** Made once for each stored object: many read it. */
function shower(schema: Schema, apiVersion: string): (object: KubeObject) => KubeObject {
  const shown = new WeakMap<KubeObject, KubeObject>();
  return (object) => {
    const known = shown.get(object);
    if (known !== undefined) return known;
    const { apiVersion: _apiVersion, kind, metadata, ...rest } = object;
    // An object's schema prunes it to an object.
    const pruned = pruneObject(schema, rest).value as JsonRecord;
    fillDefaults(schema, pruned);
    const isSame = object.apiVersion === apiVersion && deepEqual(pruned, rest);
    const made = isSame ? object : deepFreeze({ apiVersion, kind, metadata, ...cloneJson(pruned) });
    shown.set(object, made);
    return made;
  };
}
