// Owns a KubeletConfiguration as it is shown: the fields that are gone by, lengths of time as Go writes them.
import type { Millis } from "../../lib/units.ts";
import { honoured, type FieldType } from "./fields.ts";
import type { KubeletConfiguration } from "./kubelet-configuration.ts";

const lengthText = (length: Millis): string => `${length / 1000}s`;

/** Of headers only the names: values may be secrets. */
const masked = (headers: object): unknown =>
  Object.fromEntries(Object.keys(headers).map((name) => [name, ["<masked>"]]));

function shown(type: FieldType | undefined, value: unknown): unknown {
  if (type?.is === "duration" && typeof value === "number") return lengthText(value);
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  if (type?.is === "headers") return masked(value);
  const entries = Object.entries(value);
  if (type?.is === "graces")
    return Object.fromEntries(entries.map(([key, one]) => [key, shown({ is: "duration", least: 0 }, one)]));
  return type?.is === "group"
    ? Object.fromEntries(entries.map(([key, one]) => [key, shown(type.fields[key], one)]))
    : value;
}

/** As JSON that reads back to the same, secrets aside. */
export function showConfiguration(configuration: KubeletConfiguration): Readonly<Record<string, unknown>> {
  const types: Readonly<Record<string, FieldType>> = honoured;
  const fields = Object.entries(configuration).filter(([, value]) => value !== undefined);
  return {
    kind: "KubeletConfiguration",
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    ...Object.fromEntries(fields.map(([name, value]) => [name, shown(types[name], value)])),
  };
}
