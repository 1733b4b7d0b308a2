// Owns running a command beside a container's own to its end: collected, or with somebody at the other end.
import type { Readable, Writable } from "node:stream";
import type { Millis } from "../../lib/units.ts";
import type { Clock } from "../../world/clock.ts";
import type { Files } from "../../world/files.ts";
import type { Conversation, Processes } from "../../world/processes.ts";
import type { ExecRequest, ExecResult, WindowSize } from "../runtime.ts";
import { execWords, type ExecPlace, terminalOf } from "./exec-words.ts";

/** Everything a command beside a container's own needs to know of it. */
export interface ContainerPlace extends ExecPlace {
  readonly processes: Processes;
  readonly files: Files;
  readonly clock: Clock;
  readonly env: Record<string, string>;
  readonly id: string;
  /** The runtime's folder. */
  readonly folder: string;
  /** The container's. */
  readonly home: string;
}

/** Runs to the end, or until the time (0 is none) is over: then it is killed with all of its process group. */
export async function execIn(
  exec: ContainerPlace,
  command: readonly string[],
  timeout: Millis,
): Promise<ExecResult | "timeout"> {
  const stop = new AbortController();
  const cancel = timeout > 0 ? exec.clock.after(timeout, () => stop.abort()) : () => undefined;
  try {
    const { code, stdout, stderr } = await exec.processes.run(execWords(exec, command), {
      env: exec.env,
      signal: stop.signal,
    });
    return { exitCode: code, stdout, stderr };
  } catch (thrown) {
    if (stop.signal.aborted) return "timeout";
    throw thrown;
  } finally {
    cancel();
  }
}

/** In the environment of all that one command starts, and of nothing else. */
const markExec = "EVERYNODE_EXEC";
/** How long the first size of a window is awaited, so that the command sees it from its first moment. */
const sizeMax: Millis = 250;
/** How long a command that was hung up on may take to end. */
const hangUpMax: Millis = 5000;
/** How long output is awaited after the end of a command whose own children keep it open. */
const quietMax: Millis = 500;
let count = 0;

/** Runs to the end with somebody at the other end; a command left alone is hung up on, then killed. */
export async function execWith(exec: ContainerPlace, request: ExecRequest): Promise<{ exitCode: number }> {
  const sizes = new Sizes(request.onSize);
  const size = request.tty ? await sizes.first(exec.clock) : undefined;
  const terminal = request.tty ? terminalOf(exec.abilities, size) : undefined;
  count += 1;
  const mark = `${exec.id}/${exec.processes.self.pid}/${count}`;
  const env = { ...(request.tty ? { TERM: "xterm" } : {}), ...exec.env, [markExec]: mark };
  const talk = await exec.processes.converse(execWords(exec, request.command, terminal), {
    env,
    folder: `${exec.folder}/pipes`,
  });
  if (terminal !== undefined) resizing(exec, talk, { sizes, stty: terminal.stty });
  feed(request.stdin, talk.stdin);
  const output = [
    new Outflow(talk.stdout, request.stdout),
    new Outflow(talk.stderr, request.tty ? request.stdout : request.stderr),
  ];
  const hangUp = (): void => endAlone(exec, talk, mark);
  if (request.signal.aborted) hangUp();
  request.signal.addEventListener("abort", hangUp, { once: true });
  try {
    const exitCode = await talk.ended;
    await Promise.all(output.map((flow) => flow.over(exec.clock)));
    return { exitCode };
  } finally {
    request.signal.removeEventListener("abort", hangUp);
    talk.close();
  }
}

function feed(from: Readable | undefined, to: Writable): void {
  if (from === undefined) return void to.end();
  // A command that reads no more: what still comes is taken and dropped, so that the rest of the connection goes on.
  to.once("close", () => {
    from.unpipe(to);
    from.resume();
  });
  from.pipe(to);
}

/** What it has started goes with it: whoever still carries its mark after a while is killed. */
function endAlone({ processes, clock }: ContainerPlace, talk: Conversation, mark: string): void {
  processes.signal(-talk.pid, "SIGHUP");
  clock.after(hangUpMax, () => {
    void processes.marked(markExec).then((found) => {
      for (const { pid, value } of found) if (value === mark) processes.signal(pid, "SIGKILL");
    });
  });
}

/** One of a command's outputs on its way. */
class Outflow {
  private readonly from: Readable;
  private ended = false;
  private waits = false;
  private seen = 0;

  constructor(from: Readable, to: Writable | undefined) {
    this.from = from;
    const done = (): void => {
      this.ended = true;
    };
    from.once("end", done);
    from.once("close", done);
    const goOn = (): void => {
      this.waits = false;
      from.resume();
    };
    to?.on("drain", goOn);
    to?.once("close", goOn);
    from.on("data", (bytes: Uint8Array) => {
      this.seen += 1;
      if (to === undefined || to.destroyed || to.write(bytes)) return;
      this.waits = true;
      from.pause();
    });
  }

  /** Resolves when all has been handed on; what nobody has written for a while after the command's end is not awaited. */
  over(clock: Clock): Promise<void> {
    return new Promise((resolve) => {
      let before = -1;
      const look = (): void => {
        const isQuiet = this.seen === before && !this.waits;
        if (this.ended || isQuiet) return resolve();
        before = this.seen;
        cancel = clock.after(quietMax, look);
      };
      let cancel: () => void = () => undefined;
      const end = (): void => {
        cancel();
        resolve();
      };
      this.from.once("end", end);
      this.from.once("close", end);
      look();
    });
  }
}

/** The latest size of the window at the other end. */
export class Sizes {
  private latest: WindowSize | undefined;
  private told: (size: WindowSize) => void = () => undefined;

  constructor(onSize: ExecRequest["onSize"]) {
    onSize((size) => {
      this.latest = size;
      this.told(size);
    });
  }

  first(clock: Clock): Promise<WindowSize | undefined> {
    return new Promise((resolve) => {
      if (this.latest !== undefined) return resolve(this.latest);
      const cancel = clock.after(sizeMax, () => resolve(undefined));
      this.told = (size) => {
        cancel();
        resolve(size);
      };
    });
  }

  follow(told: (size: WindowSize) => void): void {
    this.told = told;
    if (this.latest !== undefined) told(this.latest);
  }
}

interface Resizing {
  readonly sizes: Sizes;
  readonly stty: string;
}

/** The terminal's name comes first on the third descriptor. */
function resizing({ processes }: ContainerPlace, talk: Conversation, { sizes, stty }: Resizing): void {
  let text = "";
  talk.notes.on("data", (bytes: Buffer) => {
    text += bytes.toString("latin1");
    const end = text.indexOf("\n");
    if (end < 0) return;
    const path = text.slice(0, end);
    talk.notes.destroy();
    if (/^\/dev\/pts\/\d+$/.test(path)) followSizes(processes, sizes, { stty, path });
  });
}

/** One change at a time, and of those that come meanwhile only the last. */
export function followSizes(
  processes: Processes,
  sizes: Sizes,
  { stty, path }: { readonly stty: string; readonly path: string },
): void {
  let next: WindowSize | undefined;
  let busy = false;
  const work = async (): Promise<void> => {
    busy = true;
    for (let size = next; size !== undefined; size = next) {
      next = undefined;
      // A terminal that is gone needs no size.
      await processes
        .run([stty, "-F", path, "cols", String(size.columns), "rows", String(size.rows)])
        .catch(() => undefined);
    }
    busy = false;
  };
  sizes.follow((size) => {
    next = size;
    if (!busy) void work();
  });
}
