// Owns what the API knows about ControllerRevision.
import type { ControllerRevision } from "../generated/types.ts";
import type { Descriptor } from "./descriptor.ts";

export const controllerRevision: Descriptor<ControllerRevision> = {
  group: "apps",
  version: "v1",
  kind: "ControllerRevision",
  resource: "controllerrevisions",
  singular: "controllerrevision",
  shortNames: [],
  categories: [],
  namespaced: true,
  storeFolder: "controllerrevisions",
  schema: "ControllerRevision",
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
