// Owns files in memory for the kubelet's tests: links followed, watches told, no more than the port promises.
import type { DiskSpace, FileFacts, Files, SpaceUsed } from "../world/files.ts";

type Entry =
  | { readonly is: "file"; content: Uint8Array; mode: number; inode: number; group?: number }
  | { readonly is: "folder"; readonly inode: number; mode?: number; group?: number }
  | { readonly is: "link"; readonly target: string };

export class MemoryFiles implements Files {
  private readonly entries = new Map<string, Entry>();
  private readonly watchers = new Set<{ readonly path: string; readonly changed: () => void }>();
  private inodes = 0;

  readText = async (path: string): Promise<string | undefined> => {
    const entry = this.entries.get(this.resolve(path));
    return entry?.is === "file" ? Buffer.from(entry.content).toString("utf8") : undefined;
  };

  readBytes = async (path: string, offset: number, length: number): Promise<Uint8Array | undefined> => {
    const entry = this.entries.get(this.resolve(path));
    return entry?.is === "file" ? entry.content.slice(offset, offset + length) : undefined;
  };

  writeText = async (path: string, content: string, mode = 0o644): Promise<void> =>
    this.put(path, Buffer.from(content), mode);

  append = async (path: string, content: string | Uint8Array): Promise<void> => {
    const before = this.entries.get(this.resolve(path));
    const old = before?.is === "file" ? before.content : new Uint8Array();
    if (before?.is === "file") {
      before.content = Buffer.concat([old, Buffer.from(content)]);
      this.tell(path);
    } else this.put(path, Buffer.from(content), 0o644);
  };

  list = async (path: string): Promise<readonly string[] | undefined> => {
    const folder = this.resolve(path);
    if (this.entries.get(folder)?.is !== "folder") return undefined;
    const names = new Set<string>();
    for (const key of this.entries.keys())
      if (key.startsWith(`${folder}/`)) names.add(key.slice(folder.length + 1).split("/")[0] ?? "");
    return Array.from(names).sort();
  };

  facts = async (path: string): Promise<FileFacts | undefined> => {
    const entry = this.entries.get(this.resolve(path));
    if (entry === undefined || entry.is === "link") return undefined;
    return entry.is === "file"
      ? { is: "file", size: entry.content.length, modified: 0, inode: entry.inode }
      : { is: "folder", size: 0, modified: 0, inode: entry.inode };
  };

  makeFolder = async (path: string, mode?: number): Promise<void> => {
    this.makeParents(`${path}/x`);
    if (mode !== undefined) await this.setAccess(path, { mode });
  };

  setAccess = async (path: string, access: { mode?: number; group?: number }): Promise<void> => {
    const entry = this.entries.get(this.resolve(path));
    if (entry !== undefined && entry.is !== "link") Object.assign(entry, access);
  };

  /** The whole disk's: tests set it. */
  disk: DiskSpace = { capacity: 1e11, available: 5e10, inodes: 1e6, inodesFree: 5e5 };
  space = async (): Promise<DiskSpace> => this.disk;

  remove = async (path: string): Promise<void> => {
    for (const key of Array.from(this.entries.keys()))
      if (key === path || key.startsWith(`${path}/`)) this.entries.delete(key);
    this.tell(path);
  };

  rename = async (from: string, to: string): Promise<void> => {
    const entry = this.entries.get(from);
    if (entry === undefined) throw Object.assign(new Error(`ENOENT: ${from}`), { code: "ENOENT" });
    this.entries.delete(from);
    this.entries.set(to, entry);
    this.tell(to);
  };

  link = async (target: string, path: string): Promise<void> => {
    if (this.entries.has(path)) throw Object.assign(new Error(`EEXIST: ${path}`), { code: "EEXIST" });
    this.entries.set(path, { is: "link", target });
  };

  watch = (path: string, changed: () => void): (() => void) => {
    const watcher = { path, changed };
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  };

  usage = async (path: string): Promise<SpaceUsed> => {
    const used = { bytes: 0, inodes: 0 };
    for (const [key, entry] of this.entries) {
      if (key !== path && !key.startsWith(`${path}/`)) continue;
      used.inodes += 1;
      if (entry.is === "file") used.bytes += entry.content.length;
    }
    return used;
  };

  modeOf(path: string): number | undefined {
    const entry = this.entries.get(this.resolve(path));
    return entry === undefined || entry.is === "link" ? undefined : entry.mode;
  }

  groupOf(path: string): number | undefined {
    const entry = this.entries.get(this.resolve(path));
    return entry === undefined || entry.is === "link" ? undefined : entry.group;
  }

  private put(path: string, content: Uint8Array, mode: number): void {
    this.makeParents(path);
    this.entries.set(this.resolve(path), { is: "file", content, mode, inode: this.inodes++ });
    this.tell(path);
  }

  private makeParents(path: string): void {
    const parts = path.split("/").slice(0, -1);
    for (let at = 2; at <= parts.length; at++) {
      const folder = parts.slice(0, at).join("/");
      if (!this.entries.has(folder)) this.entries.set(folder, { is: "folder", inode: this.inodes++ });
    }
  }

  private tell(path: string): void {
    for (const { path: watched, changed } of this.watchers)
      if (path === watched || path.startsWith(`${watched}/`)) changed();
  }

  /** Follows links wherever they stand in the path. */
  private resolve(path: string): string {
    let resolved = "";
    for (const part of path.split("/").slice(1)) {
      resolved = `${resolved}/${part}`;
      const entry = this.entries.get(resolved);
      if (entry?.is === "link")
        resolved = this.resolve(
          entry.target.startsWith("/")
            ? entry.target
            : `${resolved.slice(0, resolved.lastIndexOf("/"))}/${entry.target}`,
        );
    }
    return resolved;
  }
}
