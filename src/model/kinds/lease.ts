// Owns what the API knows about Lease.
import { ageOf } from "../duration.ts";
import { invalid, type FieldError } from "../field-error.ts";
import { checkNonNegative } from "../field-checks.ts";
import type { Lease } from "../generated/types.ts";
import type { Draft } from "../meta.ts";
import { ageColumn, column, nameColumn } from "./columns.ts";
import type { Descriptor } from "./descriptor.ts";

function validate({ spec }: Draft<Lease>): FieldError[] {
  const seconds = spec?.leaseDurationSeconds;
  return [
    ...(seconds !== undefined && seconds <= 0
      ? [invalid("spec.leaseDurationSeconds", seconds, "must be greater than 0")]
      : []),
    ...checkNonNegative("spec.leaseTransitions", spec?.leaseTransitions),
  ];
}

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
  validate,
  validateUpdate: () => [],
  columns: [nameColumn, column("Holder", "string", "Who holds the lease."), ageColumn],
  row: (lease, now) => [
    lease.metadata.name,
    lease.spec?.holderIdentity ?? "",
    ageOf(lease.metadata.creationTimestamp, now),
  ],
};
