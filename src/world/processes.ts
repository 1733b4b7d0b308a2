// Owns the port to the machine's processes.
import type { Readable, Writable } from "node:stream";
import type { Bytes, Instant, Millis } from "../lib/units.ts";

export interface SpawnRequest {
  readonly command: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string>>;
  readonly workingFolder?: string;
  /** Paths whose content is appended to; absent goes to /dev/null. */
  readonly stdout?: string;
  readonly stderr?: string;
}

/** A process that outlives us: its own session and process group, no pipes to us. */
export interface Spawned {
  readonly pid: number;
  /** Resolves when it ends, for as long as we live. */
  readonly ended: Promise<{ code: number } | { signal: string }>;
}

/** Names one process for ever: pids are reused, the start time (clock ticks since boot) tells them apart. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly started: number;
}

/** What the system knows of a process. */
export interface ProcessFacts extends ProcessIdentity {
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  /** Of its own and of the children it has waited for. */
  readonly cpu: Millis;
  readonly memory: Bytes;
}

export interface RunResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A process at whose other end we are, in its own session and process group. Its input and output are pipes. */
export interface Conversation {
  readonly pid: number;
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** What it writes to descriptor 3. */
  readonly notes: Readable;
  /** The exit code, 128 + signal number where a signal ended it. */
  readonly ended: Promise<number>;
  /** Lets go of the pipes. */
  close(): void;
}

export interface Processes {
  /** Starts a detached process; rejects with Node's `code` (ENOENT, EACCES) where it cannot. */
  spawn(request: SpawnRequest): Promise<Spawned>;
  /** Runs to the end, with bounded output (1 MiB each), killed (with its group) when the signal aborts. */
  run(
    command: readonly [string, ...string[]],
    options?: { env?: Record<string, string>; stdin?: string; signal?: AbortSignal; workingFolder?: string },
  ): Promise<RunResult>;
  /** Starts a process that we talk with; rejects as `spawn` does. Its pipes are made in the folder, and are gone from there when it resolves. */
  converse(
    command: readonly [string, ...string[]],
    options: { readonly env: Readonly<Record<string, string>>; readonly folder: string },
  ): Promise<Conversation>;
  /** The writing end of a named pipe, undefined where nobody reads it. */
  feed(path: string): Writable | undefined;
  /** The identity of a running process, "absent" where there is none or only a zombie. */
  identify(pid: number): Promise<ProcessIdentity | "absent">;
  /** Facts of every process but zombies; a process that ends meanwhile may be missing. */
  all(): Promise<readonly ProcessFacts[]>;
  /** The words it was started with; empty for a zombie, "absent" where there is none. */
  commandLine(pid: number): Promise<readonly string[] | "absent">;
  /** Living processes that were started with this variable in their environment, with what it held. Only those we may look into. */
  marked(variable: string): Promise<readonly { readonly pid: number; readonly value: string }[]>;
  /** Signals a process (or, with a negative pid, a group); false where there is none. */
  signal(pid: number, signal: NodeJS.Signals): boolean;
  /** When the machine booted; a process identity from before it is void. */
  bootId(): Promise<string>;
  readonly self: {
    readonly pid: number;
    readonly uid: number;
    readonly hostname: string;
    readonly now: () => Instant;
  };
}
