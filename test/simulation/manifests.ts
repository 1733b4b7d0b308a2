// Owns the manifest folder of a simulated machine: what truly lies in it, and what the kubelet gets to see of it.
import { MemoryFiles } from "../../src/kubelet/memory-files.fixture.ts";
import type { Instant } from "../../src/lib/units.ts";
import type { Clock } from "../../src/world/clock.ts";
import type { Files } from "../../src/world/files.ts";

export const manifestFolder = "/etc/kubernetes/manifests";

/** What a good file comes to. */
export interface Definition {
  readonly pod: string;
  readonly image: string;
}

/** "unmounted": an empty folder stands in its place. */
export type FolderState = "there" | "gone" | "unreadable" | "unmounted";

interface Manifest {
  readonly text: string;
  /** Nothing where it is broken. */
  readonly gives: Definition | undefined;
  /** The last that it gave. */
  readonly gave: Definition | undefined;
}

export const manifestText = ({ pod, image }: Definition, more = ""): string =>
  [
    "apiVersion: v1",
    "kind: Pod",
    "metadata:",
    `  name: ${pod}`,
    "spec:",
    "  terminationGracePeriodSeconds: 5",
    "  containers:",
    "    - name: main",
    '      command: ["static"]',
    `      image: "${image}"`,
    more,
  ].join("\n");

/** What a writer that is cut off leaves: the text ends within a string. */
export const halfOf = (text: string): string => text.slice(0, text.indexOf('image: "') + 10);

export const definitionKey = ({ pod, image }: Definition): string => `${pod} ${image}`;
const isBackup = (name: string): boolean => name.endsWith("~") || name.endsWith(".bak");
const wrong = (): never => {
  throw Object.assign(new Error("EIO: i/o error, scandir"), { code: "EIO" });
};

export class Manifests {
  /** As the kubelet is handed it. */
  readonly files: Files;
  /** Changes are not reported while it is. */
  isDeaf = false;
  /** Since when every definition has been given, and when those given no longer were last. */
  readonly givenSince = new Map<string, Instant>();
  readonly givenUntil = new Map<string, Instant>();
  /** When the folder was last not to be read. */
  troubledUntil: Instant = 0;
  private state: FolderState = "there";
  private readonly clock: Clock;
  private readonly disk = new MemoryFiles();
  private readonly held = new Map<string, Manifest>();

  constructor(clock: Clock) {
    this.clock = clock;
    void this.disk.makeFolder(manifestFolder);
    this.files = new Proxy<Files>(this.disk, {
      get: (disk, name): unknown => {
        const value: unknown = Reflect.get(disk, name);
        if (typeof value !== "function") return value;
        if (name === "watch")
          return (path: string, changed: () => void) => disk.watch(path, () => this.isDeaf || changed());
        return (path: string, ...given: unknown[]): unknown =>
          this.state === "unreadable" && path.startsWith(manifestFolder)
            ? Promise.resolve().then(wrong)
            : value.call(disk, path, ...given);
      },
    });
  }

  get isThere(): boolean {
    return this.state === "there";
  }

  get names(): readonly string[] {
    return [...this.held.keys()].sort();
  }

  /** By pod, what the folder comes to: of a broken file, what it gave last. */
  given(): ReadonlyMap<string, Definition> {
    const found = new Map<string, Definition>();
    for (const name of this.names) {
      const { gives, gave } = this.held.get(name) ?? {};
      const definition = gives ?? gave;
      if (definition === undefined || name.startsWith(".") || isBackup(name)) continue;
      if (!found.has(definition.pod)) found.set(definition.pod, definition);
    }
    return found;
  }

  /** Nothing can be written into a folder that is away. */
  put(name: string, text: string, gives: Definition | undefined): void {
    if (!this.isThere) return;
    this.held.set(name, { text, gives, gave: gives ?? this.held.get(name)?.gave });
    void this.disk.writeText(`${manifestFolder}/${name}`, text);
    this.changed();
  }

  remove(name: string): void {
    if (!this.isThere || !this.held.delete(name)) return;
    void this.disk.remove(`${manifestFolder}/${name}`);
    this.changed();
  }

  /** A broken file gives again what it gave, or goes. */
  mend(name: string): void {
    const held = this.held.get(name);
    if (held === undefined || held.gives !== undefined) return;
    if (held.gave === undefined) this.remove(name);
    else this.put(name, manifestText(held.gave), held.gave);
  }

  /** A file under another name: one that was there is replaced. */
  copy(name: string, to: string): void {
    const held = this.held.get(name);
    if (held !== undefined) this.put(to, held.text, held.gives);
  }

  become(state: FolderState): void {
    if (state === this.state) return;
    this.state = state;
    this.troubledUntil = this.clock.now();
    if (state === "unreadable") return;
    void this.disk.remove(manifestFolder);
    if (state !== "gone") void this.disk.makeFolder(manifestFolder);
    if (state !== "there") return;
    for (const [name, { text }] of this.held) void this.disk.writeText(`${manifestFolder}/${name}`, text);
  }

  /** Whether the folder could not be read within the time. */
  wasTroubled(within: number): boolean {
    return !this.isThere || this.troubledUntil >= this.clock.now() - within;
  }

  private changed(): void {
    const now = this.clock.now();
    const given = new Set([...this.given().values()].map(definitionKey));
    for (const key of given) if (!this.givenSince.has(key)) this.givenSince.set(key, now);
    for (const key of this.givenSince.keys()) {
      if (given.has(key)) continue;
      this.givenSince.delete(key);
      this.givenUntil.set(key, now);
    }
  }
}
