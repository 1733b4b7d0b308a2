// Owns equality and addition of the values that rules see, where lists may be sets, or maps by some of their items' fields.
import { Optional } from "@marcbachmann/cel-js";
import { Duration, UnsignedInt } from "./cel.ts";

/** Lists that are maps in disguise, by the fields that tell their items apart. */
const keysOfList = new WeakMap<readonly unknown[], readonly string[]>();

export function asMapList(list: unknown[], keys: readonly string[]): unknown[] {
  keysOfList.set(list, keys);
  return list;
}

export const isList = (value: unknown): value is readonly unknown[] | ReadonlySet<unknown> =>
  Array.isArray(value) || value instanceof Set;

export const itemsOfList = (list: readonly unknown[] | ReadonlySet<unknown>): readonly unknown[] =>
  Array.isArray(list) ? list : [...list];

/** Of any of the three kinds of number that CEL has. */
export const numberOf = (value: unknown): number | bigint | undefined =>
  typeof value === "number" || typeof value === "bigint"
    ? value
    : value instanceof UnsignedInt
      ? value.valueOf()
      : undefined;

/** An int and a double that are the same number are equal. */
function equalNumbers(left: number | bigint, right: number | bigint): boolean {
  if (typeof left === typeof right) return left === right;
  const [double, whole] = typeof left === "number" ? [left, right] : [right, left];
  return Number.isInteger(double) && BigInt(double) === whole;
}

export function celEqual(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  const [number, other] = [numberOf(left), numberOf(right)];
  if (number !== undefined && other !== undefined) return equalNumbers(number, other);
  if (typeof left !== "object" || typeof right !== "object" || left === null || right === null) return false;
  if (isList(left)) return isList(right) && equalLists(left, right);
  if (left.constructor !== right.constructor && !(isMap(left) && isMap(right))) return false;
  if (isMap(left)) return equalMaps(entriesOf(left), entriesOf(right));
  if (left instanceof Optional && right instanceof Optional)
    return (
      left.hasValue() === right.hasValue() && (!left.hasValue() || celEqual(left.value(), right.value()))
    );
  if (left instanceof Date && right instanceof Date) return left.getTime() === right.getTime();
  if (left instanceof Duration && right instanceof Duration)
    return left.seconds === right.seconds && left.nanos === right.nanos;
  if (left instanceof Uint8Array && right instanceof Uint8Array) return Buffer.compare(left, right) === 0;
  return isComparable(left) && left.equals(right);
}

interface Comparable {
  equals(other: unknown): boolean;
}
const isComparable = (value: object): value is Comparable =>
  "equals" in value && typeof value.equals === "function";

const isMap = (value: object): boolean => value instanceof Map || value.constructor === Object;
const entriesOf = (value: object): ReadonlyMap<unknown, unknown> =>
  value instanceof Map ? value : new Map<unknown, unknown>(Object.entries(value));

function equalMaps(left: ReadonlyMap<unknown, unknown>, right: ReadonlyMap<unknown, unknown>): boolean {
  if (left.size !== right.size) return false;
  for (const [key, value] of left) if (!right.has(key) || !celEqual(value, right.get(key))) return false;
  return true;
}

type List = readonly unknown[] | ReadonlySet<unknown>;

/** In any order where one of the two is a set or a map. */
function equalLists(left: List, right: List): boolean {
  const [items, others] = [itemsOfList(left), itemsOfList(right)];
  if (items.length !== others.length) return false;
  if (left instanceof Set || right instanceof Set) {
    const present = left instanceof Set ? left : right instanceof Set ? right : new Set();
    return (left instanceof Set ? others : items).every((item) => present.has(item));
  }
  const keys = keysOfListed(left) ?? keysOfListed(right);
  if (keys === undefined) return items.every((item, index) => celEqual(item, others[index]));
  const byKey = new Map(others.map((item) => [keyOf(item, keys), item]));
  return items.every((item) => celEqual(item, byKey.get(keyOf(item, keys))));
}

const keysOfListed = (list: List): readonly string[] | undefined =>
  Array.isArray(list) ? keysOfList.get(list) : undefined;

const keyOf = (item: unknown, keys: readonly string[]): string =>
  JSON.stringify(keys.map((key) => (item instanceof Map ? String(item.get(key)) : "")));

/** A set takes what it has not yet; of a map, items with the same key are replaced where they stand. */
export function joinLists(left: List, right: List): List {
  if (left instanceof Set) return new Set([...left, ...right]);
  const keys = keysOfListed(left);
  if (keys === undefined) return [...left, ...right];
  const joined = new Map(itemsOfList(left).map((item) => [keyOf(item, keys), item]));
  for (const item of right) joined.set(keyOf(item, keys), item);
  return asMapList([...joined.values()], keys);
}

export function isMember(value: unknown, within: unknown): boolean {
  if (within instanceof Set) return within.has(value);
  if (Array.isArray(within)) return within.some((item) => celEqual(item, value));
  if (within instanceof Map) return within.has(value);
  return typeof within === "object" && within !== null && Object.hasOwn(within, String(value));
}
