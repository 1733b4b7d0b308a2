// Owns the columns that many kinds share.
import type { Column } from "./descriptor.ts";

/** A column of `kubectl get`; those of priority 1 show with `-o wide`. */
export const column = (
  name: string,
  type: Column["type"],
  description: string,
  priority: 0 | 1 = 0,
): Column => ({ name, type, description, priority });

export const nameColumn: Column = {
  name: "Name",
  type: "string",
  format: "name",
  description: "Name must be unique within a namespace. It names the object in the API.",
  priority: 0,
};

export const ageColumn: Column = column("Age", "string", "Time since the object was created.");

export const orNone = (text: string | undefined): string =>
  text === undefined || text === "" ? "<none>" : text;
