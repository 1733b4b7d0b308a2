// Owns the serving of one container's log: from where the reader asked, and on while the container runs.
import { dirname } from "node:path";
import type { Bytes, Instant, Millis } from "../../lib/units.ts";
import { parseTime } from "../../model/time.ts";
import type { Clock } from "../../world/clock.ts";
import type { Files } from "../../world/files.ts";
import type { ResponseStream } from "../../world/http.ts";
import { RotatingLog } from "../logs/rotating-log.ts";
import { CriReader, lastLinesStart } from "./cri-log.ts";

const pieceSize: Bytes = 64 * 1024;
// Where watching works it tells sooner; this is for file systems where it doesn't, and for the container's end.
const rescanPeriod: Millis = 2000;

export interface LogRequest {
  readonly follow: boolean;
  readonly previous: boolean;
  readonly timestamps: boolean;
  readonly since: Instant | undefined;
  readonly tailLines: number | undefined;
  readonly limitBytes: number | undefined;
}

/** Reads the query of `/containerLogs`; a text says what is wrong with it. */
export function parseLogRequest(query: URLSearchParams, now: Instant): LogRequest | string {
  const count = (name: string): number | undefined | string => {
    const text = query.get(name);
    if (text === null || text === "") return undefined;
    return /^\d+$/.test(text)
      ? Number(text)
      : `cannot read logs: ${name} is ${text}; give a whole number of at least 0`;
  };
  const flag = (name: string): boolean => ["true", "1"].includes(query.get(name) ?? "");
  const tailLines = count("tailLines");
  const limitBytes = count("limitBytes");
  const sinceSeconds = count("sinceSeconds");
  for (const value of [tailLines, limitBytes, sinceSeconds]) if (typeof value === "string") return value;
  const sinceTime = query.get("sinceTime");
  const sinceInstant = sinceTime === null || sinceTime === "" ? undefined : parseTime(sinceTime);
  if (sinceTime !== null && sinceTime !== "" && sinceInstant === undefined)
    return `cannot read logs: sinceTime is ${sinceTime}; give an RFC 3339 time`;
  return {
    follow: flag("follow"),
    previous: flag("previous"),
    timestamps: flag("timestamps"),
    since: typeof sinceSeconds === "number" ? now - sinceSeconds * 1000 : sinceInstant,
    tailLines: typeof tailLines === "number" ? tailLines : undefined,
    limitBytes: typeof limitBytes === "number" ? limitBytes : undefined,
  };
}

/** Where the last lines of a file begin. */
async function tailStart(files: Files, path: string, size: Bytes, lines: number): Promise<Bytes> {
  let tail: Uint8Array = new Uint8Array();
  for (let from = size; from > 0;) {
    const length = Math.min(pieceSize, from);
    from -= length;
    const piece = await files.readBytes(path, from, length);
    tail = Buffer.concat([piece ?? new Uint8Array(), tail]);
    const start = lastLinesStart(tail, lines);
    if (start !== undefined) return from + start;
  }
  return lines === 0 ? size : 0;
}

export interface LogStreaming {
  readonly files: Files;
  readonly clock: Clock;
  readonly path: string;
  readonly signal: AbortSignal;
  /** Whether more may still be written. */
  readonly isLive: () => boolean;
}

/** Writes the log to the stream and ends it. */
export async function streamLog(
  from: LogStreaming,
  request: LogRequest,
  stream: ResponseStream,
): Promise<void> {
  const { files, path, signal } = from;
  const reader = new CriReader(request);
  const { size, inode } = (await files.facts(path)) ?? { size: 0, inode: undefined };
  const offset = request.tailLines === undefined ? 0 : await tailStart(files, path, size, request.tailLines);
  const log = new RotatingLog(files, path, { offset, inode });
  const drain = async (): Promise<void> => {
    while (!signal.aborted && !reader.full) {
      const piece = await log.read(pieceSize);
      if (piece.length === 0) return;
      const out = reader.take(piece);
      if (out.length > 0 && !stream.write(out)) await stream.drained();
    }
  };
  await drain();
  if (request.follow) await follow(from, drain, () => reader.full);
  stream.end();
}

async function follow(from: LogStreaming, drain: () => Promise<void>, isFull: () => boolean): Promise<void> {
  const { files, clock, path, signal, isLive } = from;
  let wake: () => void = () => undefined;
  let changed = false;
  const notice = () => {
    changed = true;
    wake();
  };
  // Its folder, since a rotation puts another file in its place.
  const unwatch = files.watch(dirname(path), notice);
  signal.addEventListener("abort", notice, { once: true });
  try {
    while (!signal.aborted && !isFull()) {
      // Asked before reading: what a container wrote last is read after it has ended.
      const live = isLive();
      changed = false;
      await drain();
      if (!live) return;
      if (changed) continue;
      await new Promise<void>((resolve) => {
        const cancel = clock.after(rescanPeriod, resolve);
        wake = () => {
          cancel();
          resolve();
        };
        if (changed) wake();
      });
    }
  } finally {
    unwatch();
    signal.removeEventListener("abort", notice);
  }
}
