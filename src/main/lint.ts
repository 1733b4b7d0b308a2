// Owns `everynode lint`: manifests and manifest folders checked with no server, as the kubelet and the API server would.
import { hostname } from "node:os";
import { join } from "node:path";
import { lintManifest, type Finding } from "../cli/lint.ts";
import { lintStaticPod } from "../kubelet/sources/lint-static-pods.ts";
import { planManifests, type Complaint } from "../kubelet/sources/plan-manifests.ts";
import { readFolder } from "../kubelet/sources/read-folder.ts";
import { wordsOf } from "../world/log.ts";
import { Refusal } from "./refusal.ts";
import { realWorld, type World } from "./world.ts";

export interface LintCommand {
  readonly as?: "static-pods" | "manifests";
  readonly nodeName?: string;
}

/** A folder is taken for a kubelet's manifest folder, a file for manifests of any kind, unless told otherwise. */
export async function runLint(paths: readonly string[], options: LintCommand): Promise<void> {
  const world = realWorld("warn");
  const findings: string[] = [];
  let files = 0;
  for (const path of paths) {
    const facts = await world.files.facts(path).catch((thrown: unknown) => {
      throw new Refusal(`cannot check ${path}: ${wordsOf(thrown)}`, 2);
    });
    if (facts === undefined)
      throw new Refusal(`cannot check ${path}: there is no such file or folder; give one that is`, 2);
    const as = options.as ?? (facts.is === "folder" ? "static-pods" : "manifests");
    const found = await (as === "static-pods" ? lintStaticPods : lintManifests)(world, path, {
      isFolder: facts.is === "folder",
      nodeName: (options.nodeName ?? hostname()).toLowerCase(),
    });
    files += found.files;
    findings.push(...found.findings.map(wordsOfFinding));
  }
  for (const finding of findings) console.log(finding);
  if (findings.length > 0) {
    const count = findings.length === 1 ? "1 finding" : `${findings.length} findings`;
    throw new Refusal(`${count} in ${files === 1 ? "1 file" : `${files} files`}`);
  }
}

interface Place {
  readonly isFolder: boolean;
  readonly nodeName: string;
}
interface Found {
  readonly files: number;
  readonly findings: readonly Finding[];
}

const wordsOfFinding = ({ file, line, column, because }: Finding): string =>
  `${file}:${line ?? 1}:${column ?? 1}: ${because}`;

async function lintStaticPods(world: World, path: string, { isFolder, nodeName }: Place): Promise<Found> {
  const read = await readFolder(world.files, path);
  if (read.is === "unreadable") throw new Refusal(`cannot check ${path}: ${read.because}`, 2);
  const { complaints, taken } = planManifests(read.files, new Map(), { nodeName, now: world.clock.now() });
  const placed = ({ file, ...rest }: Complaint): Finding => ({
    ...rest,
    file: isFolder ? join(path, file) : path,
  });
  const beyond = taken.flatMap(({ file, pod }) => lintStaticPod(pod).map((because) => ({ file, because })));
  const inOrder = [...complaints, ...beyond].sort((a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : 0));
  return { files: read.files.length, findings: inOrder.map(placed) };
}

async function lintManifests(world: World, path: string, { isFolder }: Place): Promise<Found> {
  const names = isFolder
    ? ((await world.files.list(path)) ?? [])
        .filter((name) => /\.(?:ya?ml|json)$/.test(name))
        .map((name) => join(path, name))
    : [path];
  const findings: Finding[] = [];
  for (const file of names) findings.push(...lintManifest(file, (await world.files.readText(file)) ?? ""));
  return { files: names.length, findings };
}
