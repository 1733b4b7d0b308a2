// Owns what the API knows about Event.
import type { CoreEvent } from "../generated/types.ts";
import type { Descriptor } from "./descriptor.ts";

export const event: Descriptor<CoreEvent> = {
  group: "",
  version: "v1",
  kind: "Event",
  resource: "events",
  singular: "event",
  shortNames: ["ev"],
  categories: [],
  namespaced: true,
  storeFolder: "events",
  schema: "CoreEvent",
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
