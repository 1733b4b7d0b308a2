// Owns YAML bodies as upstream reads and writes them: version 1.1, whose `0755` is octal and whose `y` is true, without timestamps.
import {
  isMap,
  isScalar,
  isSeq,
  parseAllDocuments,
  stringify,
  type Document,
  type ParsedNode,
  type Tags,
} from "yaml";
import { isTooDeep } from "../../model/yaml-depth.ts";

export type YamlBody =
  | { readonly is: "read"; readonly value: unknown; readonly duplicates: readonly string[] }
  | { readonly is: "unreadable"; readonly because: string };

const unlikeJson = new Set(["tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:binary"]);

const customTags = (tags: Tags): Tags =>
  tags.filter((tag) => typeof tag === "string" || !unlikeJson.has(tag.tag));

/** By name, as upstream's writer sorts them. */
export const writeYaml = (value: unknown): string =>
  stringify(value, { version: "1.1", indentSeq: false, sortMapEntries: true, lineWidth: 0 });

export function readYaml(text: string): YamlBody {
  try {
    return readDocuments(text);
  } catch (error) {
    // More aliases, or deeper values, than any honest manifest has.
    return { is: "unreadable", because: error instanceof Error ? error.message : String(error) };
  }
}

function readDocuments(text: string): YamlBody {
  if (isTooDeep(text)) return { is: "unreadable", because: "exceeded max depth" };
  const documents = parseAllDocuments(text, { version: "1.1", uniqueKeys: false, customTags });
  if (!Array.isArray(documents)) return { is: "read", value: undefined, duplicates: [] };
  const [document] = documents;
  if (document === undefined) return { is: "read", value: undefined, duplicates: [] };
  if (documents.length > 1)
    return { is: "unreadable", because: "it holds several documents; send one object a request" };
  const [error] = document.errors;
  if (error !== undefined) return { is: "unreadable", because: error.message };
  return { is: "read", value: document.toJS(), duplicates: duplicatesIn(document) };
}

function duplicatesIn(document: Document.Parsed): string[] {
  const found = new Set<string>();
  const visit = (node: ParsedNode | null, path: string): void => {
    if (isSeq<ParsedNode>(node)) node.items.forEach((item, index) => visit(item, `${path}[${index}]`));
    if (!isMap<ParsedNode, ParsedNode | null>(node)) return;
    const seen = new Set<string>();
    for (const pair of node.items) {
      const key = String(isScalar(pair.key) ? pair.key.value : pair.key);
      const here = path === "" ? key : `${path}.${key}`;
      if (seen.has(key) && key !== "<<") found.add(here);
      seen.add(key);
      visit(pair.value, here);
    }
  };
  visit(document.contents, "");
  return [...found];
}
