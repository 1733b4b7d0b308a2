// Owns answers as Table and PartialObjectMetadata of meta.k8s.io: what kubectl prints, and what metadata-only clients keep.
import type { Instant } from "../../lib/units.ts";
import type { Cell, Column, Descriptor } from "../../model/kinds/descriptor.ts";
import type { KubeObject } from "../../model/meta.ts";
import { badRequest, type Refusal } from "../status.ts";
import type { Form } from "./accept.ts";

export interface ListMetadata {
  readonly resourceVersion: string;
  readonly continue?: string;
  readonly remainingItemCount?: number;
}

/** Which of each object is sent along with its row. */
export type IncludeObject = "Metadata" | "Object" | "None";

const included: readonly IncludeObject[] = ["Metadata", "Object", "None"];

/** Asked of tables alone; for other answers it is of no consequence. */
export function readIncludeObject(text: string | undefined, form: Form): IncludeObject | Refusal {
  const found = (text ?? "") === "" ? "Metadata" : included.find((one) => one === text);
  if (found !== undefined || form.as !== "Table") return found ?? "Metadata";
  const shown = JSON.stringify(text);
  return badRequest(
    `Unable to convert to Table as requested: includeObject: Invalid value: ${shown}: must be 'Metadata', 'Object', 'None', or empty`,
  );
}

export interface TableAsked {
  readonly kind: Descriptor;
  readonly version: string;
  readonly include: IncludeObject;
  readonly now: Instant;
}

const plainColumns: readonly Column[] = [
  {
    name: "Name",
    type: "string",
    format: "name",
    description: "Name must be unique within a namespace.",
    priority: 0,
  },
  { name: "Created At", type: "date", description: "When the object was created.", priority: 0 },
];

const columnsOf = ({ columns }: Descriptor): readonly Column[] =>
  columns.length > 0 ? columns : plainColumns;

const cellsOf = (kind: Descriptor, object: KubeObject, now: Instant): readonly Cell[] =>
  kind.columns.length > 0 ? kind.row(object, now) : [object.metadata.name, object.metadata.creationTimestamp];

const apiVersionOf = (version: string): string => `meta.k8s.io/${version}`;

export const partialObject = (object: KubeObject, version: string): KubeObject => ({
  kind: "PartialObjectMetadata",
  apiVersion: apiVersionOf(version),
  metadata: object.metadata,
});

export const partialList = (
  objects: readonly KubeObject[],
  metadata: ListMetadata,
  version: string,
): Record<string, unknown> => ({
  kind: "PartialObjectMetadataList",
  apiVersion: apiVersionOf(version),
  metadata,
  items: objects.map((object) => partialObject(object, version)),
});

export function tableOf(
  objects: readonly KubeObject[],
  metadata: ListMetadata,
  { kind, version, include, now }: TableAsked,
): Record<string, unknown> {
  const included = (object: KubeObject): { object?: KubeObject } => {
    if (include === "None") return {};
    return { object: include === "Object" ? object : partialObject(object, version) };
  };
  return {
    kind: "Table",
    apiVersion: apiVersionOf(version),
    metadata,
    columnDefinitions: columnsOf(kind).map((column) => ({ ...column, format: column.format ?? "" })),
    rows: objects.map((object) => ({ cells: cellsOf(kind, object, now), ...included(object) })),
  };
}
