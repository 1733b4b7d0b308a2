// Owns the writing of a volume's files so that a reader sees all old or all new ones: a new folder, then one symlink swapped.
import { dirname } from "node:path";
import type { Files } from "../../world/files.ts";
import { staysInside, type Payload } from "./plan-projection.ts";

const dataName = "..data";

const isText = (content: Uint8Array, text: string): boolean =>
  !text.includes("\uFFFD") || Buffer.from(text, "utf8").equals(content);

async function writeFile(files: Files, path: string, content: Uint8Array, mode: number): Promise<void> {
  const text = Buffer.from(content).toString("utf8");
  if (isText(content, text)) return files.writeText(path, text, mode);
  await files.makeFolder(dirname(path));
  await files.append(path, content);
  await files.setAccess(path, { mode });
}

interface Writing {
  /** Names the new folder and must be new. */
  readonly stamp: string;
  /** Members may read. */
  readonly group: number | undefined;
}

/** Writes the payload as the volume's whole content. */
export async function writePayload(
  files: Files,
  folder: string,
  payload: Payload,
  { stamp, group }: Writing,
): Promise<void> {
  await files.makeFolder(folder);
  const fresh = `..${stamp}`;
  await files.makeFolder(`${folder}/${fresh}`);
  const groupReads = 0o440;
  for (const [path, file] of payload) {
    if (!staysInside(path)) throw new Error(`cannot write ${path}: it leads out of the volume`);
    await writeFile(files, `${folder}/${fresh}/${path}`, file.content, file.mode);
    if (group !== undefined)
      await files.setAccess(`${folder}/${fresh}/${path}`, { mode: file.mode | groupReads, group });
  }
  const before = new Set((await files.list(folder)) ?? []);
  await files.remove(`${folder}/..data_tmp`);
  await files.link(fresh, `${folder}/..data_tmp`);
  await files.rename(`${folder}/..data_tmp`, `${folder}/${dataName}`);
  const visible = new Set(Array.from(payload.keys(), (path) => path.split("/")[0] ?? path));
  for (const name of visible)
    if (!before.has(name)) await files.link(`${dataName}/${name}`, `${folder}/${name}`);
  for (const name of before) {
    const stale = name.startsWith("..") ? name !== dataName && name !== fresh : !visible.has(name);
    if (stale) await files.remove(`${folder}/${name}`);
  }
}
