// Owns what the answer of a manifest URL comes to: all of its pods, or none of them and every reason why.
import type { Instant } from "../../lib/units.ts";
import type { Pod } from "../../model/generated/types.ts";
import { readYaml, type YamlDocument } from "../../model/yaml-text.ts";
import { checkStaticPod, placedFaults, staticPodOf } from "./plan-static-pod.ts";
import type { Complaint } from "./plan-manifests.ts";

export type PodListRead =
  | { readonly is: "pods"; readonly pods: readonly Pod[] }
  | { readonly is: "refused"; readonly complaints: readonly Omit<Complaint, "file">[] };

interface Item {
  readonly value: unknown;
  /** What stands before the item's own fields. */
  readonly at: string;
  readonly document: YamlDocument;
}

/** A Pod, several documents of Pods, or a PodList. */
function itemsOf(document: YamlDocument): readonly Item[] {
  const { value } = document;
  if (typeof value === "object" && value !== null && "kind" in value && "items" in value) {
    const { kind, items } = value;
    if ((kind === "PodList" || kind === "List") && Array.isArray(items))
      return items.map((item: unknown, index) => ({
        value:
          typeof item === "object" && item !== null && !("kind" in item) && kind === "PodList"
            ? { apiVersion: "v1", kind: "Pod", ...item }
            : item,
        at: `items[${index}]`,
        document,
      }));
  }
  return [{ value, at: "", document }];
}

/** Taken whole or not at all: half an answer is no reason to end the other half's pods. */
export function readPodList(text: string, nodeName: string, seen: Instant): PodListRead {
  if (text.trim() === "")
    return { is: "refused", complaints: [{ because: "it is empty: it should hold a Pod or a PodList" }] };
  const read = readYaml(text);
  if (read.is === "bad")
    return {
      is: "refused",
      complaints: read.faults.map(({ line, column, message }) => ({ line, column, because: message })),
    };
  const pods: Pod[] = [];
  const complaints: Omit<Complaint, "file">[] = [];
  const names = new Set<string>();
  for (const { value, at, document } of read.documents.flatMap(itemsOf)) {
    const checked = checkStaticPod(value, nodeName);
    const within = (field: string) => (at === "" ? field : field === "" ? at : `${at}.${field}`);
    if (checked.is === "refused") {
      const faults = checked.faults.map(({ field, because }) => ({ field: within(field), because }));
      complaints.push(...placedFaults(document, faults));
      continue;
    }
    const pod = staticPodOf(checked.checked, { source: "http", nodeName, seen });
    const name = `${pod.metadata.namespace ?? ""}/${pod.metadata.name}`;
    if (names.has(name))
      complaints.push({
        ...document.placeOf(at),
        because: `it gives pod ${name} twice: give each another name`,
      });
    names.add(name);
    pods.push(pod);
  }
  return complaints.length > 0 ? { is: "refused", complaints } : { is: "pods", pods };
}
