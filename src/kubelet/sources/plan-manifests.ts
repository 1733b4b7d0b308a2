// Owns what a manifest folder comes to: its pods, one a file in name order, and every complaint about a file.
import type { Instant } from "../../lib/units.ts";
import type { Pod } from "../../model/generated/types.ts";
import { readYaml } from "../../model/yaml-text.ts";
import { checkStaticPod, placedFaults, staticPodOf, type CheckedPod } from "./plan-static-pod.ts";

/** A file of the folder, as it was found. */
export type FileFound =
  | { readonly name: string; readonly is: "text"; readonly text: string }
  | { readonly name: string; readonly is: "unreadable"; readonly because: string }
  | { readonly name: string; readonly is: "folder" };

export interface Complaint {
  readonly file: string;
  readonly line?: number;
  readonly column?: number;
  readonly because: string;
}

/** What a file last gave that could be run, and when that was first seen. */
export interface Remembered {
  readonly text: string;
  readonly seen: Instant;
}
export type Memory = ReadonlyMap<string, Remembered>;

export interface TakenPod {
  readonly file: string;
  readonly pod: Pod;
}

export interface ManifestPlan {
  /** One a file, in name order. */
  readonly taken: readonly TakenPod[];
  readonly complaints: readonly Complaint[];
  readonly memory: Memory;
}

export interface ManifestPlace {
  readonly nodeName: string;
  readonly now: Instant;
}

export type ManifestRead =
  | { readonly is: "pod"; readonly checked: CheckedPod }
  | { readonly is: "refused"; readonly complaints: readonly Omit<Complaint, "file">[] };

const refused = (because: string): ManifestRead => ({ is: "refused", complaints: [{ because }] });
const textMax = 10 * 1024 * 1024;

/** What one file's text comes to. */
export function readManifest(text: string, nodeName: string): ManifestRead {
  if (text.length > textMax) return refused("it is larger than 10 MiB: a manifest is not");
  if (text.trim() === "") return refused("it is empty: it should hold one Pod");
  const read = readYaml(text);
  if (read.is === "bad")
    return {
      is: "refused",
      complaints: read.faults.map(({ line, column, message }) => ({ line, column, because: message })),
    };
  const [document, second] = read.documents;
  if (document === undefined) return refused("it holds only comments: it should hold one Pod");
  if (second !== undefined)
    return {
      is: "refused",
      complaints: [
        {
          ...second.placeOf(""),
          because: `it holds ${read.documents.length} documents: give each Pod a file of its own`,
        },
      ],
    };
  const checked = checkStaticPod(document.value, nodeName);
  return checked.is === "pod"
    ? { is: "pod", checked: checked.checked }
    : { is: "refused", complaints: placedFaults(document, checked.faults) };
}

/** What editors leave beside a file: running it would run the same pod twice. */
const isBackup = (name: string): boolean =>
  /(?:~|\.(?:bak|backup|orig|old|save|swp|swo|swx|tmp|rej|dpkg-\w+|rpm(?:new|save|orig)))$/i.test(name) ||
  /^#.*#$/.test(name);

/** A reader that knows the texts it has read. */
export type ReadText = (text: string) => ManifestRead;

/** Which file gave which name and UID: the first by name has it. */
class Taken {
  readonly pods: TakenPod[] = [];
  private readonly names = new Map<string, string>();
  private readonly uids = new Map<string, string>();

  /** Takes the pod, or says what keeps it out. */
  take(file: string, pod: Pod): string | undefined {
    const { name, namespace = "", uid } = pod.metadata;
    const key = `${namespace}/${name}`;
    const sameName = this.names.get(key);
    if (sameName !== undefined)
      return `it gives pod ${key}, which ${sameName} gives already: the first by name is run`;
    const sameUid = this.uids.get(uid);
    if (sameUid !== undefined)
      return `its metadata.uid ${uid} is that of the pod in ${sameUid}: leave it out or give another`;
    this.names.set(key, file);
    this.uids.set(uid, file);
    this.pods.push({ file, pod });
    return undefined;
  }
}

/** Dot-files are skipped; of a file that is broken or can't be read, what it last gave goes on. */
export function planManifests(
  found: readonly FileFound[],
  before: Memory,
  place: ManifestPlace,
  read: ReadText = (text) => readManifest(text, place.nodeName),
): ManifestPlan {
  const complaints: Complaint[] = [];
  const memory = new Map<string, Remembered>();
  const taken = new Taken();
  for (const file of found.toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))) {
    const { name } = file;
    if (name.startsWith(".") || file.is === "folder") continue;
    if (isBackup(name)) {
      complaints.push({ file: name, because: backupWords });
      continue;
    }
    const now = file.is === "text" ? read(file.text) : refused(file.because);
    const isGood = now.is === "pod" && file.is === "text";
    const given = isGood ? remember(name, file.text, { found, before, place }) : before.get(name);
    const kept = given === undefined ? undefined : read(given.text);
    if (now.is === "refused")
      for (const complaint of now.complaints)
        complaints.push({
          file: name,
          ...complaint,
          because: complaint.because + (kept?.is === "pod" ? goesOn : ""),
        });
    if (given === undefined || kept?.is !== "pod") continue;
    memory.set(name, given);
    const pod = staticPodOf(kept.checked, { source: "file", nodeName: place.nodeName, seen: given.seen });
    const clash = taken.take(name, pod);
    if (clash !== undefined) complaints.push({ file: name, because: clash });
  }
  return { taken: taken.pods, complaints, memory };
}

const backupWords = "it looks like an editor's backup and is not run: remove it, or rename it to run it";
const goesOn = " (what it held before goes on)";

interface Around {
  readonly found: readonly FileFound[];
  readonly before: Memory;
  readonly place: ManifestPlace;
}

/** A file that was renamed is the one it was before. */
function remember(name: string, text: string, { found, before, place }: Around): Remembered {
  const last = before.get(name);
  if (last?.text === text) return last;
  for (const [other, known] of before)
    if (known.text === text && !found.some((file) => file.name === other)) return known;
  return { text, seen: place.now };
}
