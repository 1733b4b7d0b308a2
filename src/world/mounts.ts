// Owns the port to the machine's mounts: file systems in memory, and taking them away again.
import type { Bytes } from "../lib/units.ts";

export interface Mounts {
  /** Mounts a file system in memory over the folder, at most that large; rejects with words where the machine refuses. */
  mountMemory(path: string, sizeMax: Bytes | undefined): Promise<void>;
  unmount(path: string): Promise<void>;
  /** Where something is mounted, at the path or anywhere under it; the deepest first. */
  under(path: string): Promise<readonly string[]>;
}
