// Owns carrying a container's raw output into its log, each byte once, over any number of our own deaths.
import type { Bytes, Instant } from "../../lib/units.ts";
import type { Clock } from "../../world/clock.ts";
import type { FileFacts, Files } from "../../world/files.ts";
import { type Log, wordsOf } from "../../world/log.ts";
import type { Processes } from "../../world/processes.ts";
import type { Tools } from "./abilities.ts";
import { Attachments } from "./attachments.ts";
import { coveredBy, cutLines, type Stream } from "./log-lines.ts";

const chunk: Bytes = 256 * 1024;
// A chatty container costs one pass in this many milliseconds, not one a write.
const restBetween = 25;
// Raw output that is in the log is given back to the disk in steps of this size.
const freeStep: Bytes = 1024 * 1024;

// So many bytes before the offset are compared with what they were.
const tailLength: Bytes = 64;

const streams = ["stdout", "stderr"] as const;

/** A point from which the log itself tells what has been carried over since. */
interface Checkpoint {
  readonly stdout: Bytes;
  readonly stderr: Bytes;
  readonly logInode?: number;
  readonly logSize: Bytes;
}

/** Nothing where the text is no checkpoint. */
function readCheckpoint(text: string): Checkpoint | undefined {
  try {
    // Each field that is counted with is looked at below.
    const read = JSON.parse(text) as Partial<Checkpoint> | null;
    const whole = [read?.stdout, read?.stderr, read?.logSize].every((size) => Number.isInteger(size));
    return whole ? (read as Checkpoint) : undefined; // see there
  } catch {
    return undefined;
  }
}

export interface PumpWorld {
  readonly files: Files;
  readonly processes: Processes;
  readonly clock: Clock;
  readonly log: Log;
  readonly tools: Tools;
}

export class LogPump {
  private readonly world: PumpWorld;
  private readonly folder: string;
  private readonly logPath: string;
  private readonly offsets: Record<Stream, Bytes> = { stdout: 0, stderr: 0 };
  private readonly freed: Record<Stream, Bytes> = { stdout: 0, stderr: 0 };
  private readonly tails: Record<Stream, Buffer> = { stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) };
  private readonly seen: Partial<Record<Stream, FileFacts>> = {};
  /** Streams whose file may have been emptied and written anew: a later look tells. */
  private readonly doubted = new Map<Stream, Instant>();
  private logInode: number | undefined;
  private stale = false;
  private cancel: (() => void) | undefined;
  private last: Promise<void> = Promise.resolve();
  private closed = false;
  private complained = false;
  private torn = false;
  private readonly attachments: Attachments;

  constructor(world: PumpWorld, folder: string, logPath: string) {
    this.world = world;
    this.folder = folder;
    this.logPath = logPath;
    this.attachments = new Attachments(world.files, folder);
  }

  /** Who listens beside the log. */
  get listeners(): Attachments {
    return this.attachments;
  }

  /** Before the first output: an older log under this name stays as it is. */
  async open(): Promise<void> {
    const { files } = this.world;
    const at = this.logPath.lastIndexOf("/");
    if (at > 0) await files.makeFolder(this.logPath.slice(0, at));
    await files.append(this.logPath, "");
    const facts = await files.facts(this.logPath);
    this.logInode = facts?.inode;
    if ((facts?.size ?? 0) > 0) await this.checkpoint();
  }

  /** After a restart: finds out from the log what has been carried over. */
  async recover(): Promise<void> {
    const { files, processes, tools } = this.world;
    const from = await this.lastCheckpoint();
    this.offsets.stdout = from.stdout;
    this.offsets.stderr = from.stderr;
    this.freed.stdout = from.stdout;
    this.freed.stderr = from.stderr;
    const facts = await files.facts(this.logPath);
    if (facts === undefined) return;
    this.logInode = facts.inode;
    const at = await this.countSince(from, facts);
    if (at < facts.size && tools.truncate !== undefined)
      await processes.run([tools.truncate, `--size=${at}`, "--", this.logPath]);
  }

  /** Where it is damaged, what was printed so far counts as carried over: better a gap in the log than doubled lines. */
  private async lastCheckpoint(): Promise<Checkpoint> {
    const { files, log } = this.world;
    const path = `${this.folder}/pumped.json`;
    const text = await files.readText(path);
    if (text === undefined) return { stdout: 0, stderr: 0, logSize: 0 };
    const read = readCheckpoint(text);
    if (read !== undefined) return read;
    log.warn(
      "how far a container's output is in its log is not known: the file is damaged; going on with what follows",
      { path },
    );
    const sizeOf = async (file: string) => (await files.facts(file))?.size ?? 0;
    return {
      stdout: await sizeOf(`${this.folder}/stdout`),
      stderr: await sizeOf(`${this.folder}/stderr`),
      logSize: await sizeOf(this.logPath),
    };
  }

  /** Adds up what the log tells since the checkpoint, rotated away meanwhile or not; gives the length of its whole lines. */
  private async countSince(from: Checkpoint, current: FileFacts): Promise<Bytes> {
    if (from.logInode !== current.inode) {
      const rotated = await this.rotatedSince(from.logInode);
      for (const [time, path] of rotated.entries())
        await this.count(path, time === 0 && from.logInode !== undefined ? from.logSize : 0);
      if (from.logInode !== undefined || rotated.length > 0) return this.count(this.logPath, 0);
    }
    return this.count(this.logPath, Math.min(from.logSize, current.size));
  }

  /** From the one that was being written at the checkpoint on, the oldest first; all of them where it wasn't said. */
  private async rotatedSince(inode: number | undefined): Promise<readonly string[]> {
    const { files } = this.world;
    const cut = this.logPath.lastIndexOf("/");
    const [folder, base] = [this.logPath.slice(0, cut), this.logPath.slice(cut + 1)];
    const names = ((await files.list(folder)) ?? []).filter(
      (name) => name.startsWith(`${base}.`) && /\.\d{8}-\d{6}$/.test(name),
    );
    const paths = names.map((name) => `${folder}/${name}`);
    if (inode === undefined) return paths;
    for (const [at, path] of paths.entries())
      if ((await files.facts(path))?.inode === inode) return paths.slice(at);
    return [];
  }

  /** Adds what a log's lines came from, from `at` on; gives where its whole lines end. */
  private async count(path: string, from: Bytes): Promise<Bytes> {
    const size = (await this.world.files.facts(path))?.size ?? 0;
    let at = from;
    while (at < size) {
      const bytes = await this.world.files.readBytes(path, at, Math.min(chunk, size - at));
      const covered = coveredBy(bytes ?? new Uint8Array());
      if (covered.whole === 0) return at;
      this.offsets.stdout += covered.stdout;
      this.offsets.stderr += covered.stderr;
      at += covered.whole;
    }
    return at;
  }

  /** There may be new output. */
  dirty(): void {
    if (this.closed) return;
    this.attachments.dirty();
    this.stale = true;
    if (this.cancel === undefined) this.arm(0);
  }

  private arm(delay: number): void {
    this.cancel = this.world.clock.after(delay, () => {
      this.stale = false;
      this.last = this.last
        .then(() => this.pass(false))
        .then(() => {
          this.cancel = undefined;
          if (this.stale && !this.closed) this.arm(restBetween);
        });
    });
  }

  /** Carries over all there is, the unfinished last line too. */
  async drain(): Promise<void> {
    this.last = this.last.then(() => this.pass(true));
    await this.last;
  }

  /** The log was moved away: what follows goes to a new one. */
  async reopen(): Promise<void> {
    this.last = this.last.then(() => this.pass(false)).then(() => this.noteRotation());
    await this.last;
  }

  /** Ends the work on hand and does no more. */
  async close(): Promise<void> {
    this.closed = true;
    this.cancel?.();
    await this.last;
  }

  private async pass(end: boolean): Promise<void> {
    try {
      if (this.torn) await this.mend();
      for (const stream of streams) while (await this.carry(stream, end));
    } catch (thrown) {
      if (!this.complained)
        this.world.log.warn("cannot carry a container's output into its log; trying again", {
          log: this.logPath,
          because: wordsOf(thrown),
        });
      this.complained = true;
    }
  }

  private async carry(stream: Stream, end: boolean): Promise<boolean> {
    const { files, clock } = this.world;
    const raw = `${this.folder}/${stream}`;
    const facts = await files.facts(raw);
    if (facts === undefined) return false;
    const known = this.seen[stream];
    if (facts.size === known?.size && facts.modified !== known.modified) {
      // The kernel sets the time before the size: one that is just being written to looks like one written anew.
      const since = this.doubted.get(stream) ?? clock.now();
      this.doubted.set(stream, since);
      if (!end && clock.now() - since < restBetween) {
        this.stale = true;
        return false;
      }
      await this.startOver(stream);
    } else if (facts.size < this.offsets[stream]) await this.startOver(stream);
    this.doubted.delete(stream);
    this.seen[stream] = facts;
    if (facts.size === this.offsets[stream]) return false;
    const bytes = await this.read(stream, raw, facts.size);
    if (bytes === undefined) return true;
    if (bytes.length === 0) return false;
    const atEnd = end && this.offsets[stream] + bytes.length >= facts.size;
    const cut = cutLines(bytes, stream, clock.now(), atEnd);
    if (cut.consumed === 0) return false;
    await this.noteRotation();
    await this.extend(cut.text);
    this.offsets[stream] += cut.consumed;
    this.tails[stream] = Buffer.from(bytes.subarray(Math.max(0, cut.consumed - tailLength), cut.consumed));
    if (this.offsets[stream] - this.freed[stream] >= freeStep) await this.free(stream);
    return true;
  }

  /** A full disk may take a part of what is appended. */
  private async extend(text: string | Uint8Array): Promise<void> {
    try {
      await this.world.files.append(this.logPath, text);
    } catch (thrown) {
      this.torn = true;
      throw thrown;
    }
  }

  /** As after a death of our own, the log tells what has arrived in it. */
  private async mend(): Promise<void> {
    await this.recover();
    for (const stream of streams) this.tails[stream] = Buffer.alloc(0);
    this.torn = false;
  }

  /** What follows the offset; undefined where what stands before it has changed, after starting over. */
  private async read(stream: Stream, raw: string, size: Bytes): Promise<Uint8Array | undefined> {
    const tail = this.tails[stream];
    const from = this.offsets[stream] - tail.length;
    const bytes =
      (await this.world.files.readBytes(raw, from, Math.min(chunk, size - from))) ?? new Uint8Array();
    if (tail.equals(bytes.subarray(0, tail.length))) return bytes.subarray(tail.length);
    await this.startOver(stream);
    return undefined;
  }

  /** `echo … >/dev/stdout` in a container opens the file anew and empties it: output only ever grows otherwise. */
  private async startOver(stream: Stream): Promise<void> {
    this.offsets[stream] = 0;
    this.freed[stream] = 0;
    this.tails[stream] = Buffer.alloc(0);
    await this.checkpoint();
  }

  /** The offsets known for the old log would be sought in the new one after a restart. */
  private async noteRotation(): Promise<void> {
    const facts = await this.world.files.facts(this.logPath);
    if (facts !== undefined && facts.inode === this.logInode) return;
    await this.world.files.append(this.logPath, "");
    this.logInode = (await this.world.files.facts(this.logPath))?.inode;
    await this.checkpoint();
  }

  private async checkpoint(): Promise<void> {
    const logSize = (await this.world.files.facts(this.logPath))?.size ?? 0;
    const point: Checkpoint = {
      ...this.offsets,
      logSize,
      ...(this.logInode === undefined ? {} : { logInode: this.logInode }),
    };
    await this.world.files.writeText(`${this.folder}/pumped.json`, JSON.stringify(point), 0o600);
  }

  /** Gives the disk back what is in the log: the file keeps its length, so the container writes on unawares. */
  private async free(stream: Stream): Promise<void> {
    const { processes, tools, log } = this.world;
    const from = this.freed[stream];
    const passed = this.attachments.passed(stream, this.offsets[stream]) - tailLength;
    if (passed <= from) return;
    await this.checkpoint();
    this.freed[stream] = passed;
    const length = this.freed[stream] - from;
    if (tools.fallocate === undefined) return;
    const path = `${this.folder}/${stream}`;
    const { code, stderr } = await processes.run([
      tools.fallocate,
      "--punch-hole",
      "--offset",
      `${from}`,
      "--length",
      `${length}`,
      path,
    ]);
    // Freeing sets the time of the last change; nothing else but the container does.
    delete this.seen[stream];
    if (code !== 0 && !this.complained) {
      this.complained = true;
      log.warn("cannot free raw output that is in the log; it is kept until the container is removed", {
        path,
        because: stderr.trim(),
      });
    }
  }
}
