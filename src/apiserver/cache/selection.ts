// Owns which objects of a kind a list, watch or deletion is about: namespace, labels and fields, and the shortest way to them.
import type { Descriptor } from "../../model/kinds/descriptor.ts";
import type { KubeObject } from "../../model/meta.ts";
import { parseFieldSelector, parseLabelSelector, type FieldTerm } from "../../model/selector.ts";
import { badRequest, type Refusal } from "../status.ts";

export const nodeField = "spec.nodeName";

/** Which changes can concern a watcher at all; the cache keeps one register of watchers for each shape. */
export type Interest =
  | { readonly in: "all" }
  | { readonly in: "namespace"; readonly namespace: string }
  | { readonly in: "node"; readonly node: string }
  | { readonly in: "object"; readonly namespace: string | undefined; readonly name: string };

export interface Selection {
  readonly namespace: string | undefined;
  readonly interest: Interest;
  /** No selector was given: everything of the namespace, or of the kind. */
  readonly isWhole: boolean;
  readonly matches: (object: KubeObject) => boolean;
}

export const everything: Selection = {
  interest: { in: "all" },
  namespace: undefined,
  isWhole: true,
  matches: () => true,
};

type FieldReader = (object: KubeObject) => string;

const nameField: FieldReader = (object) => object.metadata.name;
const namespaceField: FieldReader = (object) => object.metadata.namespace ?? "";

function readerOf(kind: Descriptor, field: string): FieldReader | undefined {
  if (field === "metadata.name") return nameField;
  if (field === "metadata.namespace" && kind.namespaced) return namespaceField;
  const { custom } = kind;
  // Selected is what is stored, which a webhook may write otherwise.
  if (custom?.hook !== undefined && custom.apiVersion !== custom.storedAs) return undefined;
  return Object.hasOwn(kind.fields, field) ? kind.fields[field] : undefined;
}

const unknownField = (kind: Descriptor, field: string): Refusal =>
  badRequest(
    Object.keys(kind.fields).length > 0
      ? `field label not supported: ${field}`
      : `${JSON.stringify(field)} is not a known field selector: only "metadata.name", "metadata.namespace"`,
  );

interface Query {
  readonly namespace: string | undefined;
  readonly name?: string | undefined;
  readonly labelSelector: string;
  readonly fieldSelector: string;
}

export function readSelection(kind: Descriptor, query: Query): Selection | Refusal {
  const labels = parseLabelSelector(query.labelSelector);
  if (labels.is === "bad") return badRequest(labels.message);
  const fields = parseFieldSelector(query.fieldSelector);
  if (fields.is === "bad") return badRequest(fields.message);
  const terms: FieldTerm[] = [...fields.terms];
  if (query.name !== undefined) terms.push({ field: "metadata.name", op: "=", value: query.name });
  const tests: ((object: KubeObject) => boolean)[] = [];
  for (const { field, op, value } of terms) {
    const read = readerOf(kind, field);
    if (read === undefined) return unknownField(kind, field);
    tests.push(op === "=" ? (object) => read(object) === value : (object) => read(object) !== value);
  }
  if (query.labelSelector !== "") tests.push((object) => labels.matches(object.metadata.labels));
  const { namespace } = query;
  const isWhole = tests.length === 0;
  if (namespace !== undefined) tests.unshift((object) => object.metadata.namespace === namespace);
  return {
    namespace,
    isWhole,
    interest: interestOf(kind, namespace, terms),
    matches: tests.length === 0 ? () => true : (object) => tests.every((test) => test(object)),
  };
}

function interestOf(kind: Descriptor, namespace: string | undefined, terms: readonly FieldTerm[]): Interest {
  const exact = (field: string) => terms.find((term) => term.field === field && term.op === "=")?.value;
  const name = exact("metadata.name");
  if (name !== undefined && (!kind.namespaced || namespace !== undefined))
    return { in: "object", namespace, name };
  const node = exact(nodeField);
  if (node !== undefined && kind.custom === undefined) return { in: "node", node };
  const asked = namespace ?? exact("metadata.namespace");
  return asked === undefined ? { in: "all" } : { in: "namespace", namespace: asked };
}
