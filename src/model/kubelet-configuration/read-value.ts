// Owns whether a value of a KubeletConfiguration is of its field's type, and what it is read as.
import type { Taint } from "../generated/types.ts";
import { parseGoDuration } from "../go-duration.ts";
import { validateTaints } from "../kinds/pod-template/validate-tolerations.ts";
import { parseQuantity } from "../quantity.ts";
import { parseThreshold, signals } from "./eviction-settings.ts";
import type { FieldType } from "./fields.ts";

/** What the field holds; or what is wrong with it, and where in it. */
type ValueRead = { readonly value: unknown } | { readonly fault: string; readonly at?: string };

const shown = (value: unknown): string => JSON.stringify(value) ?? String(value);
const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isTexts = (value: unknown): boolean =>
  Array.isArray(value) && value.every((one) => typeof one === "string");

type Reader = (type: FieldType, value: unknown) => ValueRead;

const plainly =
  (isOf: (value: unknown) => boolean, wanted: string): Reader =>
  (_type, value) =>
    isOf(value) ? { value } : { fault: `${shown(value)} is not ${wanted}` };

function readDuration(type: FieldType, value: unknown): ValueRead {
  const length = typeof value === "string" ? parseGoDuration(value) : undefined;
  const least = type.is === "duration" ? type.least : 0;
  return length === undefined || length < least
    ? { fault: `${shown(value)} is not a length of time such as "20s" or "1m30s"` }
    : { value: length };
}

function readNumber(type: FieldType, value: unknown): ValueRead {
  const { least, most } = type.is === "number" ? type : { least: 0, most: 0 };
  return Number.isInteger(value) && Number(value) >= least && Number(value) <= most
    ? { value }
    : { fault: `${shown(value)} is not a whole number from ${least} to ${most}` };
}

function readQuantity(_type: FieldType, value: unknown): ValueRead {
  const isText = typeof value === "string" || typeof value === "number";
  if (!isText || parseQuantity(value).is === "bad")
    return { fault: `${shown(value)} is not an amount such as "10Mi" or "500m"` };
  return { value: String(value) };
}

/** A map whose every value is read alike; the first fault names its key. */
function readMap(value: unknown, read: (key: string, one: unknown) => ValueRead): ValueRead {
  if (!isObject(value)) return { fault: `${shown(value)} is not a map` };
  const entries: [string, unknown][] = [];
  for (const [key, one] of Object.entries(value)) {
    const found = read(key, one);
    if ("fault" in found) return { at: `[${key}]`, fault: found.fault };
    entries.push([key, found.value]);
  }
  return { value: Object.fromEntries(entries) };
}

const bySignal =
  (read: (one: unknown) => ValueRead): Reader =>
  (_type, value) =>
    readMap(value, (key, one) =>
      signals.some((known) => known === key)
        ? read(one)
        : { fault: `there is no eviction signal ${key}; there are ${signals.join(", ")}` },
    );

const readThreshold = (value: unknown): ValueRead =>
  typeof value === "string" && parseThreshold(value) !== undefined
    ? { value }
    : { fault: `${shown(value)} is neither an amount such as "100Mi" nor a percentage such as "10%"` };

const readShutdowns: Reader = (_type, value) => {
  if (!Array.isArray(value) || !value.every(isObject))
    return { fault: `${shown(value)} is not a list of maps` };
  for (const [index, one] of value.entries())
    for (const [name, part] of Object.entries(one))
      if (!["priority", "shutdownGracePeriodSeconds"].includes(name) || !Number.isInteger(part))
        return {
          at: `[${index}].${name}`,
          fault: `${shown(part)}: each has the whole numbers priority and shutdownGracePeriodSeconds`,
        };
  return {
    value: value.map((one) => ({
      priority: Number(one["priority"] ?? 0),
      shutdownGracePeriodSeconds: Number(one["shutdownGracePeriodSeconds"] ?? 0),
    })),
  };
};

/** Each field by its own type; null is as if it were not there. */
const readGroup: Reader = (type, value) => {
  if (!isObject(value)) return { fault: `${shown(value)} is not a map` };
  const fields = type.is === "group" ? type.fields : {};
  const entries: [string, unknown][] = [];
  for (const [name, one] of Object.entries(value)) {
    const of = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (of === undefined) return { at: `.${name}`, fault: "there is no such field" };
    if (one === null) continue;
    const found = readValue(of, one);
    if ("fault" in found) return { at: `.${name}${found.at ?? ""}`, fault: found.fault };
    entries.push([name, found.value]);
  }
  return { value: Object.fromEntries(entries) };
};

const readers: Readonly<Record<FieldType["is"], Reader>> = {
  text: plainly((value) => typeof value === "string", "a text"),
  flag: plainly((value) => typeof value === "boolean", "true or false"),
  texts: plainly(isTexts, "a list of texts"),
  headers: plainly(
    (value) => isObject(value) && Object.values(value).every(isTexts),
    "a map of header names to lists of values",
  ),
  object: plainly(isObject, "a map"),
  objects: plainly((value) => Array.isArray(value) && value.every(isObject), "a list of maps"),
  duration: readDuration,
  number: readNumber,
  taints: (_type, value) => readTaints(value),
  quantity: readQuantity,
  quantities: (type, value) => readMap(value, (_key, one) => readQuantity(type, one)),
  thresholds: bySignal(readThreshold),
  graces: bySignal((one) => readDuration({ is: "duration", least: 0 }, one)),
  shutdowns: readShutdowns,
  group: readGroup,
};

export function readValue(type: FieldType, value: unknown): ValueRead {
  return readers[type.is](type, value);
}

function readTaints(value: unknown): ValueRead {
  if (!Array.isArray(value) || !value.every(isObject))
    return { fault: `${shown(value)} is not a list of taints, each with key and effect` };
  for (const [index, taint] of value.entries())
    for (const [name, part] of Object.entries(taint))
      if (!["key", "value", "effect", "timeAdded"].includes(name) || typeof part !== "string")
        return {
          at: `[${index}].${name}`,
          fault: `${shown(part)}: a taint has the texts key, value and effect`,
        };
  // Each is an object of texts, as just checked.
  const taints = value as unknown as Taint[];
  const [fault] = validateTaints("", taints);
  return fault === undefined ? { value: taints } : { at: fault.field, fault: fault.message };
}
