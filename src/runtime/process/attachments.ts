// Owns who listens to a container's output as it is written, and that none of it is given up before they have it.
import type { Writable } from "node:stream";
import type { Bytes } from "../../lib/units.ts";
import type { Files } from "../../world/files.ts";
import type { Stream } from "./log-lines.ts";

const chunk: Bytes = 256 * 1024;
/** Who lags further behind a container that prints is let go of, so that the disk does not fill. */
const lagMax: Bytes = 64 * 1024 * 1024;
/** So much of the last output is handed to one who lags when the container has ended. */
const lastMax: Bytes = 8 * 1024 * 1024;

/** One stream of output for one listener. */
class Listener {
  readonly stream: Stream;
  offset: Bytes;
  private readonly files: Files;
  private readonly path: string;
  private readonly to: Writable;
  private last: Promise<unknown> = Promise.resolve();

  constructor(from: { files: Files; path: string; offset: Bytes }, stream: Stream, to: Writable) {
    this.files = from.files;
    this.path = from.path;
    this.offset = from.offset;
    this.stream = stream;
    this.to = to;
  }

  /** Hands on what there is; at the end without waiting for a slow reader, up to a bound. */
  carry(atEnd: boolean): Promise<unknown> {
    this.last = this.last.then(() => this.pass(atEnd)).catch(() => undefined);
    return this.last;
  }

  private async pass(atEnd: boolean): Promise<void> {
    const { files, path, to } = this;
    const size = (await files.facts(path))?.size ?? 0;
    // `echo … >/dev/stdout` in a container opens the file anew and empties it.
    if (size < this.offset) this.offset = 0;
    for (let left = atEnd ? lastMax : Infinity; left > 0 && !to.destroyed; left -= chunk) {
      const bytes = await files.readBytes(path, this.offset, chunk);
      if (bytes === undefined || bytes.length === 0) return;
      this.offset += bytes.length;
      if (!to.write(bytes) && !atEnd) return void to.once("drain", () => void this.carry(false));
    }
  }

  get isBusy(): boolean {
    return this.to.writableNeedDrain;
  }
}

export class Attachments {
  private readonly files: Files;
  private readonly folder: string;
  private readonly listeners = new Map<Listener, (because: "ended" | "lags") => void>();
  private readonly waiting = new Set<() => void>();

  constructor(files: Files, folder: string) {
    this.files = files;
    this.folder = folder;
  }

  /** From now on; the answer is told once, and the function given back ends it. */
  async add(
    streams: Partial<Record<Stream, Writable | undefined>>,
    over: (because: "ended" | "lags") => void,
  ): Promise<() => void> {
    const made: Listener[] = [];
    for (const stream of ["stdout", "stderr"] as const) {
      const to = streams[stream];
      const path = `${this.folder}/${stream}`;
      const offset = (await this.files.facts(path))?.size ?? 0;
      if (to !== undefined) made.push(new Listener({ files: this.files, path, offset }, stream, to));
    }
    const ended = (): void => over("ended");
    for (const one of made) this.listeners.set(one, over);
    this.waiting.add(ended);
    return () => {
      for (const one of made) this.listeners.delete(one);
      this.waiting.delete(ended);
    };
  }

  /** There may be new output. */
  dirty(): void {
    for (const one of this.listeners.keys()) if (!one.isBusy) void one.carry(false);
  }

  /** Up to where raw output may be given back to the disk. */
  passed(stream: Stream, written: Bytes): Bytes {
    let least = written;
    for (const [one, over] of this.listeners) {
      if (one.stream !== stream) continue;
      if (written - one.offset > lagMax) {
        this.listeners.delete(one);
        over("lags");
      } else least = Math.min(least, one.offset);
    }
    return least;
  }

  /** The container has ended: everybody gets the rest. */
  async settle(): Promise<void> {
    await Promise.all([...this.listeners.keys()].map((one) => one.carry(true)));
    this.listeners.clear();
    for (const ended of this.waiting) ended();
    this.waiting.clear();
  }
}
