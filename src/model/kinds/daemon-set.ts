// Owns what the API knows about DaemonSet.
import { deepEqual } from "../../lib/json.ts";
import { ageOf } from "../duration.ts";
import { forbidden, invalid, notSupported, required, type FieldError } from "../field-error.ts";
import { checkImmutable, checkLabelSelector, checkNonNegative } from "../field-checks.ts";
import type { DaemonSet, DaemonSetSpec, DaemonSetUpdateStrategy } from "../generated/types.ts";
import { percentOf } from "../int-or-percent.ts";
import type { Draft } from "../meta.ts";
import { formatLabels, formatLabelSelector, matchesLabelSelector } from "../selector.ts";
import { ageColumn, column, nameColumn } from "./columns.ts";
import type { Descriptor } from "./descriptor.ts";
import { defaultPodSpec } from "./pod-template/default-pod-spec.ts";
import { validatePodTemplate } from "./pod-template/validate-pod-template.ts";

/** Upstream keeps the number of templates so far in this annotation of apps/v1 objects. */
const generationAnnotation = "deprecated.daemonset.template.generation";

const templateGeneration = (set: Pick<DaemonSet, "metadata"> | Draft<DaemonSet>): number =>
  Number(set.metadata.annotations?.[generationAnnotation] ?? "0") || 0;

function keepTemplateGeneration(draft: Draft<DaemonSet>, generation: number): void {
  draft.metadata.annotations = { ...draft.metadata.annotations, [generationAnnotation]: String(generation) };
}

function applyDefaults(draft: Draft<DaemonSet>): void {
  // What is missing of a spec without template or selector is named by validation.
  const spec = (draft.spec ??= { selector: {}, template: {} });
  spec.template ??= {};
  spec.template.spec ??= { containers: [] };
  defaultPodSpec(spec.template.spec);
  spec.updateStrategy ??= {};
  spec.updateStrategy.type ||= "RollingUpdate";
  if (spec.updateStrategy.type === "RollingUpdate") {
    spec.updateStrategy.rollingUpdate ??= {};
    spec.updateStrategy.rollingUpdate.maxUnavailable ??= 1;
    spec.updateStrategy.rollingUpdate.maxSurge ??= 0;
  }
  spec.revisionHistoryLimit ??= 10;
}

const percentFault =
  "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')";

function amountFaults(field: string, value: number | string | undefined): FieldError[] {
  if (typeof value !== "string") return checkNonNegative(field, value);
  const percent = percentOf(value);
  if (percent === undefined) return [invalid(field, value, percentFault)];
  return percent > 100 ? [invalid(field, value, "must not be greater than 100%")] : [];
}

const isZero = (value: number | string | undefined): boolean =>
  (typeof value === "string" ? percentOf(value) : (value ?? 0)) === 0;

function strategyFaults(field: string, strategy: DaemonSetUpdateStrategy | undefined): FieldError[] {
  if (strategy?.type === "OnDelete") return [];
  if (strategy?.type !== "RollingUpdate")
    return [notSupported(`${field}.type`, strategy?.type ?? "", ["RollingUpdate", "OnDelete"])];
  const rolling = strategy.rollingUpdate;
  if (rolling === undefined) return [required(`${field}.rollingUpdate`)];
  const unavailable = `${field}.rollingUpdate.maxUnavailable`;
  const surge = `${field}.rollingUpdate.maxSurge`;
  const found = [
    ...amountFaults(unavailable, rolling.maxUnavailable),
    ...amountFaults(surge, rolling.maxSurge),
  ];
  const waits = !isZero(rolling.maxUnavailable);
  const surges = !isZero(rolling.maxSurge);
  if (waits && surges)
    found.push(invalid(surge, rolling.maxSurge, "may not be set when maxUnavailable is non-zero"));
  if (!waits && !surges) found.push(required(unavailable, "cannot be 0 when maxSurge is 0"));
  return found;
}

function selectorFaults(spec: DaemonSetSpec): FieldError[] {
  const { selector } = spec;
  if (selector === undefined) return [required("spec.selector")];
  const found = checkLabelSelector("spec.selector", selector);
  const labels = spec.template?.metadata?.labels;
  if (!matchesLabelSelector(selector, labels))
    found.push(
      invalid("spec.template.metadata.labels", labels ?? {}, "`selector` does not match template `labels`"),
    );
  const asked = Object.keys(selector.matchLabels ?? {}).length + (selector.matchExpressions ?? []).length;
  if (asked === 0) found.push(invalid("spec.selector", selector, "empty selector is invalid for daemonset"));
  return found;
}

function validate({ spec }: Draft<DaemonSet>, known?: DaemonSet): FieldError[] {
  if (spec === undefined) return [required("spec")];
  if (spec === known?.spec) return [];
  const template = spec.template?.spec;
  return [
    ...selectorFaults(spec),
    ...validatePodTemplate("spec.template", spec.template),
    ...(template?.restartPolicy === "Always"
      ? []
      : [notSupported("spec.template.spec.restartPolicy", template?.restartPolicy ?? "", ["Always"])]),
    ...(template?.activeDeadlineSeconds === undefined
      ? []
      : [
          forbidden(
            "spec.template.spec.activeDeadlineSeconds",
            "activeDeadlineSeconds in DaemonSet is not Supported",
          ),
        ]),
    ...checkNonNegative("spec.minReadySeconds", spec.minReadySeconds),
    ...strategyFaults("spec.updateStrategy", spec.updateStrategy),
    ...checkNonNegative("spec.revisionHistoryLimit", spec.revisionHistoryLimit),
  ];
}

const statusCounts = [
  "currentNumberScheduled",
  "numberMisscheduled",
  "desiredNumberScheduled",
  "numberReady",
  "observedGeneration",
  "updatedNumberScheduled",
  "numberAvailable",
  "numberUnavailable",
  "collisionCount",
] as const;

function validateUpdate(draft: Draft<DaemonSet>, old: DaemonSet): FieldError[] {
  const collisions = draft.status?.collisionCount ?? 0;
  return [
    ...checkImmutable("spec.selector", draft.spec?.selector, old.spec?.selector),
    ...statusCounts.flatMap((name) => checkNonNegative(`status.${name}`, draft.status?.[name])),
    ...(collisions < (old.status?.collisionCount ?? 0)
      ? [invalid("status.collisionCount", collisions, "cannot be decremented")]
      : []),
  ];
}

type Fields = Record<string, unknown>;
const fieldsIn = (value: unknown): Fields | undefined =>
  // Nothing is assumed of the fields: each is unknown.
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : undefined;

/** Before apps/v1 the selector could be left out: it was then that of the template's labels. */
function renewSpec(spec: Fields, strategyType: string): void {
  const labels = fieldsIn(fieldsIn(spec["template"])?.["metadata"])?.["labels"];
  if (spec["selector"] === undefined && labels !== undefined) spec["selector"] = { matchLabels: labels };
  const strategy = fieldsIn(spec["updateStrategy"]) ?? {};
  if ((strategy["type"] ?? "") === "") spec["updateStrategy"] = { ...strategy, type: strategyType };
}

export const daemonSet: Descriptor<DaemonSet> = {
  group: "apps",
  version: "v1",
  kind: "DaemonSet",
  resource: "daemonsets",
  singular: "daemonset",
  shortNames: ["ds"],
  categories: ["all"],
  namespaced: true,
  oldVersions: [
    {
      group: "apps",
      version: "v1beta2",
      deprecatedIn: "v1.9",
      removedIn: "v1.16",
      renew: (body) => renewSpec(fieldsIn(body["spec"]) ?? {}, "RollingUpdate"),
    },
    {
      group: "extensions",
      version: "v1beta1",
      deprecatedIn: "v1.9",
      removedIn: "v1.16",
      renew: (body) => {
        const spec = fieldsIn(body["spec"]);
        if (spec === undefined) return;
        renewSpec(spec, "OnDelete");
        delete spec["templateGeneration"];
      },
    },
  ],
  storeFolder: "daemonsets",
  schema: "DaemonSet",
  hasStatus: true,
  hasGeneration: true,
  nameRule: "subdomain",
  fields: {},
  applyDefaults,
  prepareCreate: (draft) => {
    draft.status = {
      currentNumberScheduled: 0,
      desiredNumberScheduled: 0,
      numberMisscheduled: 0,
      numberReady: 0,
    };
    keepTemplateGeneration(draft, Math.max(1, templateGeneration(draft)));
  },
  prepareUpdate: (draft, old) => {
    const changed = !deepEqual(draft.spec?.template, old.spec?.template);
    keepTemplateGeneration(draft, templateGeneration(old) + (changed ? 1 : 0));
  },
  validate,
  validateUpdate,
  columns: [
    nameColumn,
    column("Desired", "integer", "Nodes that should run the daemon pod."),
    column("Current", "integer", "Nodes that should run the daemon pod and have one."),
    column("Ready", "integer", "Nodes that should run the daemon pod and have a ready one."),
    column("Up-to-date", "integer", "Nodes whose daemon pod follows the current template."),
    column("Available", "integer", "Nodes whose daemon pod has been ready for minReadySeconds."),
    column("Node Selector", "string", "Labels a node must have to run the daemon pod."),
    ageColumn,
    column("Containers", "string", "Names of the template's containers.", 1),
    column("Images", "string", "Images of the template's containers.", 1),
    column("Selector", "string", "Selector of the daemon pods.", 1),
  ],
  row: (set, now) => {
    const containers = set.spec?.template.spec?.containers ?? [];
    return [
      set.metadata.name,
      set.status?.desiredNumberScheduled ?? 0,
      set.status?.currentNumberScheduled ?? 0,
      set.status?.numberReady ?? 0,
      set.status?.updatedNumberScheduled ?? 0,
      set.status?.numberAvailable ?? 0,
      formatLabels(set.spec?.template.spec?.nodeSelector),
      ageOf(set.metadata.creationTimestamp, now),
      containers.map((container) => container.name).join(","),
      containers.map((container) => container.image).join(","),
      formatLabelSelector(set.spec?.selector),
    ];
  },
};
