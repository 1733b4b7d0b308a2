// Owns what the API knows about Pod.
import type { Pod } from "../generated/types.ts";
import type { Descriptor } from "./descriptor.ts";

export const pod: Descriptor<Pod> = {
  group: "",
  version: "v1",
  kind: "Pod",
  resource: "pods",
  singular: "pod",
  shortNames: ["po"],
  categories: ["all"],
  namespaced: true,
  storeFolder: "pods",
  schema: "Pod",
  hasStatus: true,
  hasGeneration: true,
  nameRule: "subdomain",
  fields: {},
  applyDefaults: () => undefined,
  validate: () => [],
  validateUpdate: () => [],
  columns: [],
  row: () => [],
};
