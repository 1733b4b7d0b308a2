// Owns which part of an object's old state a part of its new state is compared with.
import { deepEqual, stableText } from "../../../lib/json.ts";
import { isRecord, type Schema } from "../schema.ts";

/** `at` is where both states can be told to be of the same thing; below that, only the nearest such place above counts. */
export interface Old {
  readonly value: unknown;
  readonly is: "comparable" | "beyond";
  /** The part, or the nearest comparable place above it, is as it was. */
  readonly isSame: boolean;
}

export const nothingOld: Old = { value: undefined, is: "comparable", isSame: false };

const comparable = (value: unknown, old: unknown, parent: Old): Old => ({
  value: old,
  is: "comparable",
  isSame: parent.isSame || (old !== undefined && deepEqual(value, old)),
});

const beyond = ({ isSame }: Old): Old => ({ value: undefined, is: "beyond", isSame });

export const oldWhole = (value: unknown, old: unknown): Old =>
  old === undefined ? nothingOld : comparable(value, old, nothingOld);

/** Of a property, or of a key of a map. */
export function oldField(schema: Schema, value: unknown, name: string, parent: Old): Old {
  if (parent.is === "beyond" || schema["x-kubernetes-map-type"] === "atomic") return beyond(parent);
  const { value: fields } = parent;
  return comparable(
    value,
    isRecord(fields) && Object.hasOwn(fields, name) ? fields[name] : undefined,
    parent,
  );
}

/** Items of lists that are maps are found by their keys; of others nobody knows what became of which. */
export function oldItems(schema: Schema, parent: Old): (item: unknown) => Old {
  const keys = schema["x-kubernetes-list-map-keys"] ?? [];
  if (parent.is === "beyond" || schema["x-kubernetes-list-type"] !== "map" || keys.length === 0) {
    const old = beyond(parent);
    return () => old;
  }
  const { value } = parent;
  const byKey = new Map(Array.isArray(value) ? value.map((item: unknown) => [keyOf(item, keys), item]) : []);
  return (item) => comparable(item, byKey.get(keyOf(item, keys)), parent);
}

const keyOf = (item: unknown, keys: readonly string[]): string =>
  isRecord(item) ? stableText(keys.map((key) => item[key])) : "";
