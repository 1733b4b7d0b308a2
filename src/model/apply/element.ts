// Owns the elements of a path in fieldsV1: a field, an item by its keys, an item of a set; and how people read them.
import { isJsonObject, type Json } from "../patch/patched.ts";
import { defaultKey } from "./list-types.ts";

export const fieldElement = (name: string): string => `f:${name}`;

export const valueElement = (value: Json): string => `v:${JSON.stringify(value)}`;

/** The item's keys as one element, or the key it lacks. */
export function keysElement(
  item: Json,
  keys: readonly string[],
  defaults?: Readonly<Record<string, unknown>>,
): { readonly is: "element"; readonly element: string } | { readonly is: "lacks"; readonly key: string } {
  const ordered = keys.length > 1 ? [...keys].sort() : keys;
  let fields = "";
  for (const key of ordered) {
    // A definition's default is JSON, as all of it.
    const usual = defaults === undefined ? defaultKey(key) : (defaults[key] as Json | undefined);
    const value = isJsonObject(item) ? (item[key] ?? usual) : undefined;
    if (value === undefined) return { is: "lacks", key };
    fields += `${fields === "" ? "" : ","}${JSON.stringify(key)}:${JSON.stringify(value)}`;
  }
  return { is: "element", element: `k:{${fields}}` };
}

/** As upstream prints it: `.spec`, `[name="a"]`, `[="x"]`. */
function elementText(element: string): string {
  const text = element.slice(2);
  if (element.startsWith("f:")) return `.${text}`;
  if (element.startsWith("v:")) return `[=${text}]`;
  if (element.startsWith("i:")) return `[${text}]`;
  try {
    const keys: unknown = JSON.parse(text);
    if (isJsonObject(keys))
      return `[${Object.entries(keys)
        .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
        .join(",")}]`;
  } catch {
    // A client wrote it; it is shown as it stands.
  }
  return `[${text}]`;
}

export const pathText = (path: readonly string[]): string => path.map(elementText).join("");
