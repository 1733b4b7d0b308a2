// Owns the file that says which format a store folder has, so that a program never guesses at another's bytes.
import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";

/** Grows when what lies on disk changes so that an older program would misread it. */
const formatVersion = 1;
const words = "everynode-store";

export type Format =
  | { readonly is: "new" }
  | { readonly is: "ours" }
  | { readonly is: "newer-format"; readonly message: string }
  | { readonly is: "corrupt"; readonly message: string };

const formatPath = (folder: string): string => join(folder, "format");

/** What the folder holds. A folder whose making was cut short is made anew: nothing in it was ever acknowledged. */
export function readFormat(folder: string, dataFile: string): Format {
  const path = formatPath(folder);
  const corrupt = (state: string): Format => ({
    is: "corrupt",
    message: `cannot open the store in ${folder}: ${state}; restore the folder from a backup, or move it away to begin empty`,
  });
  if (!existsSync(path)) {
    if (existsSync(dataFile))
      return corrupt(`${dataFile} is there but the file ${path}, which names its format, is not`);
    writeFormat(folder, " unfinished");
    return { is: "new" };
  }
  const match = /^everynode-store (\d+)( unfinished)?\n$/.exec(readFileSync(path, "latin1"));
  if (match === null) return corrupt(`the file ${path} does not name a format`);
  if (Number(match[1]) > formatVersion)
    return {
      is: "newer-format",
      message: `cannot open the store in ${folder}: it has format ${match[1]} and this program knows formats up to ${formatVersion}; use the newer program that wrote it`,
    };
  if (match[2] !== undefined) {
    for (const left of [dataFile, `${dataFile}-lock`]) rmSync(left, { force: true });
    return { is: "new" };
  }
  if (!existsSync(dataFile) || statSync(dataFile).size === 0)
    return corrupt(`${dataFile} is missing or empty`);
  return { is: "ours" };
}

/** The folder's data file is complete and synced. */
export const finishFormat = (folder: string): void => writeFormat(folder, "");

function writeFormat(folder: string, state: string): void {
  const path = formatPath(folder);
  const draft = `${path}-draft`;
  const file = openSync(draft, "w", 0o600);
  writeSync(file, `${words} ${formatVersion}${state}\n`);
  fsyncSync(file);
  closeSync(file);
  renameSync(draft, path);
  const parent = openSync(folder, "r");
  fsyncSync(parent);
  closeSync(parent);
}
