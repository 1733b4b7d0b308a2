// Owns the folder as a source of pods: when it is looked into, and what is remembered of it over restarts.
import type { Millis } from "../../lib/units.ts";
import type { Pod } from "../../model/generated/types.ts";
import type { Clock } from "../../world/clock.ts";
import type { Files } from "../../world/files.ts";
import { wordsOf, type Log } from "../../world/log.ts";
import {
  planManifests,
  readManifest,
  type Complaint,
  type ManifestRead,
  type Memory,
  type Remembered,
} from "./plan-manifests.ts";
import { readFolder, type FolderRead } from "./read-folder.ts";
import type { PodSource, SourceTold } from "./source.ts";

export interface FolderSourceOptions {
  readonly folder: string;
  readonly nodeName: string;
  readonly files: Files;
  readonly clock: Clock;
  readonly log: Log;
  /** How often the folder is looked into where nothing reports a change. */
  readonly period: Millis;
  /** Where the last good text of every file is kept. */
  readonly memoryFile: string;
  /** Told whenever they have changed, and once at the start. */
  readonly complain: (complaints: readonly Complaint[]) => void;
}

// A file is often written in several steps: it is read when it has rested, but not later than the bound.
const rest: Millis = 100;
const restMax: Millis = 500;
/** A folder that isn't there can't be watched. */
const missingPeriod: Millis = 1000;
const sureAfter: Millis = 300;

interface Kept {
  readonly folder: string;
  readonly inode?: number;
  readonly files: Readonly<Record<string, Remembered>>;
}

export function createFolderSource(options: FolderSourceOptions): PodSource {
  return {
    name: "file",
    start(told) {
      const look = new FolderLook(options, told);
      look.start();
      return () => look.stop();
    },
  };
}

class FolderLook {
  private readonly options: FolderSourceOptions;
  private readonly told: SourceTold;
  private memory: Memory = new Map();
  private inode: number | undefined;
  private pods = new Map<string, Pod>();
  private readonly reads = new Map<string, ManifestRead>();
  private reported: string | undefined;
  private suspected: string | undefined;
  private emptySince: number | undefined;
  private unwatch: (() => void) | undefined;
  private watched: number | undefined;
  private cancel: (() => void) | undefined;
  private dueBy = Infinity;
  private changedSince: number | undefined;
  private looking = false;
  private again = false;
  private isReady = false;
  private stopped = false;

  constructor(options: FolderSourceOptions, told: SourceTold) {
    this.options = options;
    this.told = told;
  }

  start(): void {
    this.recall()
      .catch((thrown: unknown) =>
        this.options.log.warn("cannot read what was kept of the manifest folder, going by the folder alone", {
          file: this.options.memoryFile,
          error: wordsOf(thrown),
        }),
      )
      .then(() => this.look())
      .catch(() => undefined);
  }

  stop(): void {
    this.stopped = true;
    this.cancel?.();
    this.unwatch?.();
  }

  private async recall(): Promise<void> {
    const { files, memoryFile, folder, log } = this.options;
    const text = await files.readText(memoryFile);
    if (text === undefined) return;
    try {
      // Only `keep` writes this file, and it is replaced whole.
      const kept = JSON.parse(text) as Kept;
      if (kept.folder !== folder) return;
      this.memory = new Map(Object.entries(kept.files));
      this.inode = kept.inode;
    } catch (thrown) {
      log.warn("what was kept of the manifest folder is damaged, going by the folder alone", {
        file: memoryFile,
        error: wordsOf(thrown),
      });
    }
  }

  private async keep(): Promise<void> {
    const { files, folder, memoryFile, log } = this.options;
    const kept: Kept = {
      folder,
      ...(this.inode === undefined ? {} : { inode: this.inode }),
      files: Object.fromEntries(this.memory),
    };
    await files.writeText(memoryFile, JSON.stringify(kept), 0o600).catch((thrown: unknown) =>
      log.warn("cannot keep what the manifest folder holds, a restart will go by the folder alone", {
        file: memoryFile,
        error: wordsOf(thrown),
      }),
    );
  }

  private noticed = (): void => {
    if (this.stopped) return;
    const now = this.options.clock.now();
    this.changedSince ??= now;
    this.dueBy = Infinity;
    this.lookIn(Math.max(0, Math.min(rest, this.changedSince + restMax - now)));
  };

  private lookIn(delay: Millis): void {
    const { clock } = this.options;
    const due = clock.now() + delay;
    if (this.stopped || due >= this.dueBy) return;
    this.cancel?.();
    this.dueBy = due;
    this.cancel = clock.after(delay, () => {
      this.dueBy = Infinity;
      this.look().catch((thrown: unknown) => {
        this.options.log.error("the manifest folder was not looked into", { error: wordsOf(thrown) });
        this.lookIn(missingPeriod);
      });
    });
  }

  private async look(): Promise<void> {
    if (this.looking) {
      this.again = true;
      return;
    }
    this.looking = true;
    this.changedSince = undefined;
    try {
      await this.lookOnce();
    } finally {
      this.looking = false;
    }
    if (this.again) {
      this.again = false;
      this.lookIn(rest);
    }
  }

  private async lookOnce(): Promise<void> {
    const { files, folder, period } = this.options;
    await this.watchAgain();
    const read = await readFolder(files, folder);
    if (this.stopped) return;
    const doubt = this.doubtOf(read);
    if (doubt?.is === "wait") return this.lookIn(sureAfter);
    this.lookIn(read.is === "read" ? period : missingPeriod);
    if (doubt !== undefined || read.is !== "read") return this.goOn(doubt?.because ?? "");
    this.inode = read.inode;
    await this.take(read);
  }

  /** Why what was read is not to be believed: running pods are not ended for it. */
  private doubtOf(
    read: FolderRead,
  ): { readonly is: "wait" } | { readonly is: "doubt"; readonly because: string } | undefined {
    if (read.is === "unreadable") return { is: "doubt", because: read.because };
    const isEmpty = read.files.every(({ name }) => name.startsWith("."));
    if (!isEmpty || this.memory.size === 0) {
      this.emptySince = undefined;
      return undefined;
    }
    if (this.inode !== undefined && this.inode !== read.inode)
      return {
        is: "doubt",
        because: "it is empty and no longer the folder it was, as if a disk were not mounted",
      };
    const now = this.options.clock.now();
    this.emptySince ??= now;
    return now - this.emptySince < sureAfter ? { is: "wait" } : undefined;
  }

  /** The folder says nothing: what it last held goes on. */
  private goOn(because: string): void {
    const found = Array.from(this.memory.keys(), (name) => ({ name, is: "unreadable" as const, because }));
    const pods = this.plan(found).taken.map(({ pod }) => pod);
    this.tell(pods);
    this.report([
      {
        file: "",
        because: `cannot read the folder: ${because}; ${pods.length === 0 ? "its pods start when it can be read" : "the pods it held go on"}`,
      },
    ]);
  }

  private plan(found: Parameters<typeof planManifests>[0]): ReturnType<typeof planManifests> {
    const { nodeName, clock } = this.options;
    const used = new Set<string>();
    const plan = planManifests(found, this.memory, { nodeName, now: clock.now() }, (text) => {
      used.add(text);
      const known = this.reads.get(text) ?? readManifest(text, nodeName);
      this.reads.set(text, known);
      return known;
    });
    for (const text of this.reads.keys()) if (!used.has(text)) this.reads.delete(text);
    return plan;
  }

  private async take(read: FolderRead & { is: "read" }): Promise<void> {
    const { taken, complaints, memory } = this.plan(read.files);
    const before = this.memory;
    this.memory = memory;
    const same =
      before.size === memory.size &&
      Array.from(memory).every(([name, { text }]) => before.get(name)?.text === text);
    if (!same) await this.keep();
    this.tell(taken.map(({ pod }) => pod));
    this.report(complaints);
  }

  private tell(pods: readonly Pod[]): void {
    if (this.stopped) return;
    const hashOf = (pod: Pod | undefined) => pod?.metadata.annotations?.["kubernetes.io/config.hash"];
    const next = new Map<string, Pod>();
    for (const pod of pods) {
      const { uid } = pod.metadata;
      const known = this.pods.get(uid);
      next.set(uid, known !== undefined && hashOf(known) === hashOf(pod) ? known : pod);
    }
    this.pods = next;
    this.told.replace(Array.from(next.values()));
    if (!this.isReady) this.told.ready();
    this.isReady = true;
  }

  /** What is wrong only while a file is being written is nothing to complain of: it must be so twice. */
  private report(complaints: readonly Complaint[]): void {
    const text = JSON.stringify(complaints);
    if (text === this.reported) return;
    if (complaints.length > 0 && text !== this.suspected) {
      this.suspected = text;
      return this.lookIn(sureAfter);
    }
    this.suspected = undefined;
    this.reported = text;
    this.options.complain(complaints);
  }

  /** A folder that was made anew, or appeared, is watched anew. */
  private async watchAgain(): Promise<void> {
    const { files, folder } = this.options;
    const facts = await files.facts(folder).catch(() => undefined);
    if (facts?.inode === this.watched && this.unwatch !== undefined) return;
    this.unwatch?.();
    this.unwatch = undefined;
    this.watched = facts?.inode;
    if (facts !== undefined && !this.stopped) this.unwatch = files.watch(folder, this.noticed);
  }
}
