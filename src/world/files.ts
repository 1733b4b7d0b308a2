// Owns the port to the file system.
import type { Bytes, Instant } from "../lib/units.ts";

export interface FileFacts {
  readonly is: "file" | "folder" | "link" | "other";
  readonly size: Bytes;
  readonly modified: Instant;
  readonly inode: number;
}

/** Of the file system that a path lies on. */
export interface DiskSpace {
  readonly capacity: Bytes;
  /** For users without privileges. */
  readonly available: Bytes;
  /** 0 of both where the file system counts none. */
  readonly inodes: number;
  readonly inodesFree: number;
}

/** What a file or a folder with all in it takes up; links are not followed. */
export interface SpaceUsed {
  readonly bytes: Bytes;
  readonly inodes: number;
}

/** Paths are absolute or relative to the working directory. Failures reject with Node's `code` (ENOENT, EACCES …). */
export interface Files {
  /** The content, or undefined where there is no such file. */
  readText(path: string): Promise<string | undefined>;
  /** Bytes from `offset` up to `length` of them; fewer at the end; undefined where there is no such file. */
  readBytes(path: string, offset: Bytes, length: Bytes): Promise<Uint8Array | undefined>;
  /** Replaces the whole file or leaves the old one: written beside it, synced, renamed. Makes missing folders. A mode given is the file's own, whatever the process's mask. */
  writeText(path: string, content: string, mode?: number): Promise<void>;
  /** Appends, making the file where it is missing. */
  append(path: string, content: string | Uint8Array): Promise<void>;
  /** Names in the folder in name order, or undefined. */
  list(path: string): Promise<readonly string[] | undefined>;
  /** Facts of what the path leads to (symbolic links followed), or undefined. */
  facts(path: string): Promise<FileFacts | undefined>;
  /** A mode given is the new folder's own, whatever the process's mask. */
  makeFolder(path: string, mode?: number): Promise<void>;
  /** Permission bits, and the group of the owner; what isn't given stays. */
  setAccess(path: string, access: { readonly mode?: number; readonly group?: number }): Promise<void>;
  /** Undefined where there is no such path. */
  space(path: string): Promise<DiskSpace | undefined>;
  /** Nothing where there is no such path. */
  usage(path: string): Promise<SpaceUsed>;
  /** Removes a file or a whole folder; nothing happens where there is none. */
  remove(path: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  link(target: string, path: string): Promise<void>;
  /** Calls `changed` whenever something in the folder (or the file) may have changed; the returned function ends it. Where the path is missing or can't be watched it reports nothing: rescan as well. */
  watch(path: string, changed: (name?: string) => void): () => void;
}
