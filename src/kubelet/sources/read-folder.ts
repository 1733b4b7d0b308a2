// Owns the look into a manifest folder: its files with their texts, or why it can't be looked into.
import type { Files } from "../../world/files.ts";
import { wordsOf } from "../../world/log.ts";
import type { FileFound } from "./plan-manifests.ts";

export type FolderRead =
  | { readonly is: "read"; readonly files: readonly FileFound[]; readonly inode: number }
  | { readonly is: "unreadable"; readonly because: string };

/** A file that goes between the listing and the reading may have been renamed: the folder is listed anew. */
const attemptsMax = 3;
const atOnce = 16;

/** The path may be one file too, which then is the folder's only one. */
export async function readFolder(files: Files, path: string): Promise<FolderRead> {
  try {
    const facts = await files.facts(path);
    if (facts === undefined) return { is: "unreadable", because: "there is no such folder" };
    if (facts.is === "file") {
      const name = path.split("/").at(-1) ?? path;
      return { is: "read", files: [await readOne(files, path, name)].flatMap(asFound), inode: facts.inode };
    }
    if (facts.is !== "folder") return { is: "unreadable", because: "it is neither a folder nor a file" };
    for (let attempt = 1; ; attempt++) {
      const names = await files.list(path);
      if (names === undefined) return { is: "unreadable", because: "there is no such folder" };
      const found = await readAll(files, path, names);
      const missing = found.some(({ is }) => is === "missing");
      if (!missing || attempt === attemptsMax)
        return { is: "read", files: found.flatMap(asFound), inode: facts.inode };
    }
  } catch (thrown) {
    return { is: "unreadable", because: wordsOf(thrown) };
  }
}

type OneRead = FileFound | { readonly name: string; readonly is: "missing" };

/** What stays missing though it is listed is a link to nothing. */
const asFound = (read: OneRead): FileFound[] =>
  read.is === "missing"
    ? [{ name: read.name, is: "unreadable", because: "it can't be read: it leads to nothing" }]
    : [read];

async function readAll(files: Files, folder: string, names: readonly string[]): Promise<OneRead[]> {
  const found: OneRead[] = [];
  const left = names.filter((name) => !name.startsWith("."));
  const work = async (): Promise<void> => {
    for (let name = left.pop(); name !== undefined; name = left.pop())
      found.push(await readOne(files, `${folder}/${name}`, name));
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return found;
}

async function readOne(files: Files, path: string, name: string): Promise<OneRead> {
  try {
    const facts = await files.facts(path);
    if (facts === undefined) return { name, is: "missing" };
    if (facts.is === "folder") return { name, is: "folder" };
    // A pipe or a device would keep the reader waiting.
    if (facts.is !== "file") return { name, is: "unreadable", because: "it is not a file" };
    const text = await files.readText(path);
    return text === undefined ? { name, is: "missing" } : { name, is: "text", text };
  } catch (thrown) {
    return { name, is: "unreadable", because: `it can't be read: ${wordsOf(thrown)}` };
  }
}
