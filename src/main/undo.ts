// Owns taking a set-up back: its kubelet, its pods' processes, its files.
import { join } from "node:path";
import { endKubelets } from "../bootstrap/kubelet-process.ts";
import type { Layout } from "../bootstrap/layout.ts";
import type { Made } from "../bootstrap/made-files.ts";
import { removeEmptied, unmake } from "../bootstrap/unmake.ts";
import { createProcessRuntime } from "../runtime/process/process-runtime.ts";
import type { World } from "./world.ts";

/** Tells what it does, a line each. */
export async function undo(
  world: World,
  layout: Layout,
  made: Made,
  say: (line: string) => void,
): Promise<void> {
  const kubelets = await endKubelets(world, made.kubeletRoot);
  say(kubelets === 0 ? "no kubelet runs" : "the kubelet has ended");
  const pods = await endPods(world, made.kubeletRoot);
  say(`${pods} ${pods === 1 ? "pod has" : "pods have"} ended`);
  const { removed, kept } = await unmake(world.files, made, layout.record);
  for (const path of removed) say(`removed ${path}`);
  await world.files.remove(layout.record);
  await removeEmptied(world.files, made);
  for (const { folder, because } of kept)
    say(`kept ${folder}: it holds what no set-up made: ${because.join(", ")}`);
}

const graceMax = 10_000;

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
