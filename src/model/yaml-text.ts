// Owns reading YAML (1.1) and JSON texts so that every field is known by its line and column.
import { isMap, isScalar, isSeq, LineCounter, parseAllDocuments, type Document, type Node } from "yaml";
import { isTooDeep } from "./yaml-depth.ts";

/** Both count from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

export interface YamlDocument {
  readonly value: unknown;
  /** Where the field stands, or the nearest one above it that is there: `spec.containers[0].name`. */
  placeOf(field: string): Place;
}

export interface YamlFault extends Place {
  readonly message: string;
}

export type YamlRead =
  | { readonly is: "read"; readonly documents: readonly YamlDocument[] }
  | { readonly is: "bad"; readonly faults: readonly YamlFault[] };

/** Empty documents are left out. */
export function readYaml(text: string): YamlRead {
  if (isTooDeep(text))
    return { is: "bad", faults: [{ line: 1, column: 1, message: "it is nested too deep to be a manifest" }] };
  const lines = new LineCounter();
  const parsed = parseAllDocuments(text, {
    version: "1.1",
    customTags: (tags) => tags.filter((tag) => !isTimestamp(tag)),
    lineCounter: lines,
  });
  const placeAt = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const faults: YamlFault[] = [];
  const documents: YamlDocument[] = [];
  for (const document of Array.isArray(parsed) ? parsed : []) {
    for (const error of document.errors)
      faults.push({ ...placeAt(error.pos[0]), message: plainMessage(error.message) });
    if (document.errors.length > 0) continue;
    const value = valueOf(document);
    if (value instanceof Error) faults.push({ ...placeAt(document.range[0]), message: value.message });
    else if (value !== null && value !== undefined)
      documents.push({
        value,
        placeOf: (field) => placeAt(offsetOf(document.contents, field) ?? document.range[0]),
      });
  }
  return faults.length > 0 ? { is: "bad", faults } : { is: "read", documents };
}

const plainMessage = (message: string): string =>
  (message.split("\n")[0] ?? message).replace(/ at line \d+, column \d+:?$/, "");

/** Aliases that would grow without bound are refused by the reader. */
function valueOf(document: Document.Parsed): unknown {
  try {
    return document.toJS();
  } catch (thrown) {
    return thrown instanceof Error ? thrown : new Error(String(thrown));
  }
}

const isTimestamp = (tag: unknown): boolean =>
  tag === "timestamp" ||
  (typeof tag === "object" && tag !== null && "tag" in tag && tag.tag === "tag:yaml.org,2002:timestamp");

/** `spec.containers[0]` as its steps; what stands in brackets is an index or a key with dots. */
const stepsOf = (field: string): string[] =>
  [...field.matchAll(/\[([^\]]*)\]|([^.[\]]+)/g)].map((match) => match[1] ?? match[2] ?? "");

function offsetOf(contents: unknown, field: string): number | undefined {
  let node = contents;
  let found = startOf(contents);
  for (const step of stepsOf(field)) {
    let next: unknown;
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === step);
      if (pair === undefined) return found;
      found = startOf(pair.key) ?? found;
      next = pair.value;
    } else if (isSeq(node)) {
      next = node.items[Number(step)];
      if (next === undefined) return found;
      found = startOf(next) ?? found;
    } else return found;
    node = next;
  }
  return found;
}

const startOf = (node: unknown): number | undefined =>
  typeof node === "object" && node !== null && "range" in node ? (node as Node).range?.[0] : undefined;
