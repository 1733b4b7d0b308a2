// Owns what the API knows about Lease.
import type { Lease } from "../generated/types.ts";
import type { Descriptor } from "./descriptor.ts";

export const lease: Descriptor<Lease> = {
  group: "coordination.k8s.io",
  version: "v1",
  kind: "Lease",
  resource: "leases",
  singular: "lease",
  shortNames: [],
  categories: [],
  namespaced: true,
  storeFolder: "leases",
  schema: "Lease",
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
