// Owns whether two statuses tell the same, however fully each is told.

/** Any object, its fields by name. */
type Fields = Readonly<Record<string, unknown>>;

/** Upstream's server tells of what is not there as well: times that are null, a last state that is empty. */
const isNothing = (name: string, value: unknown): boolean =>
  value === undefined || value === null || (name === "lastState" && isEmpty(value));

function isEmpty(value: unknown): boolean {
  if (typeof value !== "object" || Array.isArray(value)) return false;
  const fields = value as Fields;
  for (const name of Object.keys(fields)) if (!isNothing(name, fields[name])) return false;
  return true;
}

/** Equality of JSON values in which nothing, and what is not there, are one. */
export function tellTheSame(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (left === undefined || left === null) return right === undefined || right === null;
  if (typeof left !== "object" || typeof right !== "object" || right === null) return false;
  if (Array.isArray(left) || Array.isArray(right))
    return Array.isArray(left) && Array.isArray(right) && sameItems(left, right);
  return sameFields(left as Fields, right as Fields);
}

function sameItems(left: readonly unknown[], right: readonly unknown[]): boolean {
  if (left.length !== right.length) return false;
  for (let at = 0; at < left.length; at += 1) if (!tellTheSame(left[at], right[at])) return false;
  return true;
}

function sameFields(left: Fields, right: Fields): boolean {
  let present = 0;
  for (const name of Object.keys(left)) {
    const value = left[name];
    if (isNothing(name, value)) continue;
    const counterpart = Object.hasOwn(right, name) ? right[name] : undefined;
    if (isNothing(name, counterpart) || !tellTheSame(value, counterpart)) return false;
    present += 1;
  }
  for (const name of Object.keys(right)) if (!isNothing(name, right[name])) present -= 1;
  return present === 0;
}
