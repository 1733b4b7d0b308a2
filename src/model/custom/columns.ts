// Owns the columns that a definition's version adds to `kubectl get`.
import { ageOf } from "../duration.ts";
import type { CustomResourceColumnDefinition } from "../generated/types.ts";
import { nameColumn } from "../kinds/columns.ts";
import type { Cell, Column } from "../kinds/descriptor.ts";
import type { KubeObject } from "../meta.ts";
import type { Instant } from "../../lib/units.ts";
import { follow, readPath, type JsonPath } from "./json-path.ts";

export const columnTypes = ["boolean", "date", "integer", "number", "string"] as const;
type ColumnType = (typeof columnTypes)[number];

const usual: CustomResourceColumnDefinition = {
  name: "Age",
  type: "date",
  description: "Time since the object was created.",
  jsonPath: ".metadata.creationTimestamp",
};

interface Told {
  readonly column: Column;
  readonly path: JsonPath;
}

function told(given: CustomResourceColumnDefinition): Told[] {
  const type = columnTypes.find((one) => one === given.type);
  const path = readPath(given.jsonPath);
  if (type === undefined || path === undefined) return [];
  const description =
    given.description ?? `Custom resource definition column (in JSONPath format): ${given.jsonPath}`;
  const column: Column = {
    name: given.name,
    type,
    description,
    priority: given.priority ?? 0,
    ...(given.format === undefined ? {} : { format: given.format }),
  };
  return [{ column, path }];
}

/** The columns and what stands in them. */
export function columnsOf(given: readonly CustomResourceColumnDefinition[] | undefined): {
  readonly columns: readonly Column[];
  readonly row: (object: KubeObject, now: Instant) => readonly Cell[];
} {
  const found = (given === undefined || given.length === 0 ? [usual] : given).flatMap(told);
  return {
    columns: [nameColumn, ...found.map(({ column }) => column)],
    row: (object, now) => [
      object.metadata.name,
      ...found.map(({ column, path }) => cellOf(column.type, [...follow(path, object)], now)),
    ],
  };
}

/** Of several values the first counts. */
function cellOf(type: ColumnType, [value]: readonly unknown[], now: Instant): Cell {
  if (value === undefined || value === null) return null;
  switch (type) {
    case "string":
      return typeof value === "string" ? value : JSON.stringify(value);
    case "date":
      return typeof value === "string" ? ageOf(value, now) : null;
    case "integer":
      return typeof value === "number" ? Math.trunc(value) : null;
    case "number":
      return typeof value === "number" ? value : null;
    default:
      return typeof value === "boolean" ? value : null;
  }
}
