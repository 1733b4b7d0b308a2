// Owns what the API knows about Event.
import type { Instant } from "../../lib/units.ts";
import { ageOf } from "../duration.ts";
import { invalid, required, type FieldError } from "../field-error.ts";
import { checkName } from "../field-checks.ts";
import type { CoreEvent } from "../generated/types.ts";
import type { Draft } from "../meta.ts";
import { qualifiedNameFaults } from "../names.ts";
import { column } from "./columns.ts";
import type { Cell, Descriptor } from "./descriptor.ts";

/** Events of the newer form carry an eventTime and must say who reports what action. */
const newFormRequired = ["reportingComponent", "reportingInstance", "action", "reason"] as const;
const newFormLengthMax = 128;

function newFormFaults(draft: Draft<CoreEvent>): FieldError[] {
  const found = newFormRequired.flatMap((name) => {
    const value = draft[name] ?? "";
    if (value === "") return [required(name)];
    return value.length > newFormLengthMax && name !== "reportingComponent"
      ? [invalid(name, "", `can have at most ${newFormLengthMax} characters`)]
      : [];
  });
  if ((draft.reportingComponent ?? "") !== "")
    found.push(...checkName("reportingComponent", draft.reportingComponent, qualifiedNameFaults));
  if ((draft.message ?? "").length > 1024)
    found.push(invalid("message", "", "can have at most 1024 characters"));
  return found;
}

function validate(draft: Draft<CoreEvent>): FieldError[] {
  const about = draft.involvedObject?.namespace ?? "";
  const own = draft.metadata.namespace ?? "";
  const newForm = draft.eventTime !== undefined;
  // Events about objects of the whole cluster live in default, those of the newer form in kube-system too.
  const fits =
    about === ""
      ? ["", "default", ...(newForm ? ["kube-system"] : [])].includes(own)
      : newForm || about === own;
  return [
    ...(fits ? [] : [invalid("involvedObject.namespace", about, "does not match event.namespace")]),
    ...(newForm ? newFormFaults(draft) : []),
  ];
}

function sourceText({ source, reportingComponent, reportingInstance }: CoreEvent): string {
  const component = source?.component || reportingComponent || "";
  const host = source?.component ? source.host : reportingInstance;
  return host === undefined || host === "" ? component : `${component}, ${host}`;
}

function row(event: CoreEvent, now: Instant): Cell[] {
  const first = ageOf(event.firstTimestamp ?? event.eventTime, now);
  const last = event.lastTimestamp === undefined ? first : ageOf(event.lastTimestamp, now);
  const kind = (event.involvedObject.kind ?? "").toLowerCase();
  const name = event.involvedObject.name ?? "";
  return [
    event.series === undefined ? last : ageOf(event.series.lastObservedTime, now),
    event.type ?? "",
    event.reason ?? "",
    name === "" ? kind : `${kind}/${name}`,
    event.involvedObject.fieldPath ?? "",
    sourceText(event),
    (event.message ?? "").trim(),
    first,
    event.series?.count ?? (event.count || 1),
    event.metadata.name,
  ];
}

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
  fields: {
    "involvedObject.kind": (event) => event.involvedObject.kind ?? "",
    "involvedObject.namespace": (event) => event.involvedObject.namespace ?? "",
    "involvedObject.name": (event) => event.involvedObject.name ?? "",
    "involvedObject.uid": (event) => event.involvedObject.uid ?? "",
    "involvedObject.apiVersion": (event) => event.involvedObject.apiVersion ?? "",
    "involvedObject.resourceVersion": (event) => event.involvedObject.resourceVersion ?? "",
    "involvedObject.fieldPath": (event) => event.involvedObject.fieldPath ?? "",
    reason: (event) => event.reason ?? "",
    reportingComponent: (event) => event.reportingComponent ?? "",
    source: (event) => event.source?.component || event.reportingComponent || "",
    type: (event) => event.type ?? "",
  },
  applyDefaults: (draft) => {
    draft.involvedObject ??= {};
  },
  validate,
  validateUpdate: () => [],
  columns: [
    column("Last Seen", "string", "Time since it was last seen."),
    column("Type", "string", "Normal or Warning."),
    column("Reason", "string", "Why it happened, in one word."),
    column("Object", "string", "What it is about."),
    column("Subobject", "string", "The part of the object it is about.", 1),
    column("Source", "string", "Who reported it.", 1),
    column("Message", "string", "What happened."),
    column("First Seen", "string", "Time since it was first seen.", 1),
    column("Count", "string", "How often it was seen.", 1),
    { name: "Name", type: "string", format: "name", description: "Name of the event.", priority: 1 },
  ],
  row,
};
