// Owns the order of a set-up's steps: each has a name by which it may be skipped.
import { CannotBootstrap } from "./cannot.ts";

export interface Phase {
  /** As kubeadm's where it has such a one. */
  readonly name: string;
  run(): Promise<void>;
  /** What it would do, a line each; nothing is changed. */
  dry(): readonly string[];
}

export async function runPhases(
  phases: readonly Phase[],
  { skip, dryRun }: { readonly skip: readonly string[]; readonly dryRun: boolean },
  say: (line: string) => void,
): Promise<void> {
  const known = phases.map(({ name }) => name);
  const strange = skip.find((name) => !known.includes(name));
  if (strange !== undefined)
    throw new CannotBootstrap(
      `cannot skip phase ${JSON.stringify(strange)}: there is none of that name; there are ${known.join(", ")}`,
    );
  for (const phase of phases) {
    if (skip.includes(phase.name)) {
      say(`[${phase.name}] skipped`);
      continue;
    }
    // The checks change nothing, so a dry run makes them too.
    if (!dryRun || phase.name === "preflight") await phase.run();
    else for (const line of phase.dry()) say(`[${phase.name}] would ${line}`);
  }
}
