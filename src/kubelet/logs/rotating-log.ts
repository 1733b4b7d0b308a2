// Owns reading a log on and on while it is rotated away under the reader: what was not read yet of the old one comes first.
import type { Bytes } from "../../lib/units.ts";
import type { Files } from "../../world/files.ts";
import { plainRotated } from "./log-names.ts";

export class RotatingLog {
  private readonly files: Files;
  private readonly path: string;
  private inode: number | undefined;
  private offset: Bytes;

  /** The reader begins at `offset` of the file that has this name and that inode now. */
  constructor(
    files: Files,
    path: string,
    from: { readonly offset: Bytes; readonly inode: number | undefined },
  ) {
    this.files = files;
    this.path = path;
    this.offset = from.offset;
    this.inode = from.inode;
  }

  /** What follows, up to `length` bytes; empty where there is nothing more yet. */
  async read(length: Bytes): Promise<Uint8Array> {
    for (;;) {
      const facts = await this.files.facts(this.path);
      // Renamed away a moment ago; the next one is not there yet.
      if (facts === undefined) return new Uint8Array();
      this.inode ??= facts.inode;
      if (facts.inode !== this.inode) {
        const left = await this.readRotated(length, facts.inode);
        if (left.length > 0) return left;
        continue;
      }
      const piece = (await this.files.readBytes(this.path, this.offset, length)) ?? new Uint8Array();
      // What was read under the name was this very file only if it still bears the name.
      if ((await this.files.facts(this.path))?.inode !== this.inode) continue;
      this.offset += piece.length;
      return piece;
    }
  }

  /** The rest of the file that was rotated away; at its end goes on to the one after it. */
  private async readRotated(length: Bytes, current: number): Promise<Uint8Array> {
    const rotated = await plainRotated(this.files, this.path);
    const inodes: (number | undefined)[] = [];
    for (const path of rotated) inodes.push((await this.files.facts(path))?.inode);
    const at = inodes.indexOf(this.inode);
    const path = rotated[at];
    const piece =
      path === undefined
        ? new Uint8Array()
        : ((await this.files.readBytes(path, this.offset, length)) ?? new Uint8Array());
    if (piece.length > 0) {
      this.offset += piece.length;
      return piece;
    }
    this.inode = (at < 0 ? undefined : inodes[at + 1]) ?? current;
    this.offset = 0;
    return piece;
  }
}
