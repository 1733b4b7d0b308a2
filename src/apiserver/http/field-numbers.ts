// Owns the numbers that fields go by in protobuf messages, of every kind of the Kubernetes API.
import { apiextensions } from "./field-numbers/apiextensions.ts";
import { core } from "./field-numbers/core.ts";
import { groups } from "./field-numbers/groups.ts";
import { meta } from "./field-numbers/meta.ts";

export interface NumberedField {
  /** As in JSON; for a part, that of the message whose fields JSON shows as the owner's own. */
  readonly name: string;
  readonly is: "field" | "part";
  /** Go writes it even where it is unset, as zero or empty. */
  readonly isAlwaysWritten: boolean;
  /** A list that stands in a message of its own. */
  readonly isBoxed: boolean;
}

const lines = new Map<string, string>();
for (const table of [meta, core, groups, apiextensions])
  for (const line of table.trim().split("\n")) {
    const end = line.indexOf(": ");
    lines.set(line.slice(0, end), line.slice(end + 2));
  }

function readEntry(entry: string): [number, NumberedField] {
  const [, plus, name = "", number, always, box] = /^(\+?)([$\w-]+)=(\d+)(!?)(\*?)$/.exec(entry) ?? [];
  const is = plus === "+" ? "part" : "field";
  return [Number(number), { name, is, isAlwaysWritten: always === "!", isBoxed: box === "*" }];
}

const read = new Map<string, ReadonlyMap<number, NumberedField>>();

/** Number to field; undefined for a message that is not known here. */
export function fieldNumbers(message: string): ReadonlyMap<number, NumberedField> | undefined {
  const known = read.get(message);
  if (known !== undefined) return known;
  const line = lines.get(message);
  if (line === undefined) return undefined;
  const numbers = new Map(line.split(" ").map(readEntry));
  read.set(message, numbers);
  return numbers;
}

/** The schema of a group's kind: two groups' kinds of one name are told apart by their group. */
export function schemaOf(apiVersion: string, kind: string): string | undefined {
  const [first = "", version] = apiVersion.split("/");
  const group = version === undefined ? "core" : (first.split(".")[0] ?? "");
  const names = [
    `${group.charAt(0).toUpperCase()}${group.slice(1)}${kind}`,
    version === "v2" ? `V2${kind}` : kind,
  ];
  return names.find((name) => lines.has(name));
}
