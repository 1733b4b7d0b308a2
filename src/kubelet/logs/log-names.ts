// Owns the names of a container's logs: the one being written, and those rotated away, as upstream's kubelet names them.
import { basename, dirname } from "node:path";
import type { Instant } from "../../lib/units.ts";
import type { Files } from "../../world/files.ts";

/** `20060102-150405`, in UTC. */
export const rotationStamp = (at: Instant): string =>
  new Date(at).toISOString().slice(0, 19).replace(/[-:]/g, "").replace("T", "-");

/** Names of the logs rotated away from `base` (`0.log`), the oldest first, compressed ones among them. */
export const rotatedNames = (base: string, names: readonly string[]): readonly string[] =>
  names
    .filter(
      (name) => name.startsWith(`${base}.`) && /^\d{8}-\d{6}(?:\.gz)?$/.test(name.slice(base.length + 1)),
    )
    .sort();

/** Whole paths of what was rotated away and not compressed, the oldest first. */
export async function plainRotated(files: Files, logPath: string): Promise<readonly string[]> {
  const folder = dirname(logPath);
  const names = rotatedNames(basename(logPath), (await files.list(folder)) ?? []);
  return names.filter((name) => !name.endsWith(".gz")).map((name) => `${folder}/${name}`);
}

/** A log goes with all that was rotated away from it. */
export async function removeLogs(files: Files, logPath: string): Promise<void> {
  const folder = dirname(logPath);
  const base = basename(logPath);
  for (const name of (await files.list(folder)) ?? [])
    if (name.startsWith(`${base}.`)) await files.remove(`${folder}/${name}`);
  await files.remove(logPath);
}
