// Owns `everynode reset`: what `init` or `join` made on this machine is undone, and nothing else.
import { join, resolve } from "node:path";
import { createInterface } from "node:readline/promises";
import { endKubelets } from "../bootstrap/kubelet-process.ts";
import { layoutOf } from "../bootstrap/layout.ts";
import { readMade, type Made } from "../bootstrap/made-files.ts";
import { removeEmptied, unmake } from "../bootstrap/unmake.ts";
import { createProcessRuntime } from "../runtime/process/process-runtime.ts";
import type { LogLevel } from "../world/log.ts";
import { told } from "./bootstrap-refusal.ts";
import { Refusal } from "./refusal.ts";
import { realWorld, type World } from "./world.ts";

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
  const kubelets = await told(endKubelets(world, made.kubeletRoot));
  console.log(kubelets === 0 ? "[reset] no kubelet runs" : "[reset] the kubelet has ended");
  const pods = await endPods(world, made.kubeletRoot);
  console.log(`[reset] ${pods} ${pods === 1 ? "pod has" : "pods have"} ended`);
  const { removed, kept } = await unmake(world.files, made, layout.record);
  for (const path of removed) console.log(`[reset] removed ${path}`);
  await world.files.remove(layout.record);
  await removeEmptied(world.files, made);
  for (const { folder, because } of kept)
    console.log(`[reset] kept ${folder}: it holds what no set-up made: ${because.join(", ")}`);
  console.log(
    `[reset] done; node ${made.nodeName} may still be listed: kubectl delete node ${made.nodeName}`,
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
  if (!/^y(es)?$/i.test(answer.trim())) throw new Refusal("nothing was changed");
}

/** Ends every pod of the node as a kubelet would, and tells how many there were. */
async function endPods(world: World, kubeletRoot: string): Promise<number> {
  const folder = join(kubeletRoot, "runtime");
  if ((await world.files.facts(folder)) === undefined) return 0;
  const runtime = await createProcessRuntime({ ...world, folder });
  try {
    const containers = await runtime.listContainers();
    const running = containers.filter(({ state }) => state === "running");
    await Promise.all(running.map(({ id }) => runtime.stopContainer(id, graceMax)));
    const sandboxes = await runtime.listPodSandboxes();
    for (const { id } of sandboxes) {
      await runtime.stopPodSandbox(id);
      await runtime.removePodSandbox(id);
    }
    return sandboxes.length;
  } finally {
    await runtime.close();
  }
}

const graceMax = 10_000;
