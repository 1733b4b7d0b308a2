// Owns the test that a plan kept from one time to the next is the plan made anew.
import fc from "fast-check";
import { expect, test } from "vitest";
import { stableText } from "../../lib/json.ts";
import type { Node, Pod } from "../../model/generated/types.ts";
import { controllerOf } from "../../model/owner.ts";
import { targetNodeOf } from "../../model/placement.ts";
import { controllerActs, somethingHappens, story } from "./happenings.fixture.ts";
import { MiniCluster, type Happening } from "./mini-cluster.fixture.ts";
import type { DaemonSetPlan } from "./plan-action.ts";
import { planDaemonSet } from "./plan-daemon-set.ts";
import { StandingPlan, type Surroundings } from "./standing-plan.ts";

const placeOf = (pod: Pod): string => targetNodeOf(pod) ?? "";

/** What a person does to pods behind the controller's back. */
type Meddling = { readonly it: "relabel" | "disown" | "unplace"; readonly pod: number };

const isMeddling = (happened: Happening | Meddling): happened is Meddling =>
  happened.it === "relabel" || happened.it === "disown" || happened.it === "unplace";

function meddle(cluster: MiniCluster, { it, pod: at }: Meddling): void {
  const pod = [...cluster.pods.values()][at % Math.max(1, cluster.pods.size)];
  if (pod === undefined) return;
  const { ownerReferences: _owners, ...unowned } = pod.metadata;
  const changed: Pod =
    it === "relabel"
      ? { ...pod, metadata: { ...pod.metadata, labels: { other: "label" } } }
      : it === "disown"
        ? { ...pod, metadata: unowned }
        : { ...pod, spec: { containers: [] } };
  cluster.pods.set(pod.metadata.name, changed);
}

function surroundings(cluster: MiniCluster): Surroundings {
  const pods = [...cluster.pods.values()];
  const own = pods.filter((pod) => controllerOf(pod)?.uid === cluster.set.metadata.uid);
  return {
    ...cluster.observed(),
    nodeNamed: (name) => cluster.nodes.get(name),
    podsOn: (node) => own.filter((pod) => placeOf(pod) === node),
    orphans: pods.filter((pod) => controllerOf(pod) === undefined),
    places: own.map(placeOf),
  };
}

/** Tells of every node on which something is another object than before, as informers do. */
class Differences {
  private nodes = new Map<string, Node>();
  private pods = new Map<string, Pod>();

  tell({ nodes, pods }: MiniCluster, plan: StandingPlan): void {
    for (const name of new Set([...nodes.keys(), ...this.nodes.keys()]))
      if (nodes.get(name) !== this.nodes.get(name)) plan.touch(name);
    for (const name of new Set([...pods.keys(), ...this.pods.keys()])) {
      const [now, before] = [pods.get(name), this.pods.get(name)];
      if (now === before) continue;
      for (const pod of [now, before]) if (pod !== undefined) plan.touch(placeOf(pod));
    }
    this.nodes = new Map(nodes);
    this.pods = new Map(pods);
  }
}

const asSet = ({ actions }: DaemonSetPlan): string[] => actions.map(stableText).sort();

const happening: fc.Arbitrary<Happening | Meddling> = fc.oneof(
  { weight: 6, arbitrary: somethingHappens },
  { weight: 3, arbitrary: controllerActs(2) },
  {
    weight: 1,
    arbitrary: fc.record({
      it: fc.constantFrom("relabel" as const, "disown" as const, "unplace" as const),
      pod: fc.nat(40),
    }),
  },
);

test("a plan kept up to date by what changed is the plan made of everything, whatever happens", () => {
  fc.assert(
    fc.property(
      story(fc.constant<Happening>({ it: "time-passes", seconds: 0 })),
      fc.array(happening, { maxLength: 60 }),
      ({ nodes, spec }, happenings) => {
        const cluster = new MiniCluster(nodes, spec);
        const standing = new StandingPlan();
        const differences = new Differences();
        for (const happened of happenings) {
          if (isMeddling(happened)) meddle(cluster, happened);
          else cluster.happen(happened);
          differences.tell(cluster, standing);
          expect(asSet(standing.plan(surroundings(cluster)))).toEqual(
            asSet(planDaemonSet(cluster.observed())),
          );
        }
      },
    ),
    { numRuns: 400 },
  );
});

test("nothing is decided anew where nothing happened", () => {
  const cluster = new MiniCluster(50, {});
  const standing = new StandingPlan();
  for (let round = 0; round < 4; round++) {
    cluster.perform(cluster.plan());
    cluster.tend();
  }
  const asked: string[] = [];
  const watched = (): Surroundings => {
    const around = surroundings(cluster);
    return {
      ...around,
      podsOn: (node) => {
        asked.push(node);
        return around.podsOn(node);
      },
    };
  };
  standing.plan(watched());
  expect(new Set(asked).size).toBe(50);
  asked.length = 0;
  standing.touch("n7");
  standing.plan(watched());
  expect(asked).toEqual(["n7"]);
});
