// Generates src/model/generated from the pinned client package: the wire types, the schemas, the descriptions.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

interface Attribute {
  readonly baseName: string;
  readonly name: string;
  readonly type: string;
  readonly format: string;
}
interface Definition {
  readonly model: string;
  readonly name: string;
  readonly description: string;
  readonly attributes: readonly Attribute[];
  readonly required: ReadonlySet<string>;
  readonly descriptions: ReadonlyMap<string, string>;
}

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const models = join(
  dirname(createRequire(import.meta.url).resolve("@kubernetes/client-node/package.json")),
  "dist/gen/models",
);
const target = join(root, "src/model/generated");

/** The name a model has in this project: `V1Pod` is `Pod`, `CoreV1Event` is `CoreEvent`, `V1beta1X` stays. */
function nameOf(model: string): string {
  return model
    .replace(
      /^(Core|Events|Authentication|Storage|Discovery|Rbac|Flowcontrol|Resource|Admissionregistration|Apiextensions|Apiregistration)V1/,
      "$1",
    )
    .replace(/^V1(?=[A-Z])/, "");
}

function commentText(comment: string): string {
  return (
    comment
      .split("\n")
      .map((line) => line.replace(/^\s*\*\s?/, ""))
      .join("\n")
      // The package escapes quotes as if the comment were a string.
      .replace(/\\(["'])/g, "$1")
      .trim()
  );
}

/** Reads required flags and descriptions, which only the declaration file keeps. */
function readDeclaration(model: string): Pick<Definition, "description" | "required" | "descriptions"> {
  const text = readFileSync(join(models, `${model}.d.ts`), "utf8");
  const start = text.indexOf("export declare class");
  const head = text.slice(0, start);
  const headComment = [...head.matchAll(/\/\*\*([\s\S]*?)\*\//g)].at(-1)?.[1] ?? "";
  const body = text.slice(start, text.indexOf("static readonly discriminator"));
  const required = new Set<string>();
  const descriptions = new Map<string, string>();
  for (const match of body.matchAll(/(?:\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*)?'([^']+)'(\?)?:/g)) {
    const [, comment, name, optional] = match;
    if (name === undefined) continue;
    if (optional === undefined) required.add(name);
    if (comment !== undefined) descriptions.set(name, commentText(comment));
  }
  const description = commentText(headComment);
  return { description: description.startsWith("Kubernetes\n") ? "" : description, required, descriptions };
}

async function readDefinitions(): Promise<Definition[]> {
  const files = readdirSync(models).filter((file) => file.endsWith(".d.ts"));
  const found: Definition[] = [];
  for (const file of files.sort()) {
    const model = file.slice(0, -".d.ts".length);
    const module: Record<string, { attributeTypeMap?: Attribute[] } | undefined> =
      model === "ObjectSerializer" || model === "all"
        ? {}
        : await import(pathToFileURL(join(models, `${model}.js`)).href);
    const attributes = module[model]?.attributeTypeMap;
    if (attributes === undefined) continue;
    found.push({ model, name: nameOf(model), attributes, ...readDeclaration(model) });
  }
  return found;
}

/** Compact schema of one field: see src/model/schema.ts for the reader. */
type FieldSchema = { t: string; f?: string; r?: 1 };

function typeOf(type: string, names: ReadonlyMap<string, string>): string {
  const list = /^Array<(.*)>$/.exec(type)?.[1];
  if (list !== undefined) return `${typeOf(list, names)}[]`;
  const map = /^\{ \[key: string\]: (.*); \}$/.exec(type)?.[1];
  if (map !== undefined) return `Record<string, ${typeOf(map, names)}>`;
  if (type === "any") return "unknown";
  if (type === "Date" || type === "V1MicroTime") return "string";
  if (type === "IntOrString") return "number | string";
  return names.get(type) ?? type;
}

function schemaTypeOf(type: string, names: ReadonlyMap<string, string>): string {
  const list = /^Array<(.*)>$/.exec(type)?.[1];
  if (list !== undefined) return `[]${schemaTypeOf(list, names)}`;
  const map = /^\{ \[key: string\]: (.*); \}$/.exec(type)?.[1];
  if (map !== undefined) return `{}${schemaTypeOf(map, names)}`;
  if (type === "Date" || type === "V1MicroTime") return "time";
  if (type === "IntOrString") return "int-or-string";
  return names.get(type) ?? type;
}

// Quantities look like strings in the package; these fields hold them.
const quantityFields = new Set([
  "limits",
  "requests",
  "capacity",
  "allocatable",
  "allocatedResources",
  "hard",
  "used",
  "default",
  "defaultRequest",
  "max",
  "min",
  "maxLimitRequestRatio",
  "overhead",
]);
const quantityNames = new Set(["divisor", "sizeLimit"]);

function fieldSchema(
  field: Attribute,
  definition: Definition,
  names: ReadonlyMap<string, string>,
): FieldSchema {
  const type = schemaTypeOf(field.type, names);
  const quantity =
    (type === "{}string" && quantityFields.has(field.baseName)) ||
    (type === "string" && quantityNames.has(field.baseName));
  const marked = quantity ? type.replace("string", "quantity") : type;
  const format =
    field.format === "" || field.format === "int-or-string" || field.format === "date-time"
      ? undefined
      : field.format;
  return {
    t: marked,
    ...(format === undefined ? {} : { f: format }),
    ...(definition.required.has(field.name) ? { r: 1 as const } : {}),
  };
}

function isRootKind(definition: Definition): boolean {
  const fields = new Map(definition.attributes.map((field) => [field.baseName, field.type]));
  return fields.has("apiVersion") && fields.has("kind") && fields.get("metadata") === "V1ObjectMeta";
}

function writeTypes(definitions: readonly Definition[], names: ReadonlyMap<string, string>): string {
  const out = [
    "// Generated by scripts/generate-kinds.ts. The objects as on the wire.",
    'import type { Meta } from "../meta.ts";',
    "",
  ];
  for (const definition of definitions) {
    const rootKind = isRootKind(definition);
    out.push(`export interface ${definition.name} {`);
    for (const field of definition.attributes) {
      const type = typeOf(field.type, names);
      const key = /^[A-Za-z_]\w*$/.test(field.baseName) ? field.baseName : JSON.stringify(field.baseName);
      if (rootKind && field.baseName === "metadata") out.push("  metadata: Meta;");
      else if (rootKind && (field.baseName === "apiVersion" || field.baseName === "kind"))
        out.push(`  ${key}: string;`);
      else if (definition.required.has(field.name)) out.push(`  ${key}: ${type};`);
      else out.push(`  ${key}?: ${type}${type === "unknown" ? "" : " | undefined"};`);
    }
    out.push("}");
  }
  return `${out.join("\n")}\n`;
}

function writeSchemas(definitions: readonly Definition[], names: ReadonlyMap<string, string>): string {
  const schemas: Record<string, Record<string, FieldSchema>> = {};
  for (const definition of definitions)
    schemas[definition.name] = Object.fromEntries(
      definition.attributes.map((field) => [field.baseName, fieldSchema(field, definition, names)]),
    );
  return moduleOf("schemas", "Record<string, Record<string, { t: string; f?: string; r?: 1 }>>", schemas);
}

function writeDescriptions(definitions: readonly Definition[]): string {
  const texts: Record<string, { d: string; f: Record<string, string> }> = {};
  for (const definition of definitions) {
    const fields: Record<string, string> = {};
    for (const field of definition.attributes) {
      const text = definition.descriptions.get(field.name);
      if (text !== undefined && text !== "") fields[field.baseName] = text;
    }
    texts[definition.name] = { d: definition.description, f: fields };
  }
  return moduleOf("descriptions", "Record<string, { d: string; f: Record<string, string> }>", texts);
}

/** JSON in a string parses several times faster than the same text as a literal. */
function moduleOf(name: string, type: string, value: unknown): string {
  return `// Generated by scripts/generate-kinds.ts.\nexport const ${name}: ${type} = JSON.parse(${JSON.stringify(JSON.stringify(value))});\n`;
}

const definitions = await readDefinitions();
const names = new Map(definitions.map((definition) => [definition.model, definition.name]));
if (new Set(names.values()).size !== names.size)
  throw new Error("cannot name the generated types: two models share a name");
mkdirSync(target, { recursive: true });
writeFileSync(join(target, "types.ts"), writeTypes(definitions, names));
writeFileSync(join(target, "schemas.ts"), writeSchemas(definitions, names));
writeFileSync(join(target, "descriptions.ts"), writeDescriptions(definitions));
console.log(`generated ${definitions.length} definitions`);
