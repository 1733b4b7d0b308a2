// Owns `everynode reset`: what `init` or `join` made on this machine is undone, and nothing else.
import { resolve } from "node:path";
import { createInterface } from "node:readline/promises";
import { layoutOf } from "../bootstrap/layout.ts";
import { readMade, type Made } from "../bootstrap/made-files.ts";
import type { LogLevel } from "../world/log.ts";
import { told } from "./bootstrap-refusal.ts";
import { Refusal } from "./refusal.ts";
import { undo } from "./undo.ts";
import { realWorld } from "./world.ts";

export interface ResetCommand {
  readonly dataDir: string;
  readonly force?: boolean;
  readonly logLevel: LogLevel;
}

export async function runReset(options: ResetCommand): Promise<void> {
  const world = realWorld(options.logLevel);
  const layout = layoutOf(resolve(options.dataDir));
  const made = await readMade(world.files, layout.record);
  if (made === undefined) return console.log(`nothing to undo: no set-up was made in ${layout.dataDir}`);
  if (made === "unreadable")
    throw new Refusal(
      `cannot undo the set-up in ${layout.dataDir}: its record ${layout.record} cannot be read; take away by hand what is there`,
    );
  if (options.force !== true) await confirmed(made, layout.dataDir);
  await told(undo(world, layout, made, (line) => console.log(`[reset] ${line}`)));
  console.log(
    `[reset] done${made.by === "init" ? "" : `; the cluster may still list the node: kubectl delete node ${made.nodeName}`}`,
  );
}

async function confirmed(made: Made, dataDir: string): Promise<void> {
  const lost =
    made.by === "init" ? "its control plane with all objects of the cluster" : "its place in the cluster";
  if (!process.stdin.isTTY)
    throw new Refusal(
      `cannot undo the set-up in ${dataDir}: nobody is there to ask whether ${lost} and every pod on this machine may go; say so with --force`,
      2,
    );
  const asking = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await asking.question(
    `This ends every pod of node ${made.nodeName} and takes away ${lost}. Go on? [y/N] `,
  );
  asking.close();
  if (!/^y(es)?$/i.test(answer.trim()))
    throw new Refusal(`cannot undo the set-up in ${dataDir}: it was not agreed to; nothing was changed`);
}
