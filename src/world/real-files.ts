// Owns the machine's file system.
import { watch } from "node:fs";
import * as fs from "node:fs/promises";
import { basename, dirname } from "node:path";
import type { FileFacts, Files, SpaceUsed } from "./files.ts";

const codeOf = (thrown: unknown): string | undefined =>
  thrown instanceof Error && "code" in thrown ? String(thrown.code) : undefined;

async function orUndefined<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (thrown) {
    if (codeOf(thrown) === "ENOENT" || codeOf(thrown) === "ENOTDIR") return undefined;
    throw thrown;
  }
}

let writes = 0;

async function writeText(path: string, content: string, mode?: number): Promise<void> {
  await fs.mkdir(dirname(path), { recursive: true });
  const beside = `${dirname(path)}/.${basename(path)}.${process.pid}.${writes++}.tmp`;
  try {
    const file = await fs.open(beside, "w", mode ?? 0o644);
    try {
      if (mode !== undefined) await file.chmod(mode);
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await fs.rename(beside, path);
  } catch (thrown) {
    await fs.rm(beside, { force: true });
    throw thrown;
  }
}

async function readBytes(path: string, offset: number, length: number): Promise<Uint8Array | undefined> {
  const file = await orUndefined(fs.open(path, "r"));
  if (file === undefined) return undefined;
  try {
    const buffer = Buffer.allocUnsafe(length);
    const { bytesRead } = await file.read(buffer, 0, length, offset);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

async function facts(path: string): Promise<FileFacts | undefined> {
  const found = await orUndefined(fs.stat(path));
  if (found === undefined) return undefined;
  const is = found.isFile() ? "file" : found.isDirectory() ? "folder" : "other";
  return { is, size: found.size, modified: found.mtimeMs, inode: found.ino };
}

function watchPath(path: string, changed: (name?: string) => void): () => void {
  try {
    const watcher = watch(path, { persistent: false }, (_event, name) => changed(name ?? undefined));
    watcher.on("error", () => watcher.close());
    return () => watcher.close();
  } catch {
    return () => undefined;
  }
}

const blockSize = 512;

async function usage(path: string): Promise<SpaceUsed> {
  const found = await orUndefined(fs.lstat(path));
  if (found === undefined) return { bytes: 0, inodes: 0 };
  const used = { bytes: found.blocks * blockSize, inodes: 1 };
  if (!found.isDirectory()) return used;
  for (const name of (await orUndefined(fs.readdir(path))) ?? []) {
    const inside = await usage(`${path}/${name}`);
    used.bytes += inside.bytes;
    used.inodes += inside.inodes;
  }
  return used;
}

export const realFiles: Files = {
  readText: (path) => orUndefined(fs.readFile(path, "utf8")),
  readBytes,
  writeText,
  append: (path, content) => fs.appendFile(path, content),
  list: async (path) => {
    const names = await orUndefined(fs.readdir(path));
    return names?.sort();
  },
  facts,
  makeFolder: async (path, mode) => {
    const made = await fs.mkdir(path, { recursive: true, ...(mode === undefined ? {} : { mode }) });
    if (made !== undefined && mode !== undefined) await fs.chmod(path, mode);
  },
  setAccess: async (path, { mode, group }) => {
    // The change of group takes set-id bits away, so it comes first.
    if (group !== undefined) await fs.chown(path, (await fs.stat(path)).uid, group);
    if (mode !== undefined) await fs.chmod(path, mode);
  },
  usage,
  space: async (path) => {
    const found = await orUndefined(fs.statfs(path));
    return (
      found && {
        capacity: found.blocks * found.bsize,
        available: found.bavail * found.bsize,
        inodes: found.files,
        inodesFree: found.ffree,
      }
    );
  },
  remove: (path) => fs.rm(path, { recursive: true, force: true }),
  rename: (from, to) => fs.rename(from, to),
  link: (target, path) => fs.symlink(target, path),
  watch: watchPath,
};
