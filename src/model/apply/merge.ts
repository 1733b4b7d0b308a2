// Owns joining a configuration to an object, and taking out of it what its applier no longer speaks of.
import { copyOf, isJsonList, isJsonObject, setKey, type Json, type JsonObject } from "../patch/patched.ts";
import { elementOf, itemShapeOf, itemsOf } from "./compare.ts";
import { fieldElement } from "./element.ts";
import { at, elementsOf, hasElement, isMember, type FieldSet } from "./field-set.ts";
import type { Shape } from "./shape.ts";

type Items = Extract<Shape, { is: "set" | "list" }>;

/** The object with what the configuration says. */
export function mergeConfig(shape: Shape, live: Json | undefined, config: Json): Json {
  if (live === undefined) return config;
  if ((shape.is === "struct" || shape.is === "map") && isJsonObject(live) && isJsonObject(config)) {
    const merged = copyOf(live);
    for (const [name, value] of Object.entries(config)) {
      const inner = shape.is === "map" ? shape.of() : shape.fields.get(name)?.of();
      // What nobody owns is not the applier's to set.
      if (inner === undefined) continue;
      setKey(merged, name, mergeConfig(inner, Object.hasOwn(live, name) ? live[name] : undefined, value));
    }
    return merged;
  }
  if ((shape.is === "set" || shape.is === "list") && isJsonList(live) && isJsonList(config))
    return mergeItems(shape, live, config);
  return config;
}

/** The configuration's order counts; items it does not speak of keep their place among those it does. */
function mergeItems(shape: Items, live: readonly Json[], config: readonly Json[]): Json[] {
  const wanted = itemsOf(shape, config);
  const elements = live.map((item, index) => elementOf(shape, item, index));
  const present = new Map<string, number>();
  for (const [index, element] of elements.entries()) if (!present.has(element)) present.set(element, index);
  const merged: Json[] = [];
  let next = 0;
  const keepUpTo = (end: number): void => {
    for (; next < end; next += 1) {
      const item = live[next];
      if (item !== undefined && !wanted.has(elements[next] ?? "")) merged.push(item);
    }
  };
  for (const [element, item] of wanted) {
    const index = present.get(element);
    if (index !== undefined) keepUpTo(index + 1);
    merged.push(mergeConfig(itemShapeOf(shape), index === undefined ? undefined : live[index], item));
  }
  keepUpTo(live.length);
  return merged;
}

/** What was applied before, and what anyone owns now. */
export interface Owned {
  readonly last: FieldSet;
  readonly now: FieldSet | undefined;
}

/** Takes out what was applied before and is owned by nobody any more. Whoever owned an item or a field goes with it. */
export function prune(shape: Shape, value: Json, { last, now }: Owned): Json {
  if ((shape.is === "struct" || shape.is === "map") && isJsonObject(value))
    return pruneFields(shape, value, { last, now });
  if ((shape.is === "set" || shape.is === "list") && isJsonList(value)) {
    const kept: Json[] = [];
    for (const [index, item] of value.entries()) {
      const element = elementOf(shape, item, index);
      const was = at(last, element);
      const isGone = was !== undefined && isMember(was) && !hasElement(now, element);
      if (isGone) continue;
      kept.push(
        was === undefined ? item : prune(itemShapeOf(shape), item, { last: was, now: at(now, element) }),
      );
    }
    return kept;
  }
  return value;
}

function pruneFields(
  shape: Extract<Shape, { is: "struct" | "map" }>,
  value: JsonObject,
  { last, now }: Owned,
): Json {
  const result = copyOf(value);
  for (const element of elementsOf(last)) {
    const name = element.slice(2);
    const part = Object.hasOwn(value, name) ? value[name] : undefined;
    const inner = shape.is === "map" ? shape.of() : shape.fields.get(name)?.of();
    const was = at(last, element);
    if (part === undefined || inner === undefined || was === undefined || element !== fieldElement(name))
      continue;
    if (hasElement(now, element))
      setKey(result, name, prune(inner, part, { last: was, now: at(now, element) }));
    else delete result[name];
  }
  return result;
}

/** Items of the configuration that cannot be told apart, or have no key: named as upstream names them. */
export function itemFault(shape: Shape, config: Json, path = ""): string | undefined {
  if ((shape.is === "struct" || shape.is === "map") && isJsonObject(config)) {
    for (const [name, part] of Object.entries(config)) {
      const inner = shape.is === "map" ? shape.of() : shape.fields.get(name)?.of();
      const fault = inner === undefined ? undefined : itemFault(inner, part, `${path}.${name}`);
      if (fault !== undefined) return fault;
    }
    return undefined;
  }
  return (shape.is === "set" || shape.is === "list") && isJsonList(config)
    ? listFault(shape, config, path)
    : undefined;
}

function listFault(shape: Items, config: readonly Json[], path: string): string | undefined {
  const seen = new Set<string>();
  for (const [index, item] of config.entries()) {
    const element = elementOf(shape, item, index);
    if (element.startsWith("i:"))
      return `${path}: element ${index}: associative list with keys has an element that omits key field ${lacking(shape, item)} (and doesn't have default value)`;
    const text = `[${element.slice(2)}]`;
    if (seen.has(element)) return `${path}: duplicate entries for key ${text}`;
    seen.add(element);
    const fault = itemFault(itemShapeOf(shape), item, `${path}${text}`);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

const lacking = (shape: Items, item: Json): string =>
  JSON.stringify(
    shape.is === "list" ? shape.keys.find((key) => !isJsonObject(item) || item[key] === undefined) : "",
  );
