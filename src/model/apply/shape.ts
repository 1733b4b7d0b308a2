// Owns the shape of a kind's objects as appliers share them: where values are one, and where parts have owners of their own.
import { schemas } from "../generated/schemas.ts";
import { isAtomicMap, isAtomicStruct, isHeldByValue, listTypeOf } from "./list-types.ts";

export type Shape =
  /** A plain value, or a list or map that is changed as a whole. */
  | { readonly is: "leaf" }
  | { readonly is: "struct"; readonly fields: { get(name: string): FieldShape | undefined } }
  | { readonly is: "map"; readonly of: () => Shape }
  | { readonly is: "set" }
  | {
      readonly is: "list";
      readonly keys: readonly string[];
      /** What keys stand for where an item leaves them out; absent for built-in kinds, which have defaults of their own. */
      readonly defaults?: Readonly<Record<string, unknown>>;
      readonly of: () => Shape;
    };

export interface FieldShape {
  /** Schemas refer to themselves and each other. */
  readonly of: () => Shape;
  /** It is there in every object, empty, without anyone having put it there. */
  readonly isHeldByValue: boolean;
}

const leaf: Shape = { is: "leaf" };
const made = new Map<string, Shape>();

/** Made at first use and kept: schemas refer to themselves, and a shape is asked for with every write. */
function later(make: () => Shape): () => Shape {
  let shape: Shape | undefined;
  return () => (shape ??= make());
}

function memo(key: string, make: () => Shape): Shape {
  const known = made.get(key);
  if (known !== undefined) return known;
  const shape = make();
  made.set(key, shape);
  return shape;
}

/** What the server keeps, and what names the object: nobody owns these. */
const ownerless: Readonly<Record<string, ReadonlySet<string>>> = {
  "": new Set(["apiVersion", "kind"]),
  metadata: new Set([
    "name",
    "namespace",
    "creationTimestamp",
    "selfLink",
    "uid",
    "generation",
    "managedFields",
    "resourceVersion",
  ]),
};

/** The shape of a whole object of the schema. */
export const shapeOfKind = (schema: string): Shape => memo(`kind ${schema}`, () => structOf(schema, ""));

/** Of every object's own metadata. */
export const metadataShape = (): Shape => memo("root metadata", () => structOf("ObjectMeta", "metadata"));

function structOf(schema: string, root: "" | "metadata" | undefined): Shape {
  const hidden = root === undefined ? undefined : ownerless[root];
  const fields = Object.entries(schemas[schema] ?? {})
    .filter(([name]) => hidden?.has(name) !== true)
    .map(([name, { t }]): [string, FieldShape] => {
      const isMetadata = root === "" && name === "metadata";
      return [
        name,
        {
          of: later(() =>
            isMetadata ? metadataShape() : memo(`${schema}.${name}`, () => shapeOf(schema, name, t)),
          ),
          isHeldByValue: isHeldByValue(schema, name, root === ""),
        },
      ];
    });
  return { is: "struct", fields: new Map(fields) };
}

function shapeOf(schema: string, field: string, type: string): Shape {
  if (type.startsWith("[]")) return listShape(schema, field, type.slice(2));
  if (type.startsWith("{}"))
    return isAtomicMap(schema, field) ? leaf : { is: "map", of: later(() => shapeOfType(type.slice(2))) };
  return shapeOfType(type);
}

function listShape(schema: string, field: string, item: string): Shape {
  const type = listTypeOf(schema, field);
  if (type.is === "atomic") return leaf;
  if (type.is === "set") return { is: "set" };
  const { keys } = type;
  // Items of such a list are shared by field, even where the struct elsewhere is one value.
  return { is: "list", keys, of: later(() => memo(`item ${item}`, () => itemShape(item))) };
}

const itemShape = (item: string): Shape =>
  schemas[item] === undefined || isAtomicStruct(item) ? leaf : structOf(item, undefined);

/** A list in a list, or a map's list, has no markers and is one value. */
const shapeOfType = (type: string): Shape =>
  type.startsWith("[]")
    ? leaf
    : type.startsWith("{}")
      ? { is: "map", of: later(() => shapeOfType(type.slice(2))) }
      : memo(`type ${type}`, () => itemShape(type));
