// Owns the kinds the suite runs with: the real names, with rules small enough to tell the pipeline's work from the kinds'.
import { invalid, required } from "../../../src/model/field-error.ts";
import { configMap } from "../../../src/model/kinds/config-map.ts";
import { daemonSet } from "../../../src/model/kinds/daemon-set.ts";
import type { Descriptor } from "../../../src/model/kinds/descriptor.ts";
import { event } from "../../../src/model/kinds/event.ts";
import { lease } from "../../../src/model/kinds/lease.ts";
import { namespace } from "../../../src/model/kinds/namespace.ts";
import { node } from "../../../src/model/kinds/node.ts";
import { pod } from "../../../src/model/kinds/pod.ts";
import type { KubeObject } from "../../../src/model/meta.ts";

const none = {
  fields: {},
  applyDefaults: () => undefined,
  validate: () => [],
  validateUpdate: () => [],
  columns: [],
  row: () => [],
};

/** A kind with its names kept and its rules replaced. */
function plain<T extends KubeObject>(kind: Descriptor<T>, rules: Partial<Descriptor<T>> = {}): Descriptor {
  const { prepareCreate: _create, prepareUpdate: _update, graceSeconds: _grace, ...names } = kind;
  const made: Descriptor<T> = { ...names, ...none, ...rules };
  // Objects reach a descriptor only by its own kind.
  return made as unknown as Descriptor;
}

const ended: ReadonlySet<string> = new Set(["Succeeded", "Failed"]);

export const servedKinds: readonly Descriptor[] = [
  // As it is: its end is the pipeline's affair.
  namespace,
  plain(node),
  plain(event),
  plain(configMap),
  plain(lease),
  plain(pod, {
    fields: {
      "spec.nodeName": ({ spec }) => spec?.nodeName ?? "",
      "status.phase": ({ status }) => status?.phase ?? "",
    },
    applyDefaults: (draft) => {
      if (draft.spec !== undefined) draft.spec.terminationGracePeriodSeconds ??= 30;
    },
    prepareCreate: (draft) => {
      draft.status = { phase: "Pending" };
    },
    graceSeconds: ({ spec, status }) =>
      (spec?.nodeName ?? "") === "" || ended.has(status?.phase ?? "")
        ? 0
        : (spec?.terminationGracePeriodSeconds ?? 30),
    columns: [
      { name: "Name", type: "string", format: "name", description: "its name", priority: 0 },
      { name: "Node", type: "string", description: "its node", priority: 1 },
    ],
    row: ({ metadata, spec }) => [metadata.name, spec?.nodeName ?? "<none>"],
  }),
  plain(daemonSet, {
    prepareCreate: (draft) => {
      delete draft.status;
    },
    validate: ({ spec }) => [
      ...(spec?.selector === undefined ? [required("spec.selector")] : []),
      ...(spec?.template === undefined ? [required("spec.template")] : []),
    ],
    validateUpdate: ({ spec }, old) =>
      JSON.stringify(spec?.selector) === JSON.stringify(old.spec?.selector)
        ? []
        : [invalid("spec.selector", spec?.selector, "field is immutable")],
  }),
];
