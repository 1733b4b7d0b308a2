// Owns JSON merge patch (RFC 7386).
import { copyOf, isJsonObject, patched, setKey, type Json, type Patched } from "./patched.ts";

/** `null` in the patch removes a key; objects merge; everything else replaces. */
export function applyMergePatch(target: Json, patch: Json): Patched {
  return patched(() => merge(target, patch));
}

function merge(target: Json | undefined, patch: Json): Json {
  if (!isJsonObject(patch)) return patch;
  const result = isJsonObject(target) ? copyOf(target) : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else setKey(result, key, merge(Object.hasOwn(result, key) ? result[key] : undefined, value));
  }
  return result;
}
