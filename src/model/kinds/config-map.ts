// Owns what the API knows about ConfigMap.
import type { ConfigMap } from "../generated/types.ts";
import type { Descriptor } from "./descriptor.ts";

export const configMap: Descriptor<ConfigMap> = {
  group: "",
  version: "v1",
  kind: "ConfigMap",
  resource: "configmaps",
  singular: "configmap",
  shortNames: ["cm"],
  categories: [],
  namespaced: true,
  storeFolder: "configmaps",
  schema: "ConfigMap",
  hasStatus: false,
  hasGeneration: false,
  nameRule: "subdomain",
  fields: {},
  applyDefaults: () => undefined,
  validate: () => [],
  validateUpdate: () => [],
  columns: [],
  row: () => [],
};
