// Owns the look at a runtime's folder from outside, while it is at work or not: nothing in it is changed.
import type { Instant } from "../../lib/units.ts";
import type { Files } from "../../world/files.ts";
import type { Processes } from "../../world/processes.ts";
import {
  containerFolder,
  lastState,
  loadSandboxes,
  readContainers,
  type ContainerRecord,
} from "./container-folder.ts";
import { isAlive } from "./reap.ts";
import { parseShimRecord } from "./shim-record.ts";

export interface SeenContainer {
  readonly id: string;
  readonly name: string;
  readonly attempt: number;
  readonly image: string;
  readonly command: readonly string[];
  readonly pod: { readonly name: string; readonly namespace: string; readonly uid: string };
  readonly createdAt: Instant;
  readonly state:
    | { readonly is: "created" }
    | { readonly is: "running"; readonly since: Instant; readonly pid: number | undefined }
    | { readonly is: "exited"; readonly at: Instant | undefined; readonly code: number | undefined };
  /** In CRI's format. */
  readonly logPath: string;
}

interface Look {
  readonly files: Files;
  readonly processes: Processes;
  readonly folder: string;
}

/** Every container in the folder, the youngest first; undefined where there is no such folder. */
export async function seeContainers(look: Look): Promise<readonly SeenContainer[] | undefined> {
  const { files, processes, folder } = look;
  if ((await files.facts(`${folder}/containers`)) === undefined) return undefined;
  const boot = await processes.bootId();
  const sandboxes = new Map((await loadSandboxes(files, folder)).map((record) => [record.id, record]));
  const seen: SeenContainer[] = [];
  for (const record of await readContainers(files, folder)) {
    const sandbox = sandboxes.get(record.sandboxId);
    if (sandbox === undefined) continue;
    const { config } = record;
    seen.push({
      id: record.id,
      name: config.name,
      attempt: config.attempt,
      image: config.image,
      command: [...config.command, ...config.args],
      pod: sandbox.config.pod,
      createdAt: record.createdAt,
      state: await stateOf(look, record, boot),
      logPath: `${sandbox.config.logFolder}/${config.logPath}`,
    });
  }
  return seen.sort((a, b) => b.createdAt - a.createdAt);
}

async function stateOf(
  { files, processes, folder }: Look,
  record: ContainerRecord,
  boot: string,
): Promise<SeenContainer["state"]> {
  const place = containerFolder(folder, record.id);
  const { count, text } = await lastState(files, place);
  if (text === undefined) return { is: "created" };
  const { shim, first, exitCode } = parseShimRecord(text);
  const timeOf = async (name: string) => (await files.facts(`${place}/${name}`))?.modified;
  const runs =
    exitCode === undefined &&
    shim !== undefined &&
    shim.boot === boot &&
    (await isAlive(processes, shim.identity));
  if (runs) return { is: "running", since: (await timeOf("started")) ?? record.createdAt, pid: first?.pid };
  return { is: "exited", at: await timeOf(`state-${count - 1}`), code: exitCode };
}
