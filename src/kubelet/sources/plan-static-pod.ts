// Owns what one manifest comes to: the pod that this node runs by itself, or every reason why not.
import { stableText } from "../../lib/json.ts";
import type { Instant } from "../../lib/units.ts";
import type { ObjectMeta, Pod, Toleration } from "../../model/generated/types.ts";
import { fnv1a } from "../../model/hash.ts";
import { pod as podKind } from "../../model/kinds/pod.ts";
import { apiReferences, type ApiReference } from "../../model/pod/api-references.ts";
import type { Draft } from "../../model/meta.ts";
import {
  labelNameFaults,
  labelValueFaults,
  qualifiedNameFaults,
  subdomainNameFaults,
} from "../../model/names.ts";
import { systemPriority } from "../../model/pod/admission.ts";
import { checkSchema } from "../../model/schema-check.ts";
import { formatTime } from "../../model/time.ts";
import type { YamlDocument } from "../../model/yaml-text.ts";

export interface Fault {
  /** Field path; empty for the whole document. */
  readonly field: string;
  readonly because: string;
}

/** What of a manifest is taken up: nothing that the node itself decides. */
export interface CheckedPod {
  readonly draft: Draft<Pod>;
  /** Of all that the person wrote and that counts: white space and comments change nothing. */
  readonly content: string;
}

export type Checked =
  | { readonly is: "pod"; readonly checked: CheckedPod }
  | { readonly is: "refused"; readonly faults: readonly Fault[] };

const isFields = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function kindFault(value: Readonly<Record<string, unknown>>): Fault | undefined {
  const { apiVersion, kind } = value;
  if (typeof kind !== "string" || kind === "")
    return { field: "", because: "kind is missing: a static pod's file has apiVersion: v1 and kind: Pod" };
  if (kind !== "Pod")
    return {
      field: "kind",
      because: `its kind is ${kind}, and a kubelet by itself runs only Pods: give it to an API server, or write the Pod it would make`,
    };
  if (apiVersion !== "v1")
    return {
      field: apiVersion === undefined ? "" : "apiVersion",
      because:
        apiVersion === undefined
          ? "apiVersion is missing: a Pod is of v1"
          : `its apiVersion is ${JSON.stringify(apiVersion)}: a Pod is of v1`,
    };
  return undefined;
}

function metadataFaults(metadata: ObjectMeta, nodeName: string): Fault[] {
  const found: Fault[] = [];
  const say = (field: string, faults: readonly string[], value: string) => {
    for (const fault of faults)
      found.push({ field: `metadata.${field}`, because: `${JSON.stringify(value)}: ${fault}` });
  };
  const { name = "", namespace = "default", labels = {}, annotations = {}, uid } = metadata;
  if (name === "")
    found.push({ field: "metadata.name", because: "is missing: a static pod has a name of its own" });
  else say("name", subdomainNameFaults(mirrorName(name, nodeName)), mirrorName(name, nodeName));
  say("namespace", labelNameFaults(namespace), namespace);
  for (const [key, value] of Object.entries(labels)) {
    say(`labels[${key}]`, qualifiedNameFaults(key), key);
    say(`labels[${key}]`, labelValueFaults(value), value);
  }
  for (const key of Object.keys(annotations))
    say(`annotations[${key}]`, qualifiedNameFaults(key.toLowerCase()), key);
  // It becomes the name of a folder.
  if (uid !== undefined && !/^[A-Za-z0-9-]{1,64}$/.test(uid))
    say("uid", ["may only have letters, digits and dashes, at most 64"], uid);
  return found;
}

/** The name under which the whole cluster knows a static pod. */
const mirrorName = (name: string, nodeName: string): string => `${name}-${nodeName.toLowerCase()}`;

/** Every fault of a document that should be one static pod. */
export function checkStaticPod(value: unknown, nodeName: string): Checked {
  if (!isFields(value))
    return {
      is: "refused",
      faults: [{ field: "", because: "it is not an object with apiVersion and kind" }],
    };
  const wrongKind = kindFault(value);
  if (wrongKind !== undefined) return { is: "refused", faults: [wrongKind] };
  const found = checkSchema("Pod", value);
  const shape = [
    ...found.unknown.map((field) => ({ field, because: "there is no such field" })),
    ...found.errors.map(({ field, message }) => ({ field, because: message })),
  ];
  if (shape.length > 0) return { is: "refused", faults: shape };
  // The schema has been checked just now.
  const given = found.pruned as Draft<Pod>;
  const { name, namespace, labels, annotations, uid } = given.metadata ?? {};
  const draft: Draft<Pod> = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      ...(name === undefined ? {} : { name }),
      ...(namespace === undefined || namespace === "" ? {} : { namespace }),
      ...(labels === undefined ? {} : { labels }),
      ...(annotations === undefined ? {} : { annotations }),
      ...(uid === undefined || uid === "" ? {} : { uid }),
    },
    ...(given.spec === undefined ? {} : { spec: given.spec }),
  };
  const content = stableText(draft);
  const references = given.spec?.containers === undefined ? [] : apiReferences(given.spec);
  podKind.applyDefaults(draft);
  const faults = [
    ...metadataFaults(draft.metadata, nodeName),
    ...references.map((reference) => ({
      field: reference.field,
      because: `refers to ${referredTo(reference)}: a static pod runs without an API server, so it may not refer to what only one has`,
    })),
    ...podKind.validate(draft).map(({ field, message }) => ({ field, because: message })),
  ];
  return faults.length > 0 ? { is: "refused", faults } : { is: "pod", checked: { draft, content } };
}

function referredTo({ kind, name }: ApiReference): string {
  if (kind === "ServiceAccount token") return "a token of a ServiceAccount";
  if (kind === "made PersistentVolumeClaim") return "a PersistentVolumeClaim made from its template";
  return name === "" ? `a ${kind}` : `${kind} ${name}`;
}

/** Of one document of a text: its faults with line and column. */
export const placedFaults = (
  document: YamlDocument,
  faults: readonly Fault[],
): { readonly line: number; readonly column: number; readonly because: string }[] =>
  faults.map(({ field, because }) => ({
    ...document.placeOf(field),
    because: field === "" || because.startsWith("its ") ? because : `${field}: ${because}`,
  }));

/** 128 bits, so that no two contents on a node meet. */
function digest(text: string): string {
  let out = "";
  for (const salt of ["a", "b", "c", "d"])
    out += fnv1a(`${salt}${text.length}${salt}${text}${salt}`).toString(16).padStart(8, "0");
  return out;
}

const everyNoExecute: Toleration = { operator: "Exists", effect: "NoExecute" };

export interface StaticPlace {
  readonly source: "file" | "http";
  readonly nodeName: string;
  /** When this content was first seen. */
  readonly seen: Instant;
}

/** The pod as this node runs it. Its UID is the given one, else made of source, host and content. */
export function staticPodOf({ draft, content }: CheckedPod, place: StaticPlace): Pod {
  const { source, nodeName, seen } = place;
  const hash = digest(`${source}\n${nodeName}\n${content}`);
  const { metadata, spec = { containers: [] } } = draft;
  const tolerations = spec.tolerations ?? [];
  const tolerant = tolerations.some(
    ({ key = "", operator, effect, tolerationSeconds }) =>
      key === "" &&
      operator === "Exists" &&
      tolerationSeconds === undefined &&
      (effect === undefined || effect === "" || effect === "NoExecute"),
  );
  const priority = systemPriority(spec.priorityClassName ?? "")?.value;
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: mirrorName(metadata.name ?? "", nodeName),
      namespace: metadata.namespace ?? "default",
      uid: metadata.uid ?? hash,
      resourceVersion: "",
      creationTimestamp: formatTime(seen),
      ...(metadata.labels === undefined ? {} : { labels: metadata.labels }),
      annotations: {
        ...metadata.annotations,
        "kubernetes.io/config.hash": hash,
        "kubernetes.io/config.seen": new Date(seen).toISOString(),
        "kubernetes.io/config.source": source,
      },
    },
    spec: {
      ...spec,
      nodeName,
      tolerations: tolerant ? tolerations : [...tolerations, everyNoExecute],
      ...(priority === undefined ? {} : { priority }),
    },
    status: { phase: "Pending" },
  };
}
