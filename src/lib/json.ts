// Owns the operations on JSON values: equality, cloning, freezing, one stable text.

/** Deep equality of JSON values. A key whose value is undefined counts as absent. */
export function deepEqual(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (typeof left !== "object" || typeof right !== "object" || left === null || right === null) return false;
  if (Array.isArray(left) || Array.isArray(right))
    return Array.isArray(left) && Array.isArray(right) && sameItems(left, right);
  return sameFields(left as Fields, right as Fields);
}

function sameItems(left: readonly unknown[], right: readonly unknown[]): boolean {
  if (left.length !== right.length) return false;
  for (let at = 0; at < left.length; at += 1) if (!deepEqual(left[at], right[at])) return false;
  return true;
}

/** Any object, its fields by name. */
type Fields = Readonly<Record<string, unknown>>;

function sameFields(left: Fields, right: Fields): boolean {
  let present = 0;
  for (const key of Object.keys(left)) {
    const value = left[key];
    if (value === undefined) continue;
    const counterpart = Object.hasOwn(right, key) ? right[key] : undefined;
    if (counterpart === undefined || !deepEqual(value, counterpart)) return false;
    present += 1;
  }
  for (const key of Object.keys(right)) if (right[key] !== undefined) present -= 1;
  return present === 0;
}

/** Freezes a JSON value to its leaves, in place, and returns it. Parts already frozen are taken as frozen whole. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  const fields = value as Fields;
  for (const key of Object.keys(fields)) {
    const part = fields[key];
    if (typeof part === "object") deepFreeze(part);
  }
  return value;
}

/** A private, unfrozen copy. Keys whose value is undefined are left out. */
export function cloneJson<T>(value: T): T {
  // The copy has the same shape as the value: only absent keys differ, which JSON cannot tell apart.
  return copy(value) as T;
}

function copy(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(copy);
  const out: Record<string, unknown> = {};
  const fields = value as Fields;
  for (const key of Object.keys(fields)) {
    const part = fields[key];
    if (part !== undefined) setKey(out, key, copy(part));
  }
  return out;
}

/**
 * A copy of the topmost level, made key by key, so that objects with the same keys in the same order are of one hidden class. V8
 * gives what is spread from an object of a class it has not seen lately a class of its own, and so on from copy to copy: thousands
 * of objects, each of another class, which weigh half as much again and which no access is fast on.
 */
export function reshaped<T extends object>(value: T): T {
  const out: Record<string, unknown> = {};
  const fields = value as Fields;
  for (const key of Object.keys(fields)) setKey(out, key, fields[key]);
  // It has the same keys and values.
  return out as T;
}

/** Sets a key that came from outside: `__proto__` becomes an ordinary key and never the prototype. */
export function setKey(target: Record<string, unknown>, key: string, value: unknown): void {
  if (key === "__proto__")
    Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
  else target[key] = value;
}

/** One text for equal values: keys sorted, undefined left out. */
export function stableText(value: unknown): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  if (Array.isArray(value)) return `[${value.map(stableText).join(",")}]`;
  const parts = Object.entries(value)
    .filter(([, part]) => part !== undefined)
    .sort(([left], [right]) => (left < right ? -1 : left > right ? 1 : 0))
    .map(([key, part]) => `${JSON.stringify(key)}:${stableText(part)}`);
  return `{${parts.join(",")}}`;
}

/** A copy whose keys are in order at every depth, undefined left out: its text is the one that Go's encoder gives a map. */
export function withSortedKeys<T>(value: T): T {
  // The copy has the same keys and values: only their order differs.
  return sorted(value) as T;
}

function sorted(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(sorted);
  const out: Record<string, unknown> = {};
  for (const [key, part] of Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1)))
    if (part !== undefined) setKey(out, key, sorted(part));
  return out;
}

export interface Difference {
  /** `spec.containers[0].name` */
  readonly path: string;
  readonly left: unknown;
  readonly right: unknown;
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Where two JSON values differ, at the deepest places that both have. */
export function differences(left: unknown, right: unknown, path: string): Difference[] {
  if (deepEqual(left, right)) return [];
  if (isRecord(left) && isRecord(right))
    return [...new Set([...Object.keys(left), ...Object.keys(right)])].flatMap((key) =>
      differences(left[key], right[key], `${path}.${key}`),
    );
  if (Array.isArray(left) && Array.isArray(right) && left.length === right.length)
    return left.flatMap((item, index) => differences(item, right[index], `${path}[${index}]`));
  return [{ path, left, right }];
}
