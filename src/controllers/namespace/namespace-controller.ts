// Owns the end of a namespace: everything in it goes first, then it.
import { followCustomKinds } from "../../client/custom-kinds.ts";
import { listPage, pageLimit } from "../../client/kube-client.ts";
import { answerOf } from "../../client/refusal.ts";
import { collectionPath, objectPath } from "../../client/resource-path.ts";
import { createWorkQueue } from "../../client/work-queue.ts";
import { deepEqual } from "../../lib/json.ts";
import { seconds } from "../../lib/units.ts";
import type { Namespace } from "../../model/generated/types.ts";
import type { Descriptor } from "../../model/kinds/descriptor.ts";
import { namespace as namespaceKind } from "../../model/kinds/namespace.ts";
import type { KubeObject } from "../../model/meta.ts";
import { runController, unlessRefused, type ControllerPorts, type Running } from "../run-controller.ts";
import { isOurs, planNamespace, type NamespaceAction, type Remaining } from "./plan-namespace.ts";

export interface NamespaceOptions extends ControllerPorts {
  /** Every kind built in; those without namespaces are left out. */
  readonly kinds: readonly Descriptor[];
}

/** Content ends in its own time (pods have grace); this is how often it is looked at. */
const lookAgain = seconds(1);

export function startNamespaceController(options: NamespaceOptions): Running {
  const { informers, clock, log } = options;
  const queue = createWorkQueue({ clock, log });
  const namespaces = informers.of(namespaceKind);
  const custom = followCustomKinds(informers);

  namespaces.onChange((change) => {
    if (change.is !== "removed" && isOurs(change.object)) queue.add(change.object.metadata.name);
  });

  return runController(
    {
      name: "namespace",
      queue,
      informers: [namespaces, custom.informer],
      workers: 2,
      async sync(name) {
        const namespace = namespaces.get(name);
        if (namespace === undefined || !isOurs(namespace)) return;
        const remaining: Remaining[] = [];
        const content = [...options.kinds, ...custom.list()].filter((kind) => kind.namespaced);
        for (const kind of content) remaining.push(await empty(options, kind, name));
        const action = planNamespace(namespace, remaining, clock.now());
        await perform(options, namespace, action);
        if (action.do === "wait") queue.addAfter(name, lookAgain);
      },
    },
    options,
  );
}

const nameOf = (kind: Descriptor): string =>
  kind.group === "" ? kind.resource : `${kind.resource}.${kind.group}`;

/** Asks all of one kind to go, and counts what stays for now. */
async function empty(options: NamespaceOptions, kind: Descriptor, namespace: string): Promise<Remaining> {
  const resource = nameOf(kind);
  // Most kinds have nothing in a namespace, and asking is cheaper than deleting.
  if ((await someOf(options, kind, namespace)).length === 0) return { resource, count: 0, finalizers: [] };
  const body = { apiVersion: "v1", kind: "DeleteOptions", propagationPolicy: "Background" };
  const path = collectionPath(kind, namespace);
  const answer = answerOf<unknown>(await options.client.transport.request({ method: "DELETE", path, body }));
  unlessRefused(answer, `delete the ${resource} in namespace ${namespace}`);
  const left = await someOf(options, kind, namespace);
  const finalizers = left.flatMap((object) => object.metadata.finalizers ?? []);
  return { resource, count: left.length, finalizers };
}

/** The first page is enough to know whether something is left. */
async function someOf(
  { client }: NamespaceOptions,
  kind: Descriptor,
  namespace: string,
): Promise<readonly KubeObject[]> {
  const page = await listPage(client.transport, kind, { namespace, limit: pageLimit });
  if (page.is === "page") return page.items;
  throw new Error(
    `cannot list ${nameOf(kind)} in namespace ${namespace}: ${page.status.message ?? "refused"}`,
  );
}

async function perform(
  { client }: NamespaceOptions,
  namespace: Namespace,
  action: NamespaceAction,
): Promise<void> {
  const { name } = namespace.metadata;
  if (action.do === "finalize") {
    const body = { ...namespace, spec: { ...namespace.spec, finalizers: action.finalizers } };
    const path = objectPath(namespaceKind, { name }, "finalize");
    const answer = answerOf<Namespace>(await client.transport.request({ method: "PUT", path, body }));
    unlessRefused(answer, `finalize namespace ${name}`);
  } else if (!deepEqual(action.conditions, namespace.status?.conditions)) {
    const patch = { status: { conditions: action.conditions } };
    const answer = await client.of(namespaceKind).patch({ name }, "merge", patch, "status");
    unlessRefused(answer, `report on namespace ${name}`);
  }
}
