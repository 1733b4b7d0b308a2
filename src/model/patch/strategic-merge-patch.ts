// Owns strategic merge patch: merge patch that knows which lists are maps in disguise.
// Source: the Kubernetes document "Update API Objects in Place Using kubectl patch" and its directives ($patch, $retainKeys,
// $setElementOrder, $deleteFromPrimitiveList).
import { schemas } from "../generated/schemas.ts";
import { mergeRuleOf, type MergeRule } from "./merge-keys.ts";
import {
  BadPatch,
  copyOf,
  equalJson,
  isJsonList,
  isJsonObject,
  patched,
  setKey,
  type Json,
  type JsonObject,
  type Patched,
} from "./patched.ts";

const directive = "$patch";
const retainKeys = "$retainKeys";
const deletePrimitives = "$deleteFromPrimitiveList/";
const elementOrder = "$setElementOrder/";

/** `schema` names the target's schema in generated/schemas; below fields it does not know, maps merge and lists are replaced. */
export function applyStrategicMergePatch(target: Json, patch: Json, schema: string): Patched {
  return patched(() => {
    if (!isJsonObject(target) || !isJsonObject(patch))
      throw new BadPatch("a strategic merge patch is an object");
    return mergeMap(target, patch, schema) ?? {};
  });
}

/** The merged map; undefined where the patch deletes it. */
function mergeMap(target: JsonObject, patch: JsonObject, schema: string | undefined): JsonObject | undefined {
  const whole = patch[directive];
  if (whole === "replace") return stripMap(patch);
  if (whole === "delete") return undefined;
  if (whole !== undefined && whole !== "merge")
    throw new BadPatch(`unrecognized value for $patch: ${JSON.stringify(whole)}`);
  const result = retained(target, patch);
  for (const [key, value] of Object.entries(patch)) {
    if (key.startsWith("$")) continue;
    if (value === null) delete result[key];
    else {
      const merged = mergeField(Object.hasOwn(result, key) ? result[key] : undefined, value, {
        schema,
        key,
        patch,
      });
      if (merged === undefined) delete result[key];
      else setKey(result, key, merged);
    }
  }
  applyListDirectives(result, patch, schema);
  return result;
}

interface FieldPlace {
  readonly schema: string | undefined;
  readonly key: string;
  readonly patch: JsonObject;
}

function mergeField(old: Json | undefined, value: Json, place: FieldPlace): Json | undefined {
  const below = schemaOf(place.schema, place.key);
  if (isJsonObject(value)) return mergeMap(isJsonObject(old) ? old : {}, value, below);
  const rule = mergeRuleOf(place.schema, place.key);
  if (isJsonList(value) && rule !== undefined) {
    const order = place.patch[`${elementOrder}${place.key}`];
    const deleted = place.patch[`${deletePrimitives}${place.key}`];
    const start = dropPrimitives(isJsonList(old) ? old : [], deleted);
    return ordered(mergeList(start, value, rule, below), start, order ?? value.filter(isPlain), rule);
  }
  return value;
}

// As upstream: without an order of its own the patch's order counts, and what it adds comes first.
const isPlain = (item: Json): boolean => !isJsonObject(item) || item[directive] === undefined;

/** Directives on lists that the patch does not otherwise mention. */
function applyListDirectives(
  result: Record<string, Json>,
  patch: JsonObject,
  schema: string | undefined,
): void {
  for (const [key, value] of Object.entries(patch)) {
    const field = key.startsWith(deletePrimitives)
      ? key.slice(deletePrimitives.length)
      : key.startsWith(elementOrder)
        ? key.slice(elementOrder.length)
        : undefined;
    if (field === undefined || Object.hasOwn(patch, field)) continue;
    const old = result[field];
    if (!isJsonList(old)) continue;
    if (key.startsWith(deletePrimitives)) result[field] = dropPrimitives(old, value);
    else {
      const rule = mergeRuleOf(schema, field);
      if (rule !== undefined) result[field] = ordered(old, old, value, rule);
    }
  }
}

function dropPrimitives(list: readonly Json[], deleted: Json | undefined): readonly Json[] {
  if (deleted === undefined) return list;
  if (!isJsonList(deleted)) throw new BadPatch("$deleteFromPrimitiveList is a list");
  return list.filter((item) => !deleted.some((gone) => equalJson(item, gone)));
}

function retained(target: JsonObject, patch: JsonObject): Record<string, Json> {
  const keys = patch[retainKeys];
  const result = copyOf(target);
  if (keys === undefined) return result;
  if (!isJsonList(keys)) throw new BadPatch("$retainKeys is a list of field names");
  for (const key of Object.keys(patch))
    if (!key.startsWith("$") && patch[key] !== null && !keys.includes(key))
      throw new BadPatch(`cannot find ${key} in $retainKeys: the list names every field that the patch sets`);
  for (const key of Object.keys(result)) if (!keys.includes(key)) delete result[key];
  return result;
}

function mergeList(
  old: readonly Json[],
  patch: readonly Json[],
  rule: MergeRule,
  schema: string | undefined,
): readonly Json[] {
  const { key } = rule;
  if (key === undefined)
    return [
      ...old,
      ...patch.filter((item, at) => !contains(old, item) && !contains(patch.slice(0, at), item)),
    ];
  const whole = patch.find((item) => isJsonObject(item) && item[directive] === "replace");
  if (whole !== undefined)
    return patch.filter((item) => !(isJsonObject(item) && item[directive] === "replace")).map(strip);
  const result: (Json | undefined)[] = [...old];
  const places = new Map<string, number>();
  old.forEach((item, at) => {
    if (isJsonObject(item) && item[key] !== undefined) places.set(JSON.stringify(item[key]), at);
  });
  for (const item of patch) {
    if (!isJsonObject(item)) throw new BadPatch(`each item of a list merged by ${key} is an object`);
    const value = item[key];
    if (value === undefined)
      throw new BadPatch(`map: ${JSON.stringify(item)} does not contain declared merge key: ${key}`);
    const at = places.get(JSON.stringify(value));
    const before = at === undefined ? undefined : result[at];
    const merged = mergeMap(isJsonObject(before) ? before : {}, item, schema);
    if (at !== undefined) result[at] = merged;
    else if (merged !== undefined) {
      places.set(JSON.stringify(value), result.length);
      result.push(merged);
    }
  }
  return result.filter((item) => item !== undefined);
}

const contains = (list: readonly Json[], item: Json): boolean => list.some((other) => equalJson(other, item));

/** Puts the list in the order the patch asks for; items it does not name keep their place among the old ones. */
function ordered(
  list: readonly Json[],
  old: readonly Json[],
  order: Json | undefined,
  rule: MergeRule,
): readonly Json[] {
  if (order === undefined) return list;
  if (!isJsonList(order)) throw new BadPatch("$setElementOrder is a list");
  const { key } = rule;
  const nameOf = (item: Json): string =>
    JSON.stringify(key !== undefined && isJsonObject(item) ? (item[key] ?? null) : item);
  const wanted = new Map(order.map((item, at) => [nameOf(item), at]));
  const place = new Map(old.map((item, at) => [nameOf(item), at]));
  const named = list
    .filter((item) => wanted.has(nameOf(item)))
    .sort((a, b) => (wanted.get(nameOf(a)) ?? 0) - (wanted.get(nameOf(b)) ?? 0));
  const rest = list.filter((item) => !wanted.has(nameOf(item)));
  const result: Json[] = [];
  let next = 0;
  for (const item of named) {
    const at = place.get(nameOf(item));
    for (let other = rest[next]; other !== undefined && at !== undefined; other = rest[next]) {
      const otherAt = place.get(nameOf(other));
      if (otherAt === undefined || otherAt > at) break;
      result.push(other);
      next++;
    }
    result.push(item);
  }
  return [...result, ...rest.slice(next)];
}

/** A value of the patch that stands for itself: without directives. */
function strip(value: Json): Json {
  if (isJsonList(value)) return value.map(strip);
  return isJsonObject(value) ? stripMap(value) : value;
}

function stripMap(value: JsonObject): JsonObject {
  const copy: Record<string, Json> = {};
  for (const [key, item] of Object.entries(value)) if (!key.startsWith("$")) setKey(copy, key, strip(item));
  return copy;
}

/** Fields are asked for by names from outside, such as `toString`. */
function fieldOf(schema: string, field: string): { readonly t: string } | undefined {
  const fields = schemas[schema];
  return fields !== undefined && Object.hasOwn(fields, field) ? fields[field] : undefined;
}

/** Name of the schema of a field's value or of its list's items. */
function schemaOf(schema: string | undefined, field: string): string | undefined {
  const type = schema === undefined ? undefined : fieldOf(schema, field)?.t.replace(/^\[\]/, "");
  return type !== undefined && Object.hasOwn(schemas, type) ? type : undefined;
}
