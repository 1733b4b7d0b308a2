// Owns what the API knows about Secret.
import type { Secret } from "../generated/types.ts";
import type { Descriptor } from "./descriptor.ts";

export const secret: Descriptor<Secret> = {
  group: "",
  version: "v1",
  kind: "Secret",
  resource: "secrets",
  singular: "secret",
  shortNames: [],
  categories: [],
  namespaced: true,
  storeFolder: "secrets",
  schema: "Secret",
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
