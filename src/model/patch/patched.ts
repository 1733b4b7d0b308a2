// Owns what applying a patch comes to, and the plain JSON values that patches work on.

export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json;
}

export type Patched =
  { readonly is: "ok"; readonly value: Json } | { readonly is: "bad"; readonly message: string };

/** A patch that cannot be applied; caught where the patch's entry function is left. */
export class BadPatch extends Error {}

export const isJsonObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export const isJsonList = (value: unknown): value is readonly Json[] => Array.isArray(value);

export function patched(apply: () => Json): Patched {
  try {
    return { is: "ok", value: apply() };
  } catch (thrown) {
    if (thrown instanceof BadPatch) return { is: "bad", message: thrown.message };
    throw thrown;
  }
}

/** Equal as JSON: the order of keys does not count, the order of lists does. */
export function equalJson(a: Json | undefined, b: Json | undefined): boolean {
  if (a === b) return true;
  if (isJsonList(a) && isJsonList(b))
    return a.length === b.length && a.every((item, at) => equalJson(item, b[at]));
  if (!isJsonObject(a) || !isJsonObject(b)) return false;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && equalJson(a[key], b[key]))
  );
}

/** A copy with one key set, safe for keys such as `__proto__`. */
export function withKey(object: JsonObject, key: string, value: Json): JsonObject {
  const copy = copyOf(object);
  setKey(copy, key, value);
  return copy;
}

export function copyOf(object: JsonObject): Record<string, Json> {
  const copy: Record<string, Json> = {};
  for (const key of Object.keys(object)) {
    const value = object[key];
    if (value !== undefined) setKey(copy, key, value);
  }
  return copy;
}

export function setKey(object: Record<string, Json>, key: string, value: Json): void {
  if (key === "__proto__")
    Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
  else object[key] = value;
}
