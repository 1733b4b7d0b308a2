// Owns the objects every cluster has from its first moment: its namespaces, and the priority classes of its own parts.
import type { Descriptor } from "../../model/kinds/descriptor.ts";
import { systemPriorities } from "../../model/pod/admission.ts";
import type { Target } from "../pipeline-route.ts";
import { Refusal } from "../status.ts";
import { createObject } from "./create.ts";
import { isNamespaces, isPriorityClasses, type Registry } from "./registry.ts";

/** Makes what is not there yet; what is there is left as it is. */
export async function createSystemObjects(registry: Registry): Promise<void> {
  for (const name of ["default", "kube-system", "kube-public", "kube-node-lease"])
    await create(registry, isNamespaces, {
      metadata: { name, labels: { "kubernetes.io/metadata.name": name } },
    });
  for (const [name, { value, description }] of systemPriorities)
    await create(registry, isPriorityClasses, { metadata: { name }, value, description });
}

interface SystemObject {
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
}

async function create(
  registry: Registry,
  isWanted: (kind: Descriptor) => boolean,
  body: SystemObject & Readonly<Record<string, unknown>>,
): Promise<void> {
  const kind = registry.kinds.find(isWanted);
  if (kind === undefined) return;
  const made = await createObject(registry, collectionOf(kind), body, {
    dryRun: false,
    fieldValidation: "Strict",
    manager: "kube-apiserver",
    force: false,
  });
  if (made instanceof Refusal && made.status.reason !== "AlreadyExists")
    throw new Error(
      `cannot create ${kind.singular} ${body.metadata.name}: ${made.status.message ?? "refused"}`,
    );
}

const collectionOf = (kind: Descriptor): Target => ({
  kind,
  namespace: undefined,
  name: undefined,
  subresource: undefined,
});
