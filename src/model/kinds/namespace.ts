// Owns what the API knows about Namespace.
import type { Namespace } from "../generated/types.ts";
import type { Descriptor } from "./descriptor.ts";

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
  fields: {},
  applyDefaults: () => undefined,
  validate: () => [],
  validateUpdate: () => [],
  columns: [],
  row: () => [],
};
