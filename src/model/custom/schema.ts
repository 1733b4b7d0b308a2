// Owns the reading of a structural schema: its parts, and the marks that say how values under it are treated.
import type { JSONSchemaProps } from "../generated/types.ts";

export type Schema = JSONSchemaProps;
export type JsonRecord = Record<string, unknown>;

export const isRecord = (value: unknown): value is JsonRecord =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The generated type leaves open what may be a schema or something else; whoever stores one has had it checked. */
const asSchema = (value: unknown): Schema | undefined => (isRecord(value) ? value : undefined);

export const itemsOf = (schema: Schema): Schema | undefined => asSchema(schema.items);

export const propertyOf = (schema: Schema, name: string): Schema | undefined =>
  schema.properties !== undefined && Object.hasOwn(schema.properties, name)
    ? schema.properties[name]
    : undefined;

/** What entries that are no property are checked against; `anything` where all are allowed. */
export function additionalOf(schema: Schema): Schema | "anything" | undefined {
  return schema.additionalProperties === true ? "anything" : asSchema(schema.additionalProperties);
}

export const preservesUnknown = (schema: Schema): boolean =>
  schema["x-kubernetes-preserve-unknown-fields"] === true;
export const isEmbedded = (schema: Schema): boolean => schema["x-kubernetes-embedded-resource"] === true;
export const isIntOrString = (schema: Schema): boolean => schema["x-kubernetes-int-or-string"] === true;

/** The fields that every object has, which its schema does not describe. */
export const typeFields: ReadonlySet<string> = new Set(["apiVersion", "kind", "metadata"]);

export const joinPath = (path: string, name: string): string => (path === "" ? name : `${path}.${name}`);
