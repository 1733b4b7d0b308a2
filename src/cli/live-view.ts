// Owns the picture of which node runs which pod, as lines of text.
import type { Node, Pod } from "../model/generated/types.ts";
import type { Instant } from "../lib/units.ts";
import { node as nodeKind } from "../model/kinds/node.ts";
import { pod as podKind } from "../model/kinds/pod.ts";
import type { Descriptor } from "../model/kinds/descriptor.ts";
import type { KubeObject } from "../model/meta.ts";
import { alignedLines } from "./aligned.ts";

const heading = ["NODE", "STATUS", "POD", "READY", "STATUS", "RESTARTS", "AGE"];

/** One row a pod, nodes in name order; a node without pods has a row of its own. */
export function nodeRows(nodes: Iterable<Node>, pods: Iterable<Pod>, now: Instant): string[][] {
  const podsOn = new Map<string, Pod[]>();
  for (const pod of pods) {
    const name = pod.spec?.nodeName ?? "";
    podsOn.set(name, [...(podsOn.get(name) ?? []), pod]);
  }
  const rows: string[][] = [];
  for (const node of [...nodes].sort((a, b) => compare(a.metadata.name, b.metadata.name))) {
    const status = cell(nodeKind, node, "Status", now);
    const own = (podsOn.get(node.metadata.name) ?? []).sort((a, b) =>
      compare(a.metadata.name, b.metadata.name),
    );
    if (own.length === 0) rows.push([node.metadata.name, status, "-", "", "", "", ""]);
    own.forEach((pod, at) =>
      rows.push([
        at === 0 ? node.metadata.name : "",
        at === 0 ? status : "",
        pod.metadata.name,
        ...["Ready", "Status", "Restarts", "Age"].map((column) => cell(podKind, pod, column, now)),
      ]),
    );
  }
  return rows;
}

/** The rows under their heading. */
export const nodeLines = (rows: readonly (readonly string[])[]): string[] => alignedLines([heading, ...rows]);

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function cell<T extends KubeObject>(kind: Descriptor<T>, object: T, column: string, now: Instant): string {
  const at = kind.columns.findIndex(({ name }) => name === column);
  return String(kind.row(object, now)[at] ?? "");
}
