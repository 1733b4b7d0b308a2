// Owns processes that we talk with: their input and output are pipes, as a shell would give them, not the sockets Node would.
import { spawn } from "node:child_process";
import { closeSync, constants, openSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { Socket } from "node:net";
import { constants as osConstants } from "node:os";
import { join } from "node:path";
import type { Conversation, Processes } from "./processes.ts";

const { O_RDONLY, O_WRONLY, O_RDWR, O_NONBLOCK } = constants;
const pipeMaker = "mkfifo";
const names = ["in", "out", "err", "note"] as const;

interface Ends {
  readonly ours: number;
  readonly theirs: number;
}

/** Ours never blocks, theirs does, as programs expect. */
function openEnds(path: string, weWrite: boolean): Ends {
  if (!weWrite) {
    const ours = openSync(path, O_RDONLY | O_NONBLOCK);
    return { ours, theirs: openSync(path, O_WRONLY) };
  }
  // Opening either end alone would wait for the other.
  const both = openSync(path, O_RDWR | O_NONBLOCK);
  const theirs = openSync(path, O_RDONLY);
  const ours = openSync(path, O_WRONLY | O_NONBLOCK);
  closeSync(both);
  return { ours, theirs };
}

const makePipes = (folder: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const making = spawn(pipeMaker, ["-m", "0600", ...names.map((name) => join(folder, name))], {
      stdio: "ignore",
    });
    making.once("error", reject);
    making.once("exit", (code) =>
      code === 0
        ? resolve()
        : reject(new Error(`cannot make pipes in ${folder}: ${pipeMaker} ended with ${code}`)),
    );
  });

async function pipesIn(folder: string): Promise<readonly Ends[]> {
  await mkdir(folder, { recursive: true });
  const made = await mkdtemp(join(folder, "pipes-"));
  const opened: Ends[] = [];
  try {
    await makePipes(made);
    for (const name of names) opened.push(openEnds(join(made, name), name === "in"));
    return opened;
  } catch (thrown) {
    for (const { ours, theirs } of opened) for (const end of [ours, theirs]) closeSync(end);
    throw thrown;
  } finally {
    await rm(made, { recursive: true, force: true });
  }
}

function socketOf(fd: number, way: "read" | "write"): Socket {
  const socket = new Socket({ fd, readable: way === "read", writable: way === "write" });
  socket.on("error", () => undefined);
  return socket;
}

/** Opens the writing end of a pipe that is kept somewhere; undefined where nobody reads it. */
export const feedPipe: Processes["feed"] = (path) => {
  try {
    return socketOf(openSync(path, O_WRONLY | O_NONBLOCK), "write");
  } catch (thrown) {
    const code = thrown instanceof Error && "code" in thrown ? thrown.code : undefined;
    if (code === "ENXIO" || code === "ENOENT") return undefined;
    throw thrown;
  }
};

export const converse: Processes["converse"] = async ([program, ...args], { env, folder }) => {
  const [input, output, errors, notes] = await pipesIn(folder);
  if (input === undefined || output === undefined || errors === undefined || notes === undefined)
    throw new Error("cannot make pipes: some are missing");
  const all = [input, output, errors, notes];
  const child = spawn(program, args, {
    env: { ...env },
    detached: true,
    stdio: all.map(({ theirs }) => theirs),
  });
  for (const { theirs } of all) closeSync(theirs);
  const ended = new Promise<number>((resolve) => {
    child.once("exit", (code, signal) =>
      resolve(code ?? 128 + (signal === null ? 9 : osConstants.signals[signal])),
    );
  });
  await new Promise<void>((resolve, reject) => {
    child.once("spawn", resolve);
    child.once("error", (thrown) => {
      for (const { ours } of all) closeSync(ours);
      reject(thrown);
    });
  });
  const stdin = socketOf(input.ours, "write");
  const reading = [output, errors, notes].map(({ ours }) => socketOf(ours, "read"));
  const [stdout, stderr, told] = reading;
  if (stdout === undefined || stderr === undefined || told === undefined)
    throw new Error("cannot read pipes: some are missing");
  const talk: Conversation = {
    pid: child.pid ?? 0,
    stdin,
    stdout,
    stderr,
    notes: told,
    ended,
    close: () => [stdin, ...reading].forEach((socket) => socket.destroy()),
  };
  return talk;
};
