// Owns JSON Patch (RFC 6902).
import {
  BadPatch,
  copyOf,
  equalJson,
  isJsonList,
  isJsonObject,
  patched,
  withKey,
  type Json,
  type Patched,
} from "./patched.ts";

const operationsMax = 10_000;
// As upstream's: what all copies of a patch may add up to, lest each double what the last one made.
const copiedMax = 3 * 1024 * 1024;

/** Applies every operation or none; a failed `test` or a path that leads nowhere is bad. */
export function applyJsonPatch(target: Json, patch: Json): Patched {
  return patched(() => {
    if (!isJsonList(patch)) throw new BadPatch("a JSON patch is a list of operations");
    if (patch.length > operationsMax)
      throw new BadPatch(
        `The allowed maximum operations in a JSON patch is ${operationsMax}, got ${patch.length}`,
      );
    const copies = { left: copiedMax };
    return patch.reduce<Json>((found, operation) => applyOperation(found, operation, copies), target);
  });
}

interface Copies {
  left: number;
}

/** Takes what a value weighs as text, nearly, from what may still be copied; ends where there is nothing left. */
function weigh(value: Json, copies: Copies): void {
  copies.left -= typeof value === "string" ? value.length + 2 : 4;
  if (copies.left < 0)
    throw new BadPatch(
      `Unable to complete the copy, the accumulated size increase of copy is ${copiedMax - copies.left}, exceeding the limit ${copiedMax}`,
    );
  if (isJsonList(value)) for (const item of value) weigh(item, copies);
  else if (isJsonObject(value))
    for (const [key, item] of Object.entries(value)) {
      copies.left -= key.length + 4;
      weigh(item, copies);
    }
}

function copied(value: Json, copies: Copies): Json {
  weigh(value, copies);
  return value;
}

function applyOperation(target: Json, operation: Json, copies: Copies): Json {
  if (!isJsonObject(operation)) throw new BadPatch("each operation of a JSON patch is an object");
  const path = pointer(operation["path"], "path");
  switch (operation["op"]) {
    case "add":
      return add(target, path, valueOf(operation));
    case "remove":
      return remove(target, path);
    case "replace":
      read(target, path);
      return replace(target, path, valueOf(operation));
    case "test":
      if (!equalJson(readOrNull(target, path), valueOf(operation)))
        throw new BadPatch(`testing value ${shown(path)} failed`);
      return target;
    case "copy":
      return add(target, path, copied(read(target, pointer(operation["from"], "from")), copies));
    case "move":
      return move(target, pointer(operation["from"], "from"), path);
    default:
      throw new BadPatch(`Unexpected kind: ${JSON.stringify(operation["op"] ?? null)}`);
  }
}

const shown = (path: readonly string[]): string =>
  path.map((part) => `/${part.replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");

function pointer(value: Json | undefined, name: string): string[] {
  if (typeof value !== "string" || (value !== "" && !value.startsWith("/")))
    throw new BadPatch(
      `${name} of a JSON patch operation is a JSON pointer, got ${JSON.stringify(value ?? null)}`,
    );
  return value
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
}

function valueOf(operation: { readonly [key: string]: Json }): Json {
  const value = operation["value"];
  if (value === undefined) throw new BadPatch(`operation ${JSON.stringify(operation["op"])} needs a value`);
  return value;
}

function child(target: Json, part: string): Json | undefined {
  if (isJsonList(target)) return target[index(part, target.length - 1)];
  return isJsonObject(target) && Object.hasOwn(target, part) ? target[part] : undefined;
}

function index(part: string, last: number): number {
  if (!/^(?:0|[1-9]\d*)$/.test(part) || Number(part) > last)
    throw new BadPatch(`Unable to access invalid index: ${part}`);
  return Number(part);
}

function read(target: Json, path: readonly string[]): Json {
  let found = target;
  for (const part of path) {
    const next = child(found, part);
    if (next === undefined) throw new BadPatch(`doc is missing path: ${shown(path)}`);
    found = next;
  }
  return found;
}

// A test for null holds where the value is absent, as the library that upstream uses has it.
function readOrNull(target: Json, path: readonly string[]): Json {
  let found = target;
  for (const part of path) {
    const next = child(found, part);
    if (next === undefined) return null;
    found = next;
  }
  return found;
}

/** Rebuilds the way down to the parent of the path, which `change` changes. */
function atParent(target: Json, path: readonly string[], change: (parent: Json, last: string) => Json): Json {
  const [first, ...rest] = path;
  if (first === undefined) throw new BadPatch("the root cannot be changed this way");
  if (rest.length === 0) return change(target, first);
  const next = child(target, first);
  if (next === undefined) throw new BadPatch(`doc is missing path: ${shown(path)}`);
  const changed = atParent(next, rest, change);
  if (isJsonList(target)) return target.map((item, at) => (at === Number(first) ? changed : item));
  return isJsonObject(target) ? withKey(target, first, changed) : target;
}

function add(target: Json, path: readonly string[], value: Json): Json {
  if (path.length === 0) return value;
  return atParent(target, path, (parent, last) => {
    if (isJsonList(parent)) {
      const at = last === "-" ? parent.length : index(last, parent.length);
      return [...parent.slice(0, at), value, ...parent.slice(at)];
    }
    if (!isJsonObject(parent)) throw new BadPatch(`doc is missing path: ${shown(path)}`);
    return withKey(parent, last, value);
  });
}

function replace(target: Json, path: readonly string[], value: Json): Json {
  if (path.length === 0) return value;
  return atParent(target, path, (parent, last) => {
    if (isJsonList(parent)) return parent.map((item, at) => (at === Number(last) ? value : item));
    return isJsonObject(parent) ? withKey(parent, last, value) : parent;
  });
}

function remove(target: Json, path: readonly string[]): Json {
  return atParent(target, path, (parent, last) => {
    if (isJsonList(parent)) {
      const at = index(last, parent.length - 1);
      return parent.filter((_, other) => other !== at);
    }
    if (!isJsonObject(parent) || !Object.hasOwn(parent, last))
      throw new BadPatch(`Unable to remove nonexistent key: ${last}: ${shown(path)}`);
    const copy = copyOf(parent);
    delete copy[last];
    return copy;
  });
}

function move(target: Json, from: readonly string[], to: readonly string[]): Json {
  if (to.length > from.length && from.every((part, at) => part === to[at]))
    throw new BadPatch(`cannot move ${shown(from)} into its own child ${shown(to)}`);
  return add(remove(target, from), to, read(target, from));
}
