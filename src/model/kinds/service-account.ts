// Owns what the API knows about ServiceAccount.
import type { ServiceAccount } from "../generated/types.ts";
import type { Descriptor } from "./descriptor.ts";

export const serviceAccount: Descriptor<ServiceAccount> = {
  group: "",
  version: "v1",
  kind: "ServiceAccount",
  resource: "serviceaccounts",
  singular: "serviceaccount",
  shortNames: ["sa"],
  categories: [],
  namespaced: true,
  storeFolder: "serviceaccounts",
  schema: "ServiceAccount",
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
