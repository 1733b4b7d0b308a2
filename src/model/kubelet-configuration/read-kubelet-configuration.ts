// Owns reading a KubeletConfiguration file: what this kubelet goes by, or every fault with its line.
import type { Millis } from "../../lib/units.ts";
import type { Taint } from "../generated/types.ts";
import { parseGoDuration } from "../go-duration.ts";
import { validateTaints } from "../kinds/pod-template/validate-tolerations.ts";
import { readYaml, type YamlDocument } from "../yaml-text.ts";
import { honoured, ignored, type FieldType } from "./fields.ts";

export interface KubeletConfiguration {
  readonly staticPodPath?: string;
  readonly staticPodURL?: string;
  readonly staticPodURLHeader?: Readonly<Record<string, readonly string[]>>;
  readonly fileCheckFrequency?: Millis;
  readonly httpCheckFrequency?: Millis;
  readonly address?: string;
  readonly port?: number;
  readonly readOnlyPort?: number;
  readonly podLogsDir?: string;
  readonly maxPods?: number;
  readonly nodeStatusUpdateFrequency?: Millis;
  readonly registerWithTaints?: readonly Taint[];
  readonly containerRuntimeEndpoint?: string;
}

export type KubeletConfigurationRead =
  /** `notes` name what is set and not gone by. */
  | { readonly is: "read"; readonly configuration: KubeletConfiguration; readonly notes: readonly string[] }
  /** Each reads `FILE:LINE:COLUMN: what`. */
  | { readonly is: "bad"; readonly problems: readonly string[] };

const apiVersion = "kubelet.config.k8s.io/v1beta1";
const kind = "KubeletConfiguration";

/** `file` is what messages call it. */
export function readKubeletConfiguration(file: string, text: string): KubeletConfigurationRead {
  const read = readYaml(text);
  if (read.is === "bad")
    return {
      is: "bad",
      problems: read.faults.map(({ line, column, message }) => `${file}:${line}:${column}: ${message}`),
    };
  const [document, second] = read.documents;
  if (document === undefined)
    return { is: "bad", problems: [`${file}:1:1: it is empty: it should hold a ${kind}`] };
  const say = placed(file, document);
  if (second !== undefined)
    return {
      is: "bad",
      problems: [placed(file, second)("", `it holds more than one document: one ${kind} is read`)],
    };
  const { value } = document;
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return { is: "bad", problems: [say("", `it is not an object: it should hold a ${kind}`)] };
  return readFields({ ...value }, say);
}

type Say = (field: string, what: string) => string;

const placed =
  (file: string, document: YamlDocument): Say =>
  (field, what) => {
    const { line, column } = document.placeOf(field);
    return `${file}:${line}:${column}: ${field === "" ? "" : `${field}: `}${what}`;
  };

function readFields(fields: Readonly<Record<string, unknown>>, say: Say): KubeletConfigurationRead {
  const problems: string[] = [];
  const notes: string[] = [];
  const configuration: Record<string, unknown> = {};
  for (const [name, wanted] of [
    ["apiVersion", apiVersion],
    ["kind", kind],
  ] as const)
    if (fields[name] !== wanted)
      problems.push(
        say(
          name in fields ? name : "",
          `${name in fields ? JSON.stringify(fields[name]) : `${name} is missing`}: it should be ${wanted}`,
        ),
      );
  for (const [name, value] of Object.entries(fields)) {
    if (name === "apiVersion" || name === "kind" || value === null) continue;
    const type = Object.hasOwn(honoured, name) ? honouredType(name) : ignored.get(name);
    if (type === undefined) {
      problems.push(say(name, `there is no such field in a ${kind}${likeliest(name)}`));
      continue;
    }
    const found = readValue(type, value);
    if ("fault" in found)
      problems.push(say(found.at === undefined ? name : `${name}${found.at}`, found.fault));
    else if (Object.hasOwn(honoured, name)) configuration[name] = found.value;
    else notes.push(say(name, "is not gone by: this kubelet has no such setting"));
  }
  if (problems.length > 0) return { is: "bad", problems };
  return { is: "read", configuration, notes };
}

const honouredType = (name: string): FieldType | undefined =>
  Object.entries<FieldType>(honoured).find(([known]) => known === name)?.[1];

/** Upper and lower case, and one letter too many, too few or wrong, are what people get wrong. */
function likeliest(name: string): string {
  const known = [...Object.keys(honoured), ...ignored.keys()];
  const found =
    known.find((one) => one.toLowerCase() === name.toLowerCase()) ?? known.find((one) => isNear(one, name));
  return found === undefined ? "" : `; did you mean ${found}?`;
}

function isNear(left: string, right: string): boolean {
  if (Math.abs(left.length - right.length) > 1) return false;
  let at = 0;
  while (at < left.length && left[at] === right[at]) at += 1;
  const rest = (text: string, skip: number) => text.slice(at + skip);
  return (
    rest(left, 1) === rest(right, 1) || rest(left, 1) === rest(right, 0) || rest(left, 0) === rest(right, 1)
  );
}

type ValueRead = { readonly value: unknown } | { readonly fault: string; readonly at?: string };

const shown = (value: unknown): string => JSON.stringify(value) ?? String(value);
const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isTexts = (value: unknown): boolean =>
  Array.isArray(value) && value.every((one) => typeof one === "string");

const wantedOf = (type: Exclude<FieldType, { is: "duration" | "taints" }>): string => {
  switch (type.is) {
    case "text":
      return "a text";
    case "flag":
      return "true or false";
    case "number":
      return `a whole number from ${type.least} to ${type.most}`;
    case "texts":
      return "a list of texts";
    case "headers":
      return "a map of header names to lists of values";
    case "object":
      return "a map";
    default:
      return "a list of maps";
  }
};

function isOf(type: Exclude<FieldType, { is: "duration" | "taints" }>, value: unknown): boolean {
  switch (type.is) {
    case "text":
      return typeof value === "string";
    case "flag":
      return typeof value === "boolean";
    case "number":
      return Number.isInteger(value) && Number(value) >= type.least && Number(value) <= type.most;
    case "texts":
      return isTexts(value);
    case "headers":
      return isObject(value) && Object.values(value).every(isTexts);
    case "object":
      return isObject(value);
    default:
      return Array.isArray(value) && value.every(isObject);
  }
}

function readValue(type: FieldType, value: unknown): ValueRead {
  if (type.is === "taints") return readTaints(value);
  if (type.is === "duration") {
    const length = typeof value === "string" ? parseGoDuration(value) : undefined;
    return length === undefined || length < type.least
      ? { fault: `${shown(value)} is not a length of time such as "20s" or "1m30s"` }
      : { value: length };
  }
  return isOf(type, value) ? { value } : { fault: `${shown(value)} is not ${wantedOf(type)}` };
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
