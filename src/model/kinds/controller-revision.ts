// Owns what the API knows about ControllerRevision.
import { ageOf } from "../duration.ts";
import { required, type FieldError } from "../field-error.ts";
import { checkImmutable, checkNonNegative } from "../field-checks.ts";
import type { ControllerRevision } from "../generated/types.ts";
import type { Draft } from "../meta.ts";
import { controllerOf } from "../owner.ts";
import { ageColumn, column, nameColumn } from "./columns.ts";
import type { Descriptor } from "./descriptor.ts";

function validate(draft: Draft<ControllerRevision>): FieldError[] {
  return [
    ...(draft.data === undefined || draft.data === null ? [required("data", "data is mandatory")] : []),
    ...checkNonNegative("revision", draft.revision),
  ];
}

/** `daemonset.apps/rng` */
function controllerText(revision: ControllerRevision): string {
  const owner = controllerOf(revision);
  if (owner === undefined) return "<none>";
  const group = owner.apiVersion.includes("/") ? `.${owner.apiVersion.split("/")[0]}` : "";
  return `${owner.kind.toLowerCase()}${group}/${owner.name}`;
}

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
  validate,
  validateUpdate: (draft, old) => checkImmutable("data", draft.data, old.data),
  columns: [
    nameColumn,
    column("Controller", "string", "Whose revision it is."),
    column("Revision", "string", "Its place in the history."),
    ageColumn,
  ],
  row: (revision, now) => [
    revision.metadata.name,
    controllerText(revision),
    revision.revision,
    ageOf(revision.metadata.creationTimestamp, now),
  ],
};
