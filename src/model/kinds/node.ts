// Owns what the API knows about Node.
import type { Node } from "../generated/types.ts";
import type { Descriptor } from "./descriptor.ts";

export const node: Descriptor<Node> = {
  group: "",
  version: "v1",
  kind: "Node",
  resource: "nodes",
  singular: "node",
  shortNames: ["no"],
  categories: [],
  namespaced: false,
  storeFolder: "minions",
  schema: "Node",
  hasStatus: true,
  hasGeneration: false,
  nameRule: "subdomain",
  fields: {},
  applyDefaults: () => undefined,
  validate: () => [],
  validateUpdate: () => [],
  columns: [],
  row: () => [],
};
