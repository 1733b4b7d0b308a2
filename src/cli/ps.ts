// Owns the table of `ps`: a node's containers as they are printed.
import type { Instant } from "../lib/units.ts";
import { humanDuration } from "../model/duration.ts";
import { aligned } from "./aligned.ts";

export interface ShownContainer {
  readonly id: string;
  readonly name: string;
  readonly attempt: number;
  readonly image: string;
  readonly command: readonly string[];
  readonly pod: { readonly name: string; readonly namespace: string; readonly uid: string };
  readonly createdAt: Instant;
  readonly state:
    | { readonly is: "created" }
    | { readonly is: "running"; readonly since: Instant }
    | { readonly is: "exited"; readonly at: Instant | undefined; readonly code: number | undefined };
}

export interface PsOptions {
  readonly now: Instant;
  /** Whole IDs and commands. */
  readonly whole: boolean;
}

const idLength = 13;
const commandLength = 30;

function statusOf({ state }: ShownContainer, now: Instant): string {
  switch (state.is) {
    case "created":
      return "Created";
    case "running":
      return `Up ${humanDuration(now - state.since)}`;
    default: {
      const when = state.at === undefined ? "" : ` ${humanDuration(now - state.at)} ago`;
      return `Exited (${state.code ?? "?"})${when}`;
    }
  }
}

function commandOf({ command }: ShownContainer, whole: boolean): string {
  const text = command.join(" ").replace(/\s+/g, " ");
  return JSON.stringify(
    whole || text.length <= commandLength ? text : `${text.slice(0, commandLength - 1)}…`,
  );
}

/** One line a container under a line of headings. The node's column is there where nodes are named. */
export function psTable(
  nodes: readonly { readonly node: string; readonly containers: readonly ShownContainer[] }[],
  { now, whole }: PsOptions,
): string {
  const named = nodes.some(({ node }) => node !== "");
  const head = ["CONTAINER ID", "IMAGE", "COMMAND", "CREATED", "STATUS", "NAME", "POD", "NAMESPACE"];
  const rows = nodes.flatMap(({ node, containers }) =>
    containers.map((container) => [
      whole ? container.id : container.id.slice(0, idLength),
      container.image,
      commandOf(container, whole),
      `${humanDuration(now - container.createdAt)} ago`,
      statusOf(container, now),
      container.name,
      container.pod.name,
      container.pod.namespace,
      named ? node : container.pod.uid,
    ]),
  );
  return aligned([[...head, named ? "NODE" : "POD UID"], ...rows]);
}
