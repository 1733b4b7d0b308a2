// Owns what the API knows about Pod.
import { ageOf } from "../duration.ts";
import type { Pod } from "../generated/types.ts";
import { mirrorAnnotation } from "../pod/mirror.ts";
import { isPodFinished } from "../pod/readiness.ts";
import { keepAdmitted } from "../pod/admission.ts";
import { podQos } from "../pod/qos.ts";
import { restartsText, summarizePod } from "../pod/pod-summary.ts";
import { validatePodUpdate } from "../pod/validate-pod-update.ts";
import type { Draft } from "../meta.ts";
import { forbidden, invalid } from "../field-error.ts";
import { ageColumn, column, nameColumn, orNone } from "./columns.ts";
import type { Descriptor } from "./descriptor.ts";
import { defaultPodOnly, defaultPodSpec } from "./pod-template/default-pod-spec.ts";
import { validatePodSpec } from "./pod-template/validate-pod-spec.ts";

function readinessGates(pod: Pod): string {
  const gates = pod.spec?.readinessGates ?? [];
  if (gates.length === 0) return "<none>";
  const met = gates.filter((gate) =>
    pod.status?.conditions?.some(
      (condition) => condition.type === gate.conditionType && condition.status === "True",
    ),
  );
  return `${met.length}/${gates.length}`;
}

export const pod: Descriptor<Pod> = {
  group: "",
  version: "v1",
  kind: "Pod",
  resource: "pods",
  singular: "pod",
  shortNames: ["po"],
  categories: ["all"],
  namespaced: true,
  storeFolder: "pods",
  schema: "Pod",
  hasStatus: true,
  hasGeneration: true,
  nameRule: "subdomain",
  // A pod that never reached a node, or has ended, has nothing to end gracefully.
  graceSeconds: (pod) => {
    if ((pod.spec?.nodeName ?? "") === "" || isPodFinished(pod)) return 0;
    const seconds = pod.spec?.terminationGracePeriodSeconds ?? 30;
    return seconds < 0 ? 1 : seconds;
  },
  fields: {
    "spec.nodeName": (pod) => pod.spec?.nodeName ?? "",
    "spec.restartPolicy": (pod) => pod.spec?.restartPolicy ?? "",
    "spec.schedulerName": (pod) => pod.spec?.schedulerName ?? "",
    "spec.serviceAccountName": (pod) => pod.spec?.serviceAccountName ?? "",
    "spec.hostNetwork": (pod) => String(pod.spec?.hostNetwork ?? false),
    "status.phase": (pod) => pod.status?.phase ?? "",
    "status.podIP": (pod) => pod.status?.podIP ?? "",
    "status.podIPs": (pod) => pod.status?.podIPs?.[0]?.ip ?? "",
    "status.nominatedNodeName": (pod) => pod.status?.nominatedNodeName ?? "",
  },
  applyDefaults: (draft) => {
    draft.spec ??= { containers: [] };
    defaultPodSpec(draft.spec);
    defaultPodOnly(draft.spec);
  },
  prepareCreate: (draft) => {
    draft.status = { phase: "Pending", qosClass: podQos(draft) };
  },
  prepareUpdate: keepAdmitted,
  prepareStatus: (draft, old) => {
    // It is settled when the pod is made; kubelets of other versions leave it out.
    const qosClass = old.status?.qosClass;
    if (qosClass !== undefined && (draft.status?.qosClass ?? "") === "")
      draft.status = { ...draft.status, qosClass };
  },
  validate: (draft, known) => [
    // Kubelets change statuses many times a pod, and nothing else of it.
    ...(draft.spec !== undefined && draft.spec === known?.spec
      ? []
      : validatePodSpec("spec", draft.spec, "pod")),
    ...(draft.metadata.annotations?.[mirrorAnnotation] !== undefined && (draft.spec?.nodeName ?? "") === ""
      ? [
          invalid(
            `metadata.annotations[${mirrorAnnotation}]`,
            draft.metadata.annotations[mirrorAnnotation],
            "must set spec.nodeName if mirror pod annotation is set",
          ),
        ]
      : []),
    ...((draft.spec?.serviceAccountName ?? "") === "" ? tokenFaults(draft) : []),
  ],
  validateUpdate: (draft, old) => [...mirrorFaults(draft, old), ...validatePodUpdate(draft, old)],
  columns: [
    nameColumn,
    column("Ready", "string", "Containers that are ready, of those the pod has."),
    column("Status", "string", "What the pod does, or what keeps it from running."),
    column("Restarts", "string", "How often containers were restarted, and when last."),
    ageColumn,
    column("IP", "string", "Address of the pod.", 1),
    column("Node", "string", "Node the pod is bound to.", 1),
    column("Nominated Node", "string", "Node where others are ended to make room for the pod.", 1),
    column("Readiness Gates", "string", "Readiness gates that are met, of those the pod has.", 1),
  ],
  row: (pod, now) => {
    const summary = summarizePod(pod);
    return [
      pod.metadata.name,
      `${summary.ready}/${summary.total}`,
      summary.status,
      restartsText(summary, now),
      ageOf(pod.metadata.creationTimestamp, now),
      orNone(pod.status?.podIPs?.[0]?.ip ?? pod.status?.podIP),
      orNone(pod.spec?.nodeName),
      orNone(pod.status?.nominatedNodeName),
      readinessGates(pod),
    ];
  },
};

/** A mirror pod whose mark could be taken off would be run a second time, as a pod of the API. */
function mirrorFaults(draft: Draft<Pod>, old: Pod) {
  const [next, before] = [draft, old].map(({ metadata }) => metadata.annotations?.[mirrorAnnotation]);
  if (next === before) return [];
  const what = before === undefined ? "add" : "remove or update";
  return [forbidden(`metadata.annotations[${mirrorAnnotation}]`, `may not ${what} mirror pod annotation`)];
}

function tokenFaults(draft: Pick<Pod, "spec">) {
  return (draft.spec?.volumes ?? []).flatMap((volume, index) =>
    (volume.projected?.sources ?? []).flatMap((source, sourceIndex) =>
      source.serviceAccountToken === undefined
        ? []
        : [
            forbidden(
              `spec.volumes[${index}].projected.sources[${sourceIndex}].serviceAccountToken`,
              "must not be specified when serviceAccountName is not set",
            ),
          ],
    ),
  );
}
