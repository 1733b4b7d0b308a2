// Owns reading a KubeletConfiguration file: what this kubelet goes by, or every fault with its line.
import { readYaml, type YamlDocument } from "../yaml-text.ts";
import { faultsTogether } from "./faults-together.ts";
import { honoured, ignored, type FieldType } from "./fields.ts";
import type { KubeletConfiguration } from "./kubelet-configuration.ts";
import { readValue } from "./read-value.ts";

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
  for (const { field, fault } of problems.length > 0 ? [] : faultsTogether(configuration))
    problems.push(say(field, fault));
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
