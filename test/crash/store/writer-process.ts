// Owns a writer in a process of its own, from its start to its violent end.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { buildSync } from "esbuild";

export interface WriterProcess {
  readonly pid: number;
  readonly lines: readonly string[];
  /** What it, and lmdb in it, said on stderr. */
  readonly errors: readonly string[];
  /** Resolves when so many lines were said, or the process has ended. */
  said(count: number): Promise<void>;
  /** Kills it with no chance to tidy up; resolves when all it said is in `lines`. */
  kill(): Promise<void>;
  readonly ended: Promise<void>;
}

/** Built once: what is started hundreds of times should not be translated each time. */
const program = join(
  mkdtempSync(join(fileURLToPath(new URL("../../../dist/", import.meta.url)), "crash-")),
  "writer.mjs",
);
buildSync({
  entryPoints: [fileURLToPath(new URL("./writer.ts", import.meta.url))],
  outfile: program,
  bundle: true,
  platform: "node",
  format: "esm",
  packages: "external",
  logLevel: "warning",
});
process.once("exit", () => rmSync(dirname(program), { recursive: true, force: true }));

export function startWriter(
  folder: string,
  clients: number,
  manner: "plain" | "compacting" | "patient" = "plain",
): WriterProcess {
  const child: ChildProcess = spawn(process.execPath, [program, folder, String(clients), manner], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const { pid, stdout, stderr } = child;
  if (pid === undefined || stdout === null || stderr === null) throw new Error("the writer did not start");
  const lines: string[] = [];
  let heard = (): void => undefined;
  let over = false;
  createInterface({ input: stdout }).on("line", (line) => {
    lines.push(line);
    heard();
  });
  const errors: string[] = [];
  createInterface({ input: stderr }).on("line", (line) => {
    errors.push(line);
    console.error(line);
  });
  const ended = new Promise<void>((resolve) => {
    child.once("close", () => {
      over = true;
      heard();
      resolve();
    });
  });
  return {
    pid,
    lines,
    errors,
    async said(count) {
      while (lines.length < count && !over)
        await new Promise<void>((resolve) => {
          heard = resolve;
        });
    },
    kill() {
      child.kill("SIGKILL");
      return ended;
    },
    ended,
  };
}

/** A folder that is gone when the test is over. */
export function temporaryFolder(): { readonly path: string; [Symbol.dispose](): void } {
  const path = mkdtempSync(join(tmpdir(), "everynode-crash-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}
