// Owns which fields differ between two objects, and which fields an object has, by the kind's shape.
import { deepEqual, setKey } from "../../lib/json.ts";
import { isJsonList, isJsonObject, type Json, type JsonObject } from "../patch/patched.ts";
import { fieldElement, keysElement, valueElement } from "./element.ts";
import { emptySet, isEmptySet, member, nodeOf, type FieldSet } from "./field-set.ts";
import type { Shape } from "./shape.ts";

export interface Comparison {
  /** Added or modified. */
  readonly changed: FieldSet;
  readonly removed: FieldSet;
}

type Part = Json | undefined;
interface Found {
  readonly changed: FieldSet | undefined;
  readonly removed: FieldSet | undefined;
}

const same: Found = { changed: undefined, removed: undefined };

export function compare(shape: Shape, old: Json, next: Json): Comparison {
  const found = differ(shape, old, next);
  return { changed: found.changed ?? emptySet, removed: found.removed ?? emptySet };
}

function differ(shape: Shape, old: Part, next: Part): Found {
  if (old === next) return same;
  if (old === undefined)
    return next === undefined ? same : { changed: allOf(shape, next), removed: undefined };
  if (next === undefined) return { changed: undefined, removed: allOf(shape, old) };
  const parts = partsToCompare(shape, old, next);
  if (parts === undefined) return deepEqual(old, next) ? same : { changed: member, removed: undefined };
  const changed: Record<string, FieldSet> = {};
  const removed: Record<string, FieldSet> = {};
  for (const { element, shape: inner, old: before, next: after } of parts) {
    const found = differ(inner, before, after);
    if (found.changed !== undefined) setKey(changed, element, found.changed);
    if (found.removed !== undefined) setKey(removed, element, found.removed);
  }
  return {
    changed: isEmptySet(changed) ? undefined : changed,
    removed: isEmptySet(removed) ? undefined : removed,
  };
}

interface Pair {
  readonly element: string;
  readonly shape: Shape;
  readonly old: Part;
  readonly next: Part;
}

/** What is told apart in both; undefined where the values are each one. */
function partsToCompare(shape: Shape, old: Json, next: Json): Pair[] | undefined {
  if (shape.is === "struct" || shape.is === "map")
    return isJsonObject(old) && isJsonObject(next) ? fieldPairs(shape, old, next) : undefined;
  if (shape.is === "leaf" || !isJsonList(old) || !isJsonList(next)) return undefined;
  const before = itemsOf(shape, old);
  const after = itemsOf(shape, next);
  const inner = itemShapeOf(shape);
  const pairs: Pair[] = [];
  for (const [element, item] of after) {
    const old = before.get(element);
    if (old !== item) pairs.push({ element, shape: inner, old, next: item });
  }
  for (const [element, item] of before)
    if (!after.has(element)) pairs.push({ element, shape: inner, old: item, next: undefined });
  return pairs;
}

type Fields = Extract<Shape, { is: "struct" | "map" }>;
type Items = Extract<Shape, { is: "set" | "list" }>;

function fieldPairs(shape: Fields, old: JsonObject, next: JsonObject): Pair[] {
  const pairs: Pair[] = [];
  const add = (name: string): void => {
    const before = own(old, name);
    const after = own(next, name);
    if (before === after) return;
    if (shape.is === "map") {
      pairs.push({ element: fieldElement(name), shape: shape.of(), old: before, next: after });
      return;
    }
    const field = shape.fields.get(name);
    if (field === undefined) return;
    const given = before ?? after;
    const zero: Part = !field.isHeldByValue ? undefined : isJsonList(given) ? [] : {};
    pairs.push({ element: fieldElement(name), shape: field.of(), old: before ?? zero, next: after ?? zero });
  };
  for (const name of Object.keys(next)) add(name);
  for (const name of Object.keys(old)) if (!Object.hasOwn(next, name)) add(name);
  return pairs;
}

const own = (object: JsonObject, name: string): Part =>
  Object.hasOwn(object, name) ? object[name] : undefined;

export const itemShapeOf = (shape: Items): Shape => (shape.is === "set" ? { is: "leaf" } : shape.of());

export const elementOf = (shape: Items, item: Json, at: number): string => {
  if (shape.is === "set") return valueElement(item);
  const found = keysElement(item, shape.keys, shape.defaults);
  return found.is === "element" ? found.element : `i:${at}`;
};

/** Items by element; of those that cannot be told apart the first counts. */
export function itemsOf(shape: Items, items: readonly Json[]): Map<string, Json> {
  const found = new Map<string, Json>();
  for (const [at, item] of items.entries()) {
    const element = elementOf(shape, item, at);
    if (!found.has(element)) found.set(element, item);
  }
  return found;
}

/** Every field of the value, the value itself among them. */
function allOf(shape: Shape, value: Json): FieldSet {
  return shape.is === "leaf" ? member : (nodeOf(true, partsOf(shape, value, true)) ?? member);
}

/** The nodes of a value's parts: all there is in them, or what they speak of. */
function partsOf(shape: Shape, value: Json, isAll: boolean): Record<string, FieldSet> {
  const parts: Record<string, FieldSet> = {};
  if ((shape.is === "struct" || shape.is === "map") && isJsonObject(value))
    for (const name of Object.keys(value)) {
      const inner = shape.is === "map" ? shape.of() : shape.fields.get(name)?.of();
      const part = value[name];
      if (inner === undefined || part === undefined) continue;
      const node = isAll ? allOf(inner, part) : spoken(inner, part, shape.is === "map");
      // The element's prefix makes every key an ordinary one.
      if (node !== undefined) parts[fieldElement(name)] = node;
    }
  else if ((shape.is === "set" || shape.is === "list") && isJsonList(value))
    for (const [element, item] of itemsOf(shape, value)) {
      const inner = itemShapeOf(shape);
      const node = isAll ? allOf(inner, item) : spoken(inner, item, true);
      if (node !== undefined) parts[element] = node;
    }
  return parts;
}

/** The fields a configuration speaks of: values, items and entries of maps; a struct or list only where it is empty. */
export function fieldsOf(shape: Shape, config: Json): FieldSet {
  const { "f:metadata": metadata, ...fields } = spoken(shape, config, false) ?? emptySet;
  return metadata === undefined || isEmptySet(metadata) ? fields : { "f:metadata": metadata, ...fields };
}

function spoken(shape: Shape, value: Json, isItem: boolean): FieldSet | undefined {
  if (shape.is === "leaf") return member;
  const isEmpty = isJsonList(value) ? value.length === 0 : isJsonObject(value) && isEmptyObject(value);
  return nodeOf(isItem || isEmpty, partsOf(shape, value, false));
}

const isEmptyObject = (value: JsonObject): boolean => Object.keys(value).length === 0;
