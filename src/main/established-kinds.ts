// Owns the work that an API server has with kinds of its own accord: definitions are established, and emptied before they go.
import { createInformers } from "../client/informer.ts";
import { createClient } from "../client/kube-client.ts";
import { startDefinitionController } from "../controllers/apiextensions/definition-controller.ts";
import type { Caller, Transport } from "../model/wire.ts";
import type { World } from "./world.ts";

/** The server to itself. */
export const serverCaller: Caller = {
  name: "system:apiserver",
  groups: ["system:masters", "system:authenticated"],
  agent: "kube-apiserver",
};

/** Several servers of one store may do it at once: each write is on condition that the definition is as it was seen. */
export function establishKinds(world: World, transport: Transport): { stop(): Promise<void> } {
  const { clock, random } = world;
  const log = world.log.with({ component: "apiextensions-controller" });
  const stopped = new AbortController();
  const informers = createInformers({ transport, clock, random, log });
  const { ended } = startDefinitionController({
    client: createClient(transport),
    informers,
    clock,
    log,
    signal: stopped.signal,
  });
  return {
    async stop() {
      stopped.abort();
      informers.stop();
      await ended;
    },
  };
}
