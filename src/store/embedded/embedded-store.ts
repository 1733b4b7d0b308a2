// Owns the way in to the durable store: the folder claimed, its format known, its file sound, its history read.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Bytes } from "../../lib/units.ts";
import type { Clock } from "../../world/clock.ts";
import type { Log } from "../../world/log.ts";
import type { Journal } from "../journal.ts";
import { NoSpaceError, type Store } from "../store.ts";
import { VersionedStore } from "../versioned-store.ts";
import { checkDataFile } from "./data-file.ts";
import { freeSpace } from "./free-space.ts";
import { claimFolder, type Holder } from "./folder-lock.ts";
import { finishFormat, readFormat } from "./format-file.ts";
import { LmdbJournal } from "./lmdb-journal.ts";
import { DamageError } from "./record.ts";

// lmdb maps a file of locks into memory: were there no room for its pages, touching them would end the process.
const spaceToOpen: Bytes = 1 << 20;

export interface EmbeddedStoreOptions {
  readonly folder: string;
  readonly clock: Clock;
  readonly log: Log;
}

export type Opened =
  | { readonly is: "open"; readonly store: Store }
  /** Another process has it, or this one already. */
  | { readonly is: "locked"; readonly by: Holder; readonly message: string }
  | { readonly is: "corrupt" | "newer-format" | "full"; readonly message: string };

/** Opens the store in the folder, making it where there is none. Rejects where the file system refuses (EACCES, EROFS …). */
export async function openEmbeddedStore(options: EmbeddedStoreOptions): Promise<Opened> {
  const { folder } = options;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (freeSpace(folder) < spaceToOpen) return full(folder);
  const claim = claimFolder(folder);
  if (claim.is === "taken")
    return {
      is: "locked",
      by: claim.by,
      message: `cannot open the store in ${folder}: process ${claim.by.pid} has it open; end that process first, or use another folder`,
    };
  let opened: Opened | undefined;
  try {
    opened = await openClaimed(options, claim.release);
    return opened;
  } finally {
    if (opened?.is !== "open") claim.release();
  }
}

async function openClaimed(options: EmbeddedStoreOptions, release: () => void): Promise<Opened> {
  const { folder, clock, log } = options;
  const dataFile = join(folder, "store.mdb");
  const format = readFormat(folder, dataFile);
  if (format.is === "corrupt" || format.is === "newer-format") return format;
  let lmdb: LmdbJournal | undefined;
  try {
    if (format.is === "ours") checkDataFile(dataFile);
    lmdb = new LmdbJournal(dataFile, format.is === "ours" ? "existing" : "new");
    const journal = releasing(lmdb, release);
    const store = new VersionedStore({ journal, recovered: lmdb.recover(), clock, log });
    if (format.is === "new") finishFormat(folder);
    log.info("the store is open", { folder, revision: store.revision() });
    return { is: "open", store };
  } catch (thrown) {
    await lmdb?.close();
    if (thrown instanceof NoSpaceError) return full(folder);
    if (!isDamage(thrown)) throw thrown;
    return {
      is: "corrupt",
      message: `cannot open the store in ${folder}: ${dataFile} is damaged (${thrown.message}); restore the folder from a backup, or move it away to begin empty`,
    };
  }
}

const full = (folder: string): Opened => ({
  is: "full",
  message: `cannot open the store in ${folder}: its disk is full; free at least ${spaceToOpen >> 20} MiB there and start again, all acknowledged writes are safe`,
});

/** The journal, which gives the folder back when it closes. */
function releasing(journal: LmdbJournal, release: () => void): Journal {
  return {
    write: (batch) => journal.write(batch),
    value: (version) => journal.value(version),
    breathe: () => journal.breathe(),
    close: async () => {
      await journal.close();
      release();
    },
  };
}

/** Ours, and lmdb's own words for a file it cannot read: MDB_PAGE_NOTFOUND, CORRUPTED, VERSION_MISMATCH, INVALID. */
const isDamage = (thrown: unknown): thrown is Error =>
  thrown instanceof DamageError ||
  (thrown instanceof Error &&
    "code" in thrown &&
    [-30_797, -30_796, -30_794, -30_793].includes(Number(thrown.code)));
