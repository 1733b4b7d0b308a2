// Owns `everynode init`: this machine becomes a cluster's first, its control plane static pods of its own kubelet.
import { planUnit } from "../bootstrap/plan-kubelet.ts";
import { runPhases } from "../bootstrap/phases.ts";
import { told } from "./bootstrap-refusal.ts";
import { holdKubelet } from "./hold-kubelet.ts";
import { beginInit, type InitCommand } from "./init-machine.ts";
import { initPhases } from "./init-phases.ts";
import { listOf, planMachine } from "./machine-flags.ts";
import { realWorld } from "./world.ts";

export async function runInit(options: InitCommand): Promise<void> {
  const { layout, nodeName, kubelet } = planMachine(options, options.advertiseAddress);
  if (options.printUnit === true) {
    process.stdout.write(planUnit(kubelet));
    return;
  }
  const world = realWorld(options.logLevel);
  const say = (line: string) => console.log(line);
  const machine = await told(beginInit(world, { options, layout, nodeName, kubelet, say }));
  try {
    const choice = { skip: listOf(options.skipPhases), dryRun: options.dryRun === true };
    await told(runPhases(initPhases(machine), choice, say));
  } finally {
    await machine.close();
  }
  if (options.foreground === true && options.dryRun !== true) await holdKubelet(world, machine.service);
}
