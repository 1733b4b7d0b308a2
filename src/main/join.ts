// Owns `everynode join`: this machine becomes a node of a cluster, known by a token at first and by a certificate from then on.
import { CannotBootstrap } from "../bootstrap/cannot.ts";
import { readMade } from "../bootstrap/made-files.ts";
import { planUnit } from "../bootstrap/plan-kubelet.ts";
import { runPhases } from "../bootstrap/phases.ts";
import { told } from "./bootstrap-refusal.ts";
import { holdKubelet } from "./hold-kubelet.ts";
import { beginJoin, type JoinCommand, type JoinMachine } from "./join-machine.ts";
import { joinPhases } from "./join-phases.ts";
import { listOf, planMachine } from "./machine-flags.ts";
import { undo } from "./undo.ts";
import { realWorld } from "./world.ts";

export async function runJoin(options: JoinCommand): Promise<void> {
  const { layout, nodeName, kubelet } = planMachine(options, options.nodeIp);
  if (options.printUnit === true) {
    process.stdout.write(planUnit(kubelet));
    return;
  }
  const world = realWorld(options.logLevel);
  const say = (line: string) => console.log(line);
  const machine = await told(beginJoin(world, { options, layout, nodeName, kubelet, say }));
  try {
    const choice = { skip: listOf(options.skipPhases), dryRun: options.dryRun === true };
    await told(undoneOnFailure(machine, runPhases(joinPhases(machine), choice, say)));
  } finally {
    await machine.close();
  }
  if (options.foreground === true && options.dryRun !== true) await holdKubelet(world, machine.service);
}

/** A machine that could not join is left as it was found. */
async function undoneOnFailure({ world, layout, isNew }: JoinMachine, work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (thrown) {
    const made = isNew ? await readMade(world.files, layout.record) : undefined;
    if (made !== undefined && made !== "unreadable")
      await undo(world, layout, made, (line) => world.log.info("taken back", { line }));
    if (thrown instanceof CannotBootstrap && made !== undefined)
      throw new CannotBootstrap(`${thrown.message}\nwhat was begun here is undone`);
    throw thrown;
  }
}
