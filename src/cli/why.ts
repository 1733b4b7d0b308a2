// Owns how the question `why` is read and its answer printed: for each node whether the pod is there, should be, and why not.

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
  const all = [heading, ...rows];
  const widths = heading.map((_, at) => Math.max(...all.map((row) => row[at]?.length ?? 0)));
  return all.map((row) =>
    row
      .map((text, at) => text.padEnd(widths[at] ?? 0))
      .join("   ")
      .trimEnd(),
  );
}

export const whyJson = (answer: WhyAnswer): string => JSON.stringify(answer, undefined, 2);
