// Owns CustomResourceDefinitions on their way: accepting their names, establishing them, emptying what is deleted.
import { answerOf } from "../../client/refusal.ts";
import { collectionPath } from "../../client/resource-path.ts";
import { listPage, pageLimit } from "../../client/kube-client.ts";
import { createWorkQueue } from "../../client/work-queue.ts";
import { seconds } from "../../lib/units.ts";
import { customKindsOf } from "../../model/custom/custom-kind.ts";
import type { CustomResourceDefinition } from "../../model/generated/types.ts";
import type { Descriptor } from "../../model/kinds/descriptor.ts";
import {
  cleanupFinalizer,
  customResourceDefinition as definitionKind,
  withCondition,
} from "../../model/kinds/custom-resource-definition/custom-resource-definition.ts";
import { runController, unlessRefused, type ControllerPorts, type Running } from "../run-controller.ts";
import { planDefinition } from "./plan-definition.ts";

/** Objects end in their own time, by their finalizers; this is how often it is looked at. */
const lookAgain = seconds(1);

type Ports = Pick<ControllerPorts, "client" | "informers" | "clock" | "log" | "signal">;

export function startDefinitionController(options: Ports): Running {
  const { informers, clock, log } = options;
  const queue = createWorkQueue({ clock, log });
  const byGroup = { group: ({ spec }: CustomResourceDefinition) => [spec.group] };
  const definitions = informers.of(definitionKind, { indexes: byGroup });
  definitions.onChange((change) => {
    const { name } = change.object.metadata;
    if (change.is !== "removed") queue.add(name);
    // Names that are free now may be what another waits for.
    for (const other of definitions.byIndex("group", change.object.spec.group))
      if (other.metadata.name !== name) queue.add(other.metadata.name);
  });
  return runController(
    {
      name: "apiextensions",
      queue,
      informers: [definitions],
      // One at a time: two of a group would take each other's names.
      workers: 1,
      async sync(name) {
        const definition = definitions.get(name);
        if (definition === undefined) return;
        const others = [...definitions.byIndex("group", definition.spec.group)].filter(
          (other) => other.metadata.name !== name,
        );
        const action = planDefinition(definition, others, clock.now());
        if (action.do === "put-status") await putStatus(options, { ...definition, status: action.status });
        else if (action.do === "clean-up" && (await cleanUp(options, definition)) === "waiting")
          queue.addAfter(name, lookAgain);
      },
    },
    options,
  );
}

/** To the copy as it was seen; undefined where another state, which brings the key back, or nothing is there now. */
async function putStatus(
  { client }: Ports,
  definition: CustomResourceDefinition,
): Promise<CustomResourceDefinition | undefined> {
  const answer = await client.of(definitionKind).updateStatus(definition);
  unlessRefused(answer, `write the status of ${definition.metadata.name}`);
  return answer.is === "ok" ? answer.object : undefined;
}

async function cleanUp(options: Ports, definition: CustomResourceDefinition): Promise<"done" | "waiting"> {
  const { client, clock } = options;
  const kinds = customKindsOf(definition);
  // As they are stored, where that is served: then no webhook has to be there still.
  const kind = kinds?.served.find(({ version }) => version === kinds.stored.version) ?? kinds?.served[0];
  if (kind !== undefined && (await empty(options, kind)) > 0) return "waiting";
  const terminating = {
    type: "Terminating",
    status: "False",
    reason: "InstanceDeletionCompleted",
    message: "removed all instances",
  };
  const conditions = withCondition(definition.status?.conditions ?? [], terminating, clock.now());
  const told = await putStatus(options, { ...definition, status: { ...definition.status, conditions } });
  if (told === undefined) return "done";
  const { name, uid, resourceVersion } = told.metadata;
  const finalizers = (told.metadata.finalizers ?? []).filter((one) => one !== cleanupFinalizer);
  // Others may do the same at the same time, and take finalizers of their own away.
  const patch = {
    metadata: { uid, resourceVersion, finalizers: finalizers.length === 0 ? null : finalizers },
  };
  const answer = await client.of(definitionKind).patch({ name }, "merge", patch);
  unlessRefused(answer, `let go of ${name}`);
  return "done";
}

/** Asks every object to go; how many stay for now. */
async function empty({ client }: Ports, kind: Descriptor): Promise<number> {
  const namespaces = new Set((await someOf(client, kind)).map(({ metadata }) => metadata.namespace));
  const body = { apiVersion: "v1", kind: "DeleteOptions", propagationPolicy: "Background" };
  for (const namespace of namespaces) {
    const path = collectionPath(kind, namespace);
    const answer = answerOf<unknown>(await client.transport.request({ method: "DELETE", path, body }));
    unlessRefused(answer, `delete the ${kind.resource}.${kind.group}`);
  }
  return namespaces.size === 0 ? 0 : (await someOf(client, kind)).length;
}

/** The first page is enough to know whether something is left. */
async function someOf({ transport }: Ports["client"], kind: Descriptor) {
  const page = await listPage(transport, kind, { limit: pageLimit });
  if (page.is === "page") return page.items;
  throw new Error(`cannot list ${kind.resource}.${kind.group}: ${page.status.message ?? "refused"}`);
}
