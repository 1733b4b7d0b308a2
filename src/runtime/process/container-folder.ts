// Owns what of sandboxes and containers is on disk, and where.
import type { Instant } from "../../lib/units.ts";
import type { Files } from "../../world/files.ts";
import type { Isolation } from "./isolation.ts";
import type { ContainerConfig, ContainerId, SandboxConfig, SandboxId } from "../runtime.ts";

export interface SandboxRecord {
  readonly id: SandboxId;
  readonly config: SandboxConfig;
  readonly createdAt: Instant;
  readonly stopped: boolean;
}

export interface ContainerRecord {
  readonly id: ContainerId;
  readonly sandboxId: SandboxId;
  readonly config: ContainerConfig;
  readonly createdAt: Instant;
  readonly isolation: Isolation;
}

const sandboxFile = (folder: string, id: SandboxId): string => `${folder}/sandboxes/${id}.json`;
export const containerFolder = (folder: string, id: ContainerId): string => `${folder}/containers/${id}`;

/** Durable when it resolves. Environment variables may be secrets: only the owner reads them. */
export async function saveSandbox(files: Files, folder: string, record: SandboxRecord): Promise<void> {
  await files.writeText(sandboxFile(folder, record.id), JSON.stringify(record), 0o600);
}

export async function saveContainer(files: Files, folder: string, record: ContainerRecord): Promise<void> {
  await files.writeText(`${containerFolder(folder, record.id)}/config.json`, JSON.stringify(record), 0o600);
}

export async function removeSandbox(files: Files, folder: string, id: SandboxId): Promise<void> {
  await files.remove(sandboxFile(folder, id));
}

const isId = (name: string): boolean => /^[0-9a-f]{64}$/.test(name);

/** Told of each record that is not what was written there. */
type Damaged = (path: string) => Promise<void>;
const passOver: Damaged = async () => undefined;

/** `saveSandbox` and `saveContainer` alone write records, and replace them whole. */
function isRecord(read: unknown, id: string): boolean {
  // Who can damage a file so that it names its own id and has a config, can do anything.
  const record = read as { id?: unknown; config?: unknown } | null | undefined;
  return record?.id === id && typeof record.config === "object";
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export async function loadSandboxes(
  files: Files,
  folder: string,
  damaged: Damaged = passOver,
): Promise<SandboxRecord[]> {
  const found: SandboxRecord[] = [];
  for (const name of (await files.list(`${folder}/sandboxes`)) ?? []) {
    if (!name.endsWith(".json") || !isId(name.slice(0, -5))) continue;
    const path = `${folder}/sandboxes/${name}`;
    const text = await files.readText(path);
    if (text === undefined) continue;
    const record = parsed(text);
    if (isRecord(record, name.slice(0, -5))) found.push(record as SandboxRecord);
    else await damaged(path);
  }
  return found;
}

/** Every container that was wholly created and not begun to be removed. */
export async function readContainers(
  files: Files,
  folder: string,
  otherwise: (name: string) => Promise<void> = passOver,
  damaged: Damaged = passOver,
): Promise<ContainerRecord[]> {
  const found: ContainerRecord[] = [];
  for (const name of (await files.list(`${folder}/containers`)) ?? []) {
    const path = `${folder}/containers/${name}/config.json`;
    const text = await files.readText(path);
    const record = text === undefined || !isId(name) ? undefined : parsed(text);
    if (isRecord(record, name)) {
      found.push(record as ContainerRecord);
      continue;
    }
    if (text !== undefined && isId(name)) await damaged(path);
    await otherwise(name);
  }
  return found;
}

/** Folders of containers that were never wholly created, or not wholly removed, are cleared away. */
export const loadContainers = (files: Files, folder: string, damaged: Damaged): Promise<ContainerRecord[]> =>
  readContainers(files, folder, (name) => files.remove(`${folder}/containers/${name}`), damaged);

/** The folder without its config is cleared away at the next start, whatever happens in between. */
export async function removeContainerFolder(files: Files, folder: string, id: ContainerId): Promise<void> {
  await files.remove(`${containerFolder(folder, id)}/config.json`);
  await files.remove(containerFolder(folder, id));
}

/** Which record of the shim is the last one, and how many there have been. A claim that we took ourselves is one too. */
export async function lastState(
  files: Files,
  folder: string,
): Promise<{ count: number; text: string | undefined }> {
  const names = ((await files.list(folder)) ?? []).filter((name) => /^state-\d+$/.test(name));
  const count = names.length;
  return { count, text: count === 0 ? undefined : await files.readText(`${folder}/state-${count - 1}`) };
}
