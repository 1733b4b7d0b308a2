// Owns how the question `why` is read and its answer printed: for each node whether the pod is there, should be, and why not.
import { alignedLines } from "./aligned.ts";

/** The DaemonSet that `ds/rng` names, or nothing where it names something else. */
export function daemonSetNamed(target: string): string | undefined {
  return /^(?:ds|daemonsets?)(?:\.apps)?\/([^/]+)$/.exec(target)?.[1];
}

export interface WhyRow {
  readonly node: string;
  readonly wanted: boolean;
  /** One word for programs: `runs`, `unwanted`, `unscheduled`, … */
  readonly is: string;
  readonly pod: string | undefined;
  /** One line for people. */
  readonly message: string;
}

export interface WhyAnswer {
  readonly daemonSet: { readonly name: string; readonly namespace: string };
  readonly nodes: readonly WhyRow[];
}

const heading = ["NODE", "WANTED", "POD", "WHY"];

/** A table, nodes as they come. */
export function whyLines({ nodes }: WhyAnswer): string[] {
  const rows = nodes.map(({ node, wanted, pod, message }) => [
    node,
    wanted ? "yes" : "no",
    pod ?? "-",
    message,
  ]);
  return alignedLines([heading, ...rows]);
}

export const whyJson = (answer: WhyAnswer): string => JSON.stringify(answer, undefined, 2);
