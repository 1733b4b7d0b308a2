// Owns writing the fields of a JSON schema that stand for one of two things: a schema, or else a list, a boolean or names.
import type { BackwardWriter } from "./backward-writer.ts";
import { boolean, text, writeTagged, type WriteValue } from "./encode-values.ts";

export const schemaMessage = "JSONSchemaProps";

type WriteSchema = WriteValue["write"];
type Either = (writeSchema: WriteSchema) => WriteValue;

const isSchema = (value: unknown): boolean =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Each item in a field of its own. */
function writeItems(out: BackwardWriter, number: number, item: WriteValue, value: unknown): void {
  const items: readonly unknown[] = Array.isArray(value) ? value : [];
  for (let at = items.length - 1; at >= 0; at -= 1) writeTagged(out, number, item, items[at]);
}

const schemaOr =
  (item: (schema: WriteValue) => WriteValue): Either =>
  (writeSchema) => {
    const schema: WriteValue = { wire: 2, write: writeSchema };
    return {
      wire: 2,
      write: (out, value) => {
        if (isSchema(value)) writeTagged(out, 1, schema, value);
        else writeItems(out, 2, item(schema), value);
      },
    };
  };

/** A schema allows what it describes, and says so as well. */
const schemaOrBoolean: Either = (writeSchema) => ({
  wire: 2,
  write: (out, value) => {
    if (isSchema(value)) writeTagged(out, 2, { wire: 2, write: writeSchema }, value);
    writeTagged(out, 1, boolean, isSchema(value) || value);
  },
});

const either: Readonly<Record<string, Either>> = {
  [`${schemaMessage} items`]: schemaOr((schema) => schema),
  [`${schemaMessage} additionalProperties`]: schemaOrBoolean,
  [`${schemaMessage} additionalItems`]: schemaOrBoolean,
  [`${schemaMessage} dependencies`]: schemaOr(() => text),
  // It says by being there.
  "CustomResourceSubresources status": () => ({ wire: 2, write: () => undefined }),
};

/** Undefined for a field that stands for one thing alone. */
export const eitherWriter = (
  message: string,
  field: string,
  writeSchema: WriteSchema,
): WriteValue | undefined => either[`${message} ${field}`]?.(writeSchema);
