// Owns what the API knows about Namespace.
import { ageOf } from "../duration.ts";
import type { Namespace } from "../generated/types.ts";
import type { Draft } from "../meta.ts";
import { ageColumn, column, nameColumn } from "./columns.ts";
import type { Descriptor } from "./descriptor.ts";

/** So that selectors can pick a namespace by its name. */
function labelWithName(draft: Draft<Namespace>): void {
  const { name } = draft.metadata;
  if (name === undefined || name === "") return;
  draft.metadata.labels = { ...draft.metadata.labels, "kubernetes.io/metadata.name": name };
}

export const namespace: Descriptor<Namespace> = {
  group: "",
  version: "v1",
  kind: "Namespace",
  resource: "namespaces",
  singular: "namespace",
  shortNames: ["ns"],
  categories: [],
  namespaced: false,
  storeFolder: "namespaces",
  schema: "Namespace",
  hasStatus: true,
  hasGeneration: false,
  nameRule: "label",
  fields: {
    name: (namespace) => namespace.metadata.name,
    "status.phase": (namespace) => namespace.status?.phase ?? "",
  },
  applyDefaults: (draft) => {
    labelWithName(draft);
    draft.status ??= {};
    draft.status.phase ||= "Active";
  },
  prepareCreate: (draft) => {
    labelWithName(draft);
    draft.status = { phase: "Active" };
    // The namespace controller takes it away once everything inside is gone.
    const finalizers = draft.spec?.finalizers ?? [];
    draft.spec = { finalizers: [...new Set([...finalizers, "kubernetes"])] };
  },
  validate: () => [],
  validateUpdate: () => [],
  columns: [nameColumn, column("Status", "string", "Active, or Terminating while it is emptied."), ageColumn],
  row: (namespace, now) => [
    namespace.metadata.name,
    namespace.status?.phase ?? "",
    ageOf(namespace.metadata.creationTimestamp, now),
  ],
};
