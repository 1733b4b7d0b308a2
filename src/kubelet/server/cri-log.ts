// Owns the container log format of CRI: `TIME STREAM TAG TEXT`, tag P for a line cut in parts, F for its last or only one.
import type { Instant } from "../../lib/units.ts";
import { parseTime } from "../../model/time.ts";

const newline = 0x0a;

export interface CriRecord {
  /** As written, to the nanosecond. */
  readonly time: string;
  readonly stream: string;
  readonly partial: boolean;
  readonly text: Uint8Array;
}

/** Undefined where the line isn't in the format: such a line is shown to nobody rather than guessed at. */
export function parseCriLine(line: Uint8Array): CriRecord | undefined {
  const first = line.indexOf(0x20);
  const second = first < 0 ? -1 : line.indexOf(0x20, first + 1);
  const third = second < 0 ? -1 : line.indexOf(0x20, second + 1);
  if (second < 0) return undefined;
  const ascii = (from: number, to: number) => Buffer.from(line.subarray(from, to)).toString("latin1");
  const tags = ascii(second + 1, third < 0 ? line.length : third);
  const stream = ascii(first + 1, second);
  if (stream !== "stdout" && stream !== "stderr") return undefined;
  const [tag] = tags.split(":");
  if (tag !== "P" && tag !== "F") return undefined;
  return {
    time: ascii(0, first),
    stream,
    partial: tag === "P",
    text: third < 0 ? new Uint8Array() : line.subarray(third + 1),
  };
}

export interface LogWish {
  readonly timestamps: boolean;
  readonly since: Instant | undefined;
  readonly limitBytes: number | undefined;
}

/** Turns a log file's bytes, in pieces as they come, into what a reader asked for. */
export class CriReader {
  private readonly wish: LogWish;
  private rest: Uint8Array = new Uint8Array();
  private left: number;
  private inLine = false;

  constructor(wish: LogWish) {
    this.wish = wish;
    this.left = wish.limitBytes ?? Infinity;
  }

  /** Nothing more will be given: the limit is reached. */
  get full(): boolean {
    return this.left <= 0;
  }

  take(bytes: Uint8Array): Uint8Array {
    const all = this.rest.length === 0 ? bytes : Buffer.concat([this.rest, bytes]);
    const out: Uint8Array[] = [];
    let at = 0;
    for (let end = all.indexOf(newline, at); end >= 0; end = all.indexOf(newline, at)) {
      this.takeLine(all.subarray(at, end), out);
      at = end + 1;
    }
    // A copy: the caller may use its buffer again.
    this.rest = at === all.length ? new Uint8Array() : Uint8Array.from(all.subarray(at));
    return out.length === 1 && out[0] !== undefined ? out[0] : Buffer.concat(out);
  }

  private takeLine(line: Uint8Array, out: Uint8Array[]): void {
    if (this.full) return;
    const record = parseCriLine(line);
    if (record === undefined) return;
    const { since } = this.wish;
    if (since !== undefined && (parseTime(record.time) ?? 0) < since) return;
    const give = (bytes: Uint8Array) => {
      const given = bytes.length > this.left ? bytes.subarray(0, this.left) : bytes;
      this.left -= given.length;
      out.push(given);
    };
    if (this.wish.timestamps && !this.inLine) give(Buffer.from(`${record.time} `, "latin1"));
    give(record.text);
    this.inLine = record.partial;
    if (!record.partial) give(Uint8Array.of(newline));
  }
}

/** Where in a text the last `count` lines begin; undefined where it has fewer and the beginning may be missing. */
export function lastLinesStart(bytes: Uint8Array, count: number): number | undefined {
  if (count === 0) return bytes.length;
  let seen = 0;
  // The newline that ends the last line begins no further one.
  for (
    let at = bytes.lastIndexOf(newline, bytes.length - 2);
    at >= 0;
    at = at === 0 ? -1 : bytes.lastIndexOf(newline, at - 1)
  )
    if (++seen === count) return at + 1;
  return undefined;
}
