// Owns what the API knows about DaemonSet.
import type { DaemonSet } from "../generated/types.ts";
import type { Descriptor } from "./descriptor.ts";

export const daemonSet: Descriptor<DaemonSet> = {
  group: "apps",
  version: "v1",
  kind: "DaemonSet",
  resource: "daemonsets",
  singular: "daemonset",
  shortNames: ["ds"],
  categories: ["all"],
  namespaced: true,
  storeFolder: "daemonsets",
  schema: "DaemonSet",
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
