// Owns reading manifests: YAML documents into objects, with file, line and column in every complaint.
import { LineCounter, parseAllDocuments } from "yaml";
import type { ObjectMeta } from "../model/generated/types.ts";

/** An object as a person wrote it: of any kind, not yet checked beyond having one. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
  readonly [field: string]: unknown;
}

export type ManifestsRead =
  | { readonly is: "read"; readonly manifests: readonly Manifest[] }
  | { readonly is: "bad"; readonly problems: readonly string[] };

/** Reads every document of a YAML (1.1) or JSON text. A problem reads `FILE:LINE:COLUMN: what`. Empty documents are skipped. */
export function readManifests(file: string, text: string): ManifestsRead {
  const lineCounter = new LineCounter();
  const documents = parseAllDocuments(text, {
    version: "1.1",
    customTags: (tags) => tags.filter((tag) => !isTimestamp(tag)),
    lineCounter,
  });
  const manifests: Manifest[] = [];
  const problems: string[] = [];
  for (const document of Array.isArray(documents) ? documents : []) {
    for (const error of document.errors) {
      const { line, col } = lineCounter.linePos(error.pos[0]);
      problems.push(
        `${file}:${line}:${col}: ${error.message.split("\n")[0]?.replace(/ at line \d+, column \d+:?$/, "") ?? error.code}`,
      );
    }
    if (document.errors.length > 0) continue;
    const value: unknown = document.toJS();
    if (value === null || value === undefined) continue;
    const fault = faultOf(value);
    if (fault === undefined)
      manifests.push(value as Manifest); // faultOf has checked the four fields
    else {
      const { line, col } = lineCounter.linePos(document.range[0]);
      problems.push(`${file}:${line}:${col}: ${fault}`);
    }
  }
  return problems.length > 0 ? { is: "bad", problems } : { is: "read", manifests };
}

const isTimestamp = (tag: unknown): boolean =>
  tag === "timestamp" ||
  (typeof tag === "object" && tag !== null && "tag" in tag && tag.tag === "tag:yaml.org,2002:timestamp");

function faultOf(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return "not an object: a manifest has apiVersion, kind and metadata";
  const fields: Readonly<Record<string, unknown>> = { ...value };
  for (const field of ["apiVersion", "kind"])
    if (typeof fields[field] !== "string" || fields[field] === "")
      return `${field} is missing: a manifest names its apiVersion and kind`;
  const { metadata } = fields;
  return typeof metadata === "object" && metadata !== null
    ? undefined
    : "metadata is missing: a manifest has at least metadata.name";
}
