// Owns the record of what a set-up made on a machine, written before each thing is made, so that `reset` can undo just that.
import { dirname } from "node:path";
import type { Files } from "../world/files.ts";
import { CannotBootstrap } from "./cannot.ts";
import type { Layout } from "./layout.ts";

export interface Made {
  readonly by: "init" | "join";
  readonly nodeName: string;
  readonly kubeletRoot: string;
  /** In the order they were made. */
  readonly folders: readonly string[];
  readonly files: readonly string[];
  /** Folders whose whole content belongs to a program of ours. */
  readonly trees: readonly string[];
}

export interface MadeFiles {
  /** As the files given, but what they write and make is recorded first. */
  readonly files: Files;
  /** Records a folder that a program of ours will fill. */
  tree(path: string): Promise<void>;
  /** Records a file that a program of ours will write. */
  expect(path: string): Promise<void>;
}

/** The record kept at the path; undefined where there is none, "unreadable" where it is none of ours. */
export async function readMade(files: Files, path: string): Promise<Made | undefined | "unreadable"> {
  const text = await files.readText(path);
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isMade(value) ? value : "unreadable";
  } catch {
    return "unreadable";
  }
}

const areTexts = (value: unknown): boolean =>
  Array.isArray(value) && value.every((one) => typeof one === "string");

function isMade(value: unknown): value is Made {
  if (typeof value !== "object" || value === null) return false;
  const { by, nodeName, kubeletRoot, folders, files, trees }: Partial<Record<keyof Made, unknown>> = value;
  return (
    (by === "init" || by === "join") &&
    typeof nodeName === "string" &&
    typeof kubeletRoot === "string" &&
    areTexts(folders) &&
    areTexts(files) &&
    areTexts(trees)
  );
}

const withOne = (list: readonly string[], one: string): readonly string[] =>
  list.includes(one) ? list : [...list, one];

/** Goes on with the record of an earlier set-up of the same kind, or begins one. */
export async function resumeMade(
  files: Files,
  { layout, by, nodeName }: Pick<Made, "by" | "nodeName"> & { readonly layout: Layout },
  /** What is said where a set-up of the other kind has been here. */
  otherwise: string,
): Promise<{ readonly made: MadeFiles; readonly isNew: boolean }> {
  const kept = await readMade(files, layout.record);
  if (kept === "unreadable")
    throw new CannotBootstrap(
      `cannot set up ${layout.dataDir}: its record ${layout.record} cannot be read; move it away`,
    );
  if (kept !== undefined && kept.by !== by) throw new CannotBootstrap(otherwise);
  const first = { by, nodeName, kubeletRoot: layout.kubeletRoot, folders: [], files: [], trees: [] };
  return { made: recordMade(files, layout.record, kept ?? first), isNew: kept === undefined };
}

/** Goes on with the record where there is one. */
export function recordMade(files: Files, path: string, first: Made): MadeFiles {
  let made = first;
  const keep = async (next: Made): Promise<void> => {
    if (next.folders === made.folders && next.files === made.files && next.trees === made.trees) return;
    made = next;
    await files.writeText(path, `${JSON.stringify(made, undefined, 2)}\n`, 0o600);
  };
  const foldersMissing = async (folder: string): Promise<string[]> => {
    const missing: string[] = [];
    for (let at = folder; (await files.facts(at)) === undefined && at !== dirname(at); at = dirname(at))
      missing.unshift(at);
    return missing;
  };
  // Several write at a time; each goes on from what the one before has recorded.
  let turn: Promise<unknown> = Promise.resolve();
  const willMake = (folder: string, more: Partial<Record<"files" | "trees", string>> = {}): Promise<void> => {
    const next = turn.then(async () => {
      const missing = await foldersMissing(folder);
      await keep({
        ...made,
        folders: missing.reduce(withOne, made.folders),
        files: more.files === undefined ? made.files : withOne(made.files, more.files),
        trees: more.trees === undefined ? made.trees : withOne(made.trees, more.trees),
      });
    });
    turn = next.catch(() => undefined);
    return next;
  };
  return {
    files: {
      ...files,
      async writeText(target, content, mode) {
        await willMake(dirname(target), { files: target });
        await files.writeText(target, content, mode);
      },
      async makeFolder(target, mode) {
        await willMake(target);
        await files.makeFolder(target, mode);
      },
    },
    tree: (target) => willMake(dirname(target), { trees: target }),
    expect: (target) => willMake(dirname(target), { files: target }),
  };
}
