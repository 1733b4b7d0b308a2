// Owns what is known of a full disk: how much room there is, and which failures of a write mean that there is none.
import { statfsSync } from "node:fs";
import type { Bytes } from "../../lib/units.ts";

/** What this user may still write to the disk that the path is on. */
export function freeSpace(path: string): Bytes {
  const { bavail, bsize } = statfsSync(path);
  return bavail * bsize;
}

// As errno.h of Linux has them.
const ioError = 5;
const noSpace = 28;
const quotaExceeded = 122;

/** lmdb tells a write that was cut short for want of room as an I/O error: the room that is left tells the two apart. */
function isForWantOfSpace(thrown: unknown, free: Bytes, wanted: Bytes): boolean {
  const code = codeOf(thrown);
  return code === noSpace || code === quotaExceeded || (code === ioError && free < wanted);
}

const codeOf = (thrown: unknown): number =>
  thrown instanceof Error && "code" in thrown ? Number(thrown.code) : NaN;

interface Attempt {
  readonly commit: () => Promise<void>;
  readonly free: () => Bytes;
  readonly wanted: Bytes;
}

/** Commits, or finds the disk full. Anything else it throws. */
export async function commitUnlessFull({ commit, free, wanted }: Attempt): Promise<"committed" | "full"> {
  for (let again = true; ; again = false) {
    try {
      await commit();
      return "committed";
    } catch (thrown) {
      if (isForWantOfSpace(thrown, free(), wanted)) return "full";
      // Cut short on a disk that has been given room since: lmdb has undone the transaction, and whole it writes each of its pages anew.
      if (codeOf(thrown) !== ioError || !again) throw thrown;
    }
  }
}
