// Owns `everynode ps`: the containers of a node from what its runtime keeps, with no kubelet and no API server.
import { psTable } from "../cli/ps.ts";
import { containersUnder } from "./node-folders.ts";
import { realWorld } from "./world.ts";

export interface PsCommand {
  readonly rootDir?: string;
  readonly all?: boolean;
  readonly quiet?: boolean;
  readonly trunc: boolean;
}

export async function runPs(options: PsCommand): Promise<void> {
  const world = realWorld("warn");
  const found = (await containersUnder(world, options.rootDir)).map(({ node, containers }) => ({
    node,
    containers: containers.filter(({ state }) => options.all === true || state.is === "running"),
  }));
  if (options.quiet === true) {
    for (const { containers } of found) for (const { id } of containers) console.log(id);
    return;
  }
  console.log(psTable(found, { now: world.clock.now(), whole: !options.trunc }));
}
