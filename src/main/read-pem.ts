// Owns reading the PEM files that flags name.
import type { Files } from "../world/files.ts";
import { wordsOf } from "../world/log.ts";
import { Refusal } from "./refusal.ts";

/** Throws a Refusal that names flag and file where it holds nothing of the kind. */
export async function readPem(files: Files, flag: string, path: string): Promise<string> {
  let text: string | undefined;
  try {
    text = await files.readText(path);
  } catch (thrown) {
    throw new Refusal(`cannot read ${flag} ${path}: ${wordsOf(thrown)}`, 2);
  }
  if (text === undefined)
    throw new Refusal(`cannot read ${flag} ${path}: there is no such file; give one that is`, 2);
  if (!text.includes("-----BEGIN "))
    throw new Refusal(`cannot use ${flag} ${path}: it holds no PEM text; give a file that does`, 2);
  return text;
}
