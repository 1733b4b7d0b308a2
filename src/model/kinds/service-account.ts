// Owns what the API knows about ServiceAccount.
import { ageOf } from "../duration.ts";
import type { ServiceAccount } from "../generated/types.ts";
import type { Draft } from "../meta.ts";
import { ageColumn, column, nameColumn } from "./columns.ts";
import type { Descriptor } from "./descriptor.ts";

/** References to secrets carry a name and nothing else, as upstream stores them. */
function keepNamesOnly(draft: Draft<ServiceAccount>): void {
  if (draft.secrets !== undefined) draft.secrets = draft.secrets.map(({ name }) => ({ name }));
}

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
  prepareCreate: keepNamesOnly,
  prepareUpdate: keepNamesOnly,
  validate: () => [],
  validateUpdate: () => [],
  columns: [nameColumn, column("Secrets", "string", "How many secrets it names."), ageColumn],
  row: (account, now) => [
    account.metadata.name,
    (account.secrets ?? []).length,
    ageOf(account.metadata.creationTimestamp, now),
  ],
};
