// Owns the form of a container's log (CRI: `TIME stdout|stderr F|P CONTENT`) and its relation to the raw output, byte for byte.
import type { Bytes, Instant } from "../../lib/units.ts";

export type Stream = "stdout" | "stderr";

/** Longer lines are cut into parts (P) of this size. */
export const partMax: Bytes = 16 * 1024;

const newline = 10;

/** RFC 3339 with nine digits, as every CRI runtime writes it. */
const timeText = (at: Instant): string => new Date(at).toISOString().replace("Z", "000000Z");

export interface Cut {
  /** The log lines. */
  readonly text: Buffer;
  /** How many raw bytes they cover; the rest is the beginning of a line that is still being written. */
  readonly consumed: Bytes;
}

/** Cuts raw output into log lines. At the end of the output a line with no end is written as a part. */
export function cutLines(raw: Uint8Array, stream: Stream, at: Instant, end: boolean): Cut {
  const head = `${timeText(at)} ${stream} `;
  const full = Buffer.from(`${head}F `);
  const part = Buffer.from(`${head}P `);
  const lineEnd = Buffer.from("\n");
  const pieces: Uint8Array[] = [];
  let from = 0;
  while (from < raw.length) {
    const found = raw.indexOf(newline, from);
    const to = found === -1 ? raw.length : found;
    if (to - from > partMax) {
      pieces.push(part, raw.subarray(from, from + partMax), lineEnd);
      from += partMax;
    } else if (found !== -1) {
      pieces.push(full, raw.subarray(from, found), lineEnd);
      from = found + 1;
    } else {
      if (!end) break;
      pieces.push(part, raw.subarray(from, to), lineEnd);
      from = to;
    }
  }
  return { text: Buffer.concat(pieces), consumed: from };
}

export interface Covered {
  readonly stdout: Bytes;
  readonly stderr: Bytes;
  /** Length of the whole lines; what follows is torn. */
  readonly whole: Bytes;
}

/** How many raw bytes of each stream the lines of a log came from: the inverse of `cutLines`. */
export function coveredBy(log: Uint8Array): Covered {
  const covered = { stdout: 0, stderr: 0, whole: 0 };
  const text = Buffer.from(log.buffer, log.byteOffset, log.byteLength);
  for (let from = 0; from < text.length;) {
    const end = text.indexOf(newline, from);
    if (end === -1) break;
    const streamAt = text.indexOf(" ", from) + 1;
    const content = streamAt + "stdout F ".length;
    if (streamAt > 0 && content <= end) {
      const stream = text.toString("latin1", streamAt, streamAt + 6);
      const tag = text.toString("latin1", streamAt + 7, streamAt + 8);
      if (stream === "stdout" || stream === "stderr")
        covered[stream] += end - content + (tag === "F" ? 1 : 0);
    }
    from = end + 1;
    covered.whole = from;
  }
  return covered;
}
