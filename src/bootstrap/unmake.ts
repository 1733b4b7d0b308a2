// Owns taking away what a set-up made, and nothing else: what somebody else put there stays and is told.
import type { Files } from "../world/files.ts";
import type { Made } from "./made-files.ts";

export interface Unmade {
  readonly removed: readonly string[];
  /** Folders of ours that stay because of what is in them. */
  readonly kept: readonly { readonly folder: string; readonly because: readonly string[] }[];
}

/** The record itself is the caller's to remove, last of all. */
export async function unmake(files: Files, made: Made, recordPath: string): Promise<Unmade> {
  const removed: string[] = [];
  const remove = async (path: string): Promise<void> => {
    if ((await files.facts(path)) === undefined) return;
    await files.remove(path);
    removed.push(path);
  };
  for (const tree of made.trees) await remove(tree);
  for (const file of made.files) await remove(file);
  const kept: { folder: string; because: readonly string[] }[] = [];
  const staying = new Set<string>();
  // Folders around the record go with it, after everything else.
  const going = new Set([recordPath]);
  // What was made last lies deepest.
  for (const folder of made.folders.toReversed()) {
    const names = (await files.list(folder))?.filter((name) => !going.has(`${folder}/${name}`));
    if (names === undefined) continue;
    // A folder that stays for what is in one of ours below is not told of twice.
    const foreign = names.filter((name) => !staying.has(`${folder}/${name}`));
    if (foreign.length > 0) kept.push({ folder, because: foreign });
    if (names.length > 0) staying.add(folder);
    else if (recordPath.startsWith(`${folder}/`)) going.add(folder);
    else await remove(folder);
  }
  return { removed, kept };
}

/** Folders that can only go once the record is gone. */
export async function removeEmptied(files: Files, made: Made): Promise<void> {
  for (const folder of made.folders.toReversed())
    if ((await files.list(folder))?.length === 0) await files.remove(folder);
}
