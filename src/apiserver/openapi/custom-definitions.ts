// Owns the schemas of custom kinds in OpenAPI documents: as their definitions have them, with what every object has besides.
import { isRecord } from "../../model/custom/schema.ts";
import type { Descriptor } from "../../model/kinds/descriptor.ts";
import { listSchemaOf, type DefinitionNames } from "./definition-names.ts";
import type { Dialect, JsonObject } from "./dialect.ts";

const texts = {
  apiVersion:
    "APIVersion defines the versioned schema of this representation of an object. Servers should convert recognized schemas to the latest internal value, and may reject unrecognized values. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#resources",
  kind: "Kind is a string value representing the REST resource this object represents. Servers may infer this from the endpoint the client submits requests to. Cannot be updated. In CamelCase. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#types-kinds",
  metadata:
    "Standard object's metadata. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata",
};

interface Within {
  readonly names: DefinitionNames;
  readonly dialect: Dialect;
}

function referring(schema: string, description: string, { names, dialect }: Within): JsonObject {
  const ref = { $ref: dialect.refs + names.of(schema) };
  return dialect.version === 2 ? { description, ...ref } : { description, allOf: [ref] };
}

const typeProperties = (metadata: string, within: Within): JsonObject => ({
  apiVersion: { type: "string", description: texts.apiVersion },
  kind: { type: "string", description: texts.kind },
  metadata: referring(metadata, texts.metadata, within),
});

// What OpenAPI 2 has no word for.
const beyond2: ReadonlySet<string> = new Set(["allOf", "anyOf", "oneOf", "not", "nullable", "default"]);

/** Clients that read version 2 refuse what the schema says no more of: then it says less. */
function speaking(value: unknown, { version }: Dialect, isSchema: boolean): unknown {
  if (version === 3) return value;
  if (!isRecord(value)) return value;
  const isNullable = isSchema && value["nullable"] === true;
  const entries = Object.entries(value)
    .filter(([name]) => !isSchema || !beyond2.has(name))
    .filter(([name]) => !isNullable || name === "description")
    .map(([name, part]) => {
      if (!isSchema) return [name, speaking(part, { version, refs: "" }, true)];
      if (name === "properties") return [name, speaking(part, { version, refs: "" }, false)];
      return name === "items" || name === "additionalProperties"
        ? [name, speaking(part, { version, refs: "" }, true)]
        : [name, part];
    });
  return Object.fromEntries(entries);
}

/** The definitions of the kind and of its list, by name. */
export function customDefinitions(kind: Descriptor, within: Within): JsonObject {
  const { custom, group, version } = kind;
  if (custom === undefined) return {};
  const spoken = speaking(custom.schema, within.dialect, true);
  const schema = isRecord(spoken) ? spoken : {};
  const properties = isRecord(schema["properties"]) ? schema["properties"] : {};
  const list = {
    description: `${custom.listKind} is a list of ${kind.kind}`,
    type: "object",
    required: ["items"],
    properties: {
      ...typeProperties("ListMeta", within),
      items: {
        description: `List of ${kind.resource}.`,
        type: "array",
        items: { $ref: within.dialect.refs + kind.schema },
      },
    },
    "x-kubernetes-group-version-kind": [{ group, version, kind: custom.listKind }],
  };
  return {
    [kind.schema]: {
      ...schema,
      type: "object",
      properties: { ...properties, ...typeProperties("ObjectMeta", within) },
      "x-kubernetes-group-version-kind": [{ group, version, kind: kind.kind }],
    },
    [listSchemaOf(kind)]: list,
  };
}
