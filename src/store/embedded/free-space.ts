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
export function isForWantOfSpace(thrown: unknown, free: Bytes, wanted: Bytes): boolean {
  if (!(thrown instanceof Error) || !("code" in thrown)) return false;
  const code = Number(thrown.code);
  return code === noSpace || code === quotaExceeded || (code === ioError && free < wanted);
}
