// Owns the operations on JSON values: equality, cloning, freezing, one stable text.

/** Deep equality of JSON values. A key whose value is undefined counts as absent. */
export function deepEqual(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (typeof left !== "object" || typeof right !== "object" || left === null || right === null) return false;
  if (Array.isArray(left) || Array.isArray(right))
    return (
      Array.isArray(left) &&
      Array.isArray(right) &&
      left.length === right.length &&
      left.every((item, index) => deepEqual(item, right[index]))
    );
  const other = new Map<string, unknown>(Object.entries(right));
  let shared = 0;
  for (const [key, value] of Object.entries(left)) {
    if (value === undefined) continue;
    const counterpart = other.get(key);
    if (counterpart === undefined || !deepEqual(value, counterpart)) return false;
    shared += 1;
  }
  let present = 0;
  for (const value of other.values()) if (value !== undefined) present += 1;
  return shared === present;
}

/** Freezes a JSON value to its leaves, in place, and returns it. Parts already frozen are taken as frozen whole. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const part of Object.values(value)) deepFreeze(part);
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
  for (const [key, part] of Object.entries(value)) if (part !== undefined) setKey(out, key, copy(part));
  return out;
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
