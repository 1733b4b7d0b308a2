// Owns the shape that appliers share a custom object by, from its schema's marks.
import { metadataShape, type FieldShape, type Shape } from "../apply/shape.ts";
import {
  additionalOf,
  isEmbedded,
  itemsOf,
  preservesUnknown,
  propertyOf,
  typeFields,
  type Schema,
} from "./schema.ts";

const leaf: Shape = { is: "leaf" };
/** What no schema describes: maps are told apart by their keys at every depth, all else is one value. */
const undescribed: Shape = { is: "map", of: () => undescribed };

const leafField: FieldShape = { of: () => leaf, isHeldByValue: false };

export function shapeOfObject(schema: Schema): Shape {
  const fields = fieldsOf(schema);
  const metadata: FieldShape = { of: metadataShape, isHeldByValue: true };
  return {
    is: "struct",
    fields: {
      get: (name) => (name === "metadata" ? metadata : typeFields.has(name) ? undefined : fields.get(name)),
    },
  };
}

function shapeOf(schema: Schema): Shape {
  if (schema.type === "array") return listShape(schema);
  if (schema.type !== "object" || schema["x-kubernetes-map-type"] === "atomic") return leaf;
  if (isEmbedded(schema)) return embedded(schema);
  if (schema.properties !== undefined) return { is: "struct", fields: fieldsOf(schema) };
  const additional = additionalOf(schema);
  if (additional === undefined) return preservesUnknown(schema) ? undescribed : { is: "map", of: () => leaf };
  return additional === "anything" ? undescribed : { is: "map", of: later(() => shapeOf(additional)) };
}

function listShape(schema: Schema): Shape {
  const items = itemsOf(schema);
  const type = schema["x-kubernetes-list-type"];
  if (type === "set") return { is: "set" };
  if (type !== "map" || items === undefined) return leaf;
  const keys = schema["x-kubernetes-list-map-keys"] ?? [];
  const defaults = Object.fromEntries(
    keys.flatMap((key) => {
      const usual: unknown = propertyOf(items, key)?.default;
      return usual === undefined ? [] : [[key, usual]];
    }),
  );
  return { is: "list", keys, defaults, of: later(() => shapeOf(items)) };
}

const metadataOfEmbedded: FieldShape = { of: () => undescribed, isHeldByValue: false };

/** An object in an object: its own metadata is shared by field. */
function embedded(schema: Schema): Shape {
  const fields = fieldsOf(schema);
  return {
    is: "struct",
    fields: {
      get: (name) =>
        name === "metadata" ? metadataOfEmbedded : typeFields.has(name) ? leafField : fields.get(name),
    },
  };
}

function fieldsOf(schema: Schema): { get(name: string): FieldShape | undefined } {
  const known = new Map<string, FieldShape>();
  const rest = preservesUnknown(schema) ? leafField : undefined;
  return {
    get(name) {
      const property = propertyOf(schema, name);
      if (property === undefined) return rest;
      const field = known.get(name) ?? { of: later(() => shapeOf(property)), isHeldByValue: false };
      known.set(name, field);
      return field;
    },
  };
}

function later(make: () => Shape): () => Shape {
  let shape: Shape | undefined;
  return () => (shape ??= make());
}
