// Owns the path by which a rule says which field below it a fault is of: `.spec.name`, `.labels['a.b']`.
import { additionalOf, propertyOf, type Schema } from "../schema.ts";

export type ReadFieldPath =
  | { readonly is: "path"; /** As a field error has it. */ readonly path: string }
  | { readonly is: "bad"; readonly because: string };

const stepShape = /^(?:\.([^.[\]']+)|\['((?:[^'\\]|\\.)*)'\])/;

const escapes: Readonly<Record<string, string>> = {
  a: "\u0007",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  "'": "'",
  "\\": "\\",
};

export function readFieldPath(schema: Schema, text: string): ReadFieldPath {
  let at = schema;
  let rest = text;
  let path = "";
  while (rest !== "") {
    const step = stepShape.exec(rest);
    if (step === null) return { is: "bad", because: `expected [ or . but got: ${rest}` };
    const [whole, field, quoted = ""] = step;
    const name = field ?? quoted.replaceAll(/\\(.)/g, (_escape, letter: string) => escapes[letter] ?? letter);
    const property = propertyOf(at, name);
    const next = property ?? (at.properties === undefined ? additionalOf(at) : undefined);
    if (next === undefined || next === "anything")
      return { is: "bad", because: "does not refer to a valid field" };
    path += property === undefined ? `[${name}]` : path === "" ? name : `.${name}`;
    at = next;
    rest = rest.slice(whole.length);
  }
  return path === "" ? { is: "bad", because: "does not refer to a valid field" } : { is: "path", path };
}
