// Owns what the API knows about CustomResourceDefinition.
import { deepEqual } from "../../../lib/json.ts";
import type { Instant } from "../../../lib/units.ts";
import type { CustomResourceDefinition } from "../../generated/types.ts";
import type { Draft } from "../../meta.ts";
import { formatTime } from "../../time.ts";
import type { Descriptor } from "../descriptor.ts";
import { validateDefinition } from "./validate-definition.ts";
import { validateDefinitionUpdate } from "./validate-definition-update.ts";

/** Keeps a definition until the objects of its kind are gone. */
export const cleanupFinalizer = "customresourcecleanup.apiextensions.k8s.io";

type DraftDefinition = Draft<CustomResourceDefinition>;
type Condition = NonNullable<NonNullable<CustomResourceDefinition["status"]>["conditions"]>[number];

function applyDefaults({ spec }: DraftDefinition): void {
  // Required, and checked only later.
  if ((spec as unknown) === undefined) return;
  const { names } = spec;
  if ((names as unknown) !== undefined && (names.kind as unknown) !== undefined) {
    if ((names.singular ?? "") === "") names.singular = names.kind.toLowerCase();
    if ((names.listKind ?? "") === "") names.listKind = `${names.kind}List`;
  }
  spec.conversion ??= { strategy: "None" };
  if (spec.preserveUnknownFields === false) delete spec.preserveUnknownFields;
}

/** Every version that objects were ever stored in; whoever has rewritten them all takes one off. */
function storedVersions(draft: DraftDefinition, known: readonly string[]): string[] {
  const versions = (draft.spec as Partial<typeof draft.spec> | undefined)?.versions ?? [];
  const storage = versions.filter(({ storage: is }) => is).map(({ name }) => name);
  return [...known, ...storage.filter((name) => !known.includes(name))];
}

/** The conditions with one more, or another in its place. */
export function withCondition(
  conditions: readonly Condition[],
  next: Omit<Condition, "lastTransitionTime">,
  now: Instant,
): Condition[] {
  const before = conditions.find(({ type }) => type === next.type);
  const since = before?.status === next.status ? before.lastTransitionTime : undefined;
  const made: Condition = { lastTransitionTime: since ?? formatTime(now), ...next };
  if (before === undefined) return [...conditions, made];
  return conditions.map((one) => (one === before && !deepEqual(one, made) ? made : one));
}

function prepareDelete(draft: DraftDefinition, now: Instant): void {
  const { metadata, status } = draft;
  if (metadata.deletionTimestamp !== undefined) return;
  const finalizers = metadata.finalizers ?? [];
  if (!finalizers.includes(cleanupFinalizer)) metadata.finalizers = [...finalizers, cleanupFinalizer];
  const terminating = {
    type: "Terminating",
    status: "True",
    reason: "InstanceDeletionPending",
    message: "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon",
  };
  draft.status = { ...status, conditions: withCondition(status?.conditions ?? [], terminating, now) };
}

export const customResourceDefinition: Descriptor<CustomResourceDefinition> = {
  group: "apiextensions.k8s.io",
  version: "v1",
  kind: "CustomResourceDefinition",
  resource: "customresourcedefinitions",
  singular: "customresourcedefinition",
  shortNames: ["crd", "crds"],
  categories: ["api-extensions"],
  namespaced: false,
  storeFolder: "apiextensions.k8s.io/customresourcedefinitions",
  schema: "CustomResourceDefinition",
  hasStatus: true,
  hasGeneration: true,
  nameRule: "subdomain",
  fields: {},
  applyDefaults,
  prepareCreate: (draft) => {
    draft.status = { storedVersions: storedVersions(draft, []) };
  },
  prepareUpdate: (draft, old) => {
    draft.status = {
      ...old.status,
      storedVersions: storedVersions(draft, old.status?.storedVersions ?? []),
    };
  },
  prepareDelete,
  validate: validateDefinition,
  validateUpdate: validateDefinitionUpdate,
  // As upstream, the columns of a kind without any.
  columns: [],
  row: () => [],
};
