// Owns what happens in a simulation besides the cluster's own doing: drawn from the seed, listed before it begins.
import type { Millis } from "../../src/lib/units.ts";
import { seededRandom } from "../../src/world/random.ts";
import type { Deed } from "./deeds.ts";
import { Draw, drawFault, firstDeeds, shape, type Fault } from "./faults.ts";
import { seedOf } from "./process.ts";

export interface Planned {
  /** Its place in the whole scenario: what `--only` names. */
  readonly id: number;
  readonly at: Millis;
  readonly deed: Deed;
}

export interface ScenarioOptions {
  readonly seed: number;
  readonly nodes: number;
  readonly duration: Millis;
  readonly faults: readonly Fault[];
}

export const nodeNames = (count: number): string[] =>
  Array.from({ length: count }, (_, at) => `node-${at + 1}`);
/** How often something happens, on average. */
const period: Millis = 12_000;
const settling: Millis = 20_000;

/** All that will be done to the cluster, in order. */
export function planScenario({ seed, nodes, duration, faults }: ScenarioOptions): Planned[] {
  const draw = new Draw(seededRandom(seedOf(seed, "scenario")));
  // Two more names than nodes: those that join later.
  const names = nodeNames(nodes + 2);
  const deeds: { at: Millis; deed: Deed }[] = [
    { at: settling, deed: { do: "apply", set: "agent", shape: { ...shape(draw), onDelete: false } } },
  ];
  for (const deed of firstDeeds(draw, faults, nodeNames(nodes))) deeds.push({ at: settling, deed });
  const count = faults.length === 0 ? 0 : Math.ceil((duration - settling) / period);
  for (let made = 0; made < count; made++) {
    const at = draw.int(settling, duration);
    for (const { after, deed } of drawFault(draw, faults, names)) deeds.push({ at: at + after, deed });
  }
  return deeds
    .sort((one, other) => one.at - other.at)
    .filter(({ at }) => at < duration)
    .map((planned, id) => ({ id, ...planned }));
}
