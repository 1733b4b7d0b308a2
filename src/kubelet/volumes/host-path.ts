// Owns hostPath volumes: the check of their type, and the making of what may be made.
import { dirname } from "node:path";
import type { HostPathVolumeSource } from "../../model/generated/types.ts";
import type { FileFacts, Files } from "../../world/files.ts";

const expected: Readonly<Record<string, { readonly is: FileFacts["is"]; readonly words: string }>> = {
  Directory: { is: "folder", words: "a directory" },
  DirectoryOrCreate: { is: "folder", words: "a directory" },
  File: { is: "file", words: "a file" },
  FileOrCreate: { is: "file", words: "a file" },
  Socket: { is: "other", words: "a socket file" },
  CharDevice: { is: "other", words: "a character device" },
  BlockDevice: { is: "other", words: "a block device" },
};

/** Rejects as upstream: `hostPath type check failed: PATH is not a directory`. */
export async function prepareHostPath(files: Files, source: HostPathVolumeSource): Promise<void> {
  const type = source.type ?? "";
  if (type === "") return;
  const wanted = expected[type];
  if (wanted === undefined) throw new Error(`unknown hostPath type ${type}`);
  const found = await files.facts(source.path);
  if (found?.is === wanted.is) return;
  if (found === undefined && type === "DirectoryOrCreate") return files.makeFolder(source.path, 0o755);
  if (found === undefined && type === "FileOrCreate") {
    await files.makeFolder(dirname(source.path));
    return files.writeText(source.path, "", 0o644);
  }
  throw new Error(`hostPath type check failed: ${source.path} is not ${wanted.words}`);
}
